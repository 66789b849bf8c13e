//! Frames of a video file, through the `ffmpeg` that the user has installed.

mod writer;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

use fer_core::{Image, MAX_IMAGE_PIXELS, PixelFormat};

use crate::{Error, Result};
pub use writer::VideoWriter;

/// Frames taken from a second of video by default. Expressions last a quarter of a second and more.
pub const DEFAULT_FRAMES_PER_SECOND: f64 = 10.0;

const MAX_FRAMES_PER_SECOND: f64 = 1000.0;

/// The most that is kept of what the decoder says on its error output.
const MAX_MESSAGE_BYTES: u64 = 64 << 10;

/// The frames of a video file, evenly spaced in time, as (seconds from the beginning, RGB image).
///
/// The video is decoded by `ffmpeg`, which runs as long as this lives and is stopped with it. Rotation and aspect are as `ffmpeg` applies
/// them.
#[derive(Debug)]
pub struct VideoFrames {
    path: PathBuf,
    decoder: Child,
    frames: BufReader<ChildStdout>,
    messages: Option<JoinHandle<String>>,
    frames_per_second: f64,
    count: u64,
    finished: bool,
}

impl VideoFrames {
    /// Starts decoding a video, `frames_per_second` of it.
    ///
    /// # Errors
    /// [`Error::FrameRate`] unless `frames_per_second` is above 0 and at most 1000; [`Error::VideoDecoderMissing`] if `ffmpeg` is not installed. What is wrong with the file shows at the first frame.
    pub fn open(path: impl AsRef<Path>, frames_per_second: f64) -> Result<Self> {
        Self::open_with(OsStr::new("ffmpeg"), path.as_ref(), frames_per_second)
    }

    fn open_with(program: &OsStr, path: &Path, frames_per_second: f64) -> Result<Self> {
        if !(frames_per_second > 0.0 && frames_per_second <= MAX_FRAMES_PER_SECOND) {
            return Err(Error::FrameRate {
                found: frames_per_second,
            });
        }
        // A name that starts with a dash is a file all the same.
        let input = if path.is_relative() {
            Path::new(".").join(path)
        } else {
            path.to_path_buf()
        };
        let missing = |source| Error::VideoDecoderMissing {
            program: program.into(),
            source,
        };
        let mut decoder = Command::new(program)
            .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-i"])
            .arg(input)
            .args(["-map", "0:v:0", "-vf", &format!("fps={frames_per_second}")])
            .args(["-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(missing)?;
        let no_pipe = || missing(io::Error::other("it has no output"));
        let frames = BufReader::new(decoder.stdout.take().ok_or_else(no_pipe)?);
        let errors = decoder.stderr.take().ok_or_else(no_pipe)?;
        Ok(Self {
            path: path.to_path_buf(),
            decoder,
            frames,
            messages: Some(messages(errors)),
            frames_per_second,
            count: 0,
            finished: false,
        })
    }

    fn next_frame(&mut self) -> Result<Option<(f64, Image)>> {
        let frame =
            read_frame(&mut self.frames).map_err(|error| self.failure(error.to_string()))?;
        let Some(frame) = frame else {
            let status = self
                .decoder
                .wait()
                .map_err(|error| self.failure(error.to_string()))?;
            return if status.success() {
                Ok(None)
            } else {
                Err(self.failure(status.to_string()))
            };
        };
        let time = self.count as f64 / self.frames_per_second;
        self.count += 1;
        Ok(Some((time, frame)))
    }

    /// Returns the last message of the decoder, or else `reason`.
    fn failure(&mut self, reason: String) -> Error {
        self.stop();
        let said = self
            .messages
            .take()
            .and_then(|messages| messages.join().ok());
        let message = said.filter(|said| !said.is_empty()).unwrap_or(reason);
        Error::Video {
            path: self.path.clone(),
            message,
        }
    }

    fn stop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.decoder.kill();
        let _ = self.decoder.wait();
    }
}

impl Iterator for VideoFrames {
    type Item = Result<(f64, Image)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let frame = self.next_frame().transpose();
        self.finished = !matches!(frame, Some(Ok(_)));
        frame
    }
}

impl Drop for VideoFrames {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Collects what `ffmpeg` says on its error output.
fn messages(mut errors: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = Vec::new();
        // What does not read is not said; the rest is drained, so that the program never waits for us.
        let _ = errors
            .by_ref()
            .take(MAX_MESSAGE_BYTES)
            .read_to_end(&mut text);
        let _ = io::copy(&mut errors, &mut io::sink());
        String::from_utf8_lossy(&text).trim().to_owned()
    })
}

/// Reads one binary PPM image of the stream, or `None` at its end.
fn read_frame(stream: &mut impl BufRead) -> io::Result<Option<Image>> {
    if stream.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let malformed = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the decoder's output is no PPM stream",
        )
    };
    if read_word(stream)? != "P6" {
        return Err(malformed());
    }
    let mut number = || read_word(stream)?.parse::<u32>().map_err(|_| malformed());
    let (width, height, maximum) = (number()?, number()?, number()?);
    let count = u64::from(width) * u64::from(height);
    if maximum != 255 || count > MAX_IMAGE_PIXELS {
        return Err(malformed());
    }
    let mut pixels = vec![0; count as usize * 3];
    stream.read_exact(&mut pixels)?;
    Image::new(pixels, width, height, PixelFormat::Rgb8)
        .map(Some)
        .map_err(|_| malformed())
}

/// Reads up to and including the next white space.
fn read_word(stream: &mut impl Read) -> io::Result<String> {
    const LONGEST: usize = 16;
    let mut word = String::new();
    let mut byte = [0];
    while word.len() < LONGEST {
        stream.read_exact(&mut byte)?;
        if byte[0].is_ascii_whitespace() {
            return Ok(word);
        }
        word.push(char::from(byte[0]));
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "the decoder's output is no PPM stream",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_one_after_the_other() {
        let mut stream: &[u8] = b"P6\n2 1\n255\nabcdefP6\n1 1\n255\nxyz";
        let first = read_frame(&mut stream).unwrap().unwrap();
        assert_eq!(
            (first.width(), first.height(), first.pixels()),
            (2, 1, &b"abcdef"[..])
        );
        assert_eq!(read_frame(&mut stream).unwrap().unwrap().pixels(), b"xyz");
        assert!(read_frame(&mut stream).unwrap().is_none());
    }

    #[test]
    fn a_stream_that_is_cut_or_something_else_is_an_error() {
        for stream in [
            &b"P6\n2 1\n255\nabc"[..],
            b"P6\n2 ",
            b"P5\n2 1\n255\nab",
            b"P6\n2 x\n255\n",
            b"P6\n2 1\n65535\nabcdefabcdef",
            b"P6\n4000000000 4000000000\n255\n",
            b"P6\n0 7\n255\n",
            b"<html>no spaces for a long time",
        ] {
            assert!(
                read_frame(&mut &*stream).is_err(),
                "{:?}",
                String::from_utf8_lossy(stream)
            );
        }
    }

    #[test]
    fn a_missing_decoder_is_told() {
        let program = OsStr::new("no-such-ffmpeg");
        let error = VideoFrames::open_with(program, Path::new("clip.mp4"), 10.0).unwrap_err();
        assert_eq!(error.kind(), fer_core::ErrorKind::VideoDecoderMissing);
        assert!(error.to_string().contains("no-such-ffmpeg"), "{error}");
    }
}
