//! Frames of a video file, through the `ffmpeg` that the user has installed.

mod writer;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use fer_core::{Image, MAX_IMAGE_PIXELS, PixelFormat};

use crate::{Error, Result};
pub use writer::VideoWriter;

/// Frames taken from a second of video by default. Expressions last a quarter of a second and more.
pub const DEFAULT_FRAMES_PER_SECOND: f64 = 10.0;

/// The most frames taken from a second of video.
pub const MAX_FRAMES_PER_SECOND: f64 = 1000.0;

/// The most that is kept of what the decoder says on its error output.
const MAX_MESSAGE_BYTES: usize = 64 << 10;

/// The mark of lines on the error output that are the times of frames.
const TIME_MARK: &str = "fer_time";

/// Frames of a video file as (seconds from the first frame, RGB image).
///
/// With `r` frames per second, time is divided into intervals of `1 / r` seconds from the first frame on. Of each interval it is the
/// first frame, at its own time: none is shown twice, none is made up, and where an interval has no frame, there is none. A frame that
/// lies before its interval by a thousandth of it, as rounded times do, counts to it. Frames are upright, as the file's rotation says,
/// and of square pixels. Damage shows as an error after the frames that could be read.
///
/// The video is decoded by `ffmpeg`, which runs as long as this lives and is stopped with it.
#[derive(Debug)]
pub struct VideoFrames {
    path: PathBuf,
    decoder: Child,
    frames: BufReader<ChildStdout>,
    times: Receiver<f64>,
    messages: Option<JoinHandle<String>>,
    finished: bool,
}

impl VideoFrames {
    /// Starts decoding a video, `frames_per_second` of it.
    ///
    /// # Errors
    /// [`Error::FrameRate`] unless `frames_per_second` is above 0 and at most 1000; [`Error::VideoDecoderMissing`] if `ffmpeg` is not installed. What is wrong with the file shows at the first frame.
    pub fn open(path: impl AsRef<Path>, frames_per_second: f64) -> Result<Self> {
        Self::open_with(OsStr::new("ffmpeg"), path.as_ref(), frames_per_second, 0.0)
    }

    /// Decodes the frame that a video shows `seconds` from its beginning.
    ///
    /// # Errors
    /// [`Error::VideoDecoderMissing`] if `ffmpeg` is not installed, [`Error::Video`] if it cannot read the file or the file has no frame
    /// there.
    pub fn frame_at(path: impl AsRef<Path>, seconds: f64) -> Result<Image> {
        let rate = DEFAULT_FRAMES_PER_SECOND;
        let mut frames = Self::open_with(OsStr::new("ffmpeg"), path.as_ref(), rate, seconds)?;
        match frames.next() {
            Some(frame) => Ok(frame?.1),
            None => Err(frames.failure(format!("no frame at {seconds} s"))),
        }
    }

    fn open_with(program: &OsStr, path: &Path, frames_per_second: f64, start: f64) -> Result<Self> {
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
        let seek = match start > 0.0 {
            true => vec!["-ss".to_owned(), format!("{start:.6}")],
            false => Vec::new(),
        };
        let missing = |source| Error::VideoDecoderMissing {
            program: program.into(),
            source,
        };
        let mut decoder = Command::new(program)
            .args(["-nostdin", "-hide_banner", "-loglevel", "error"])
            .args(seek)
            .arg("-i")
            .arg(input)
            .args(["-map", STREAM, "-vf", &filters(frames_per_second)])
            .args(["-r", OUTPUT_RATE, "-f", "image2pipe"])
            .args(["-c:v", "ppm", "-pix_fmt", "rgb24", "-"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(missing)?;
        let no_pipe = || missing(io::Error::other("it has no output"));
        let frames = BufReader::new(decoder.stdout.take().ok_or_else(no_pipe)?);
        let errors = decoder.stderr.take().ok_or_else(no_pipe)?;
        let (sender, times) = channel();
        Ok(Self {
            path: path.to_path_buf(),
            decoder,
            frames,
            times,
            messages: Some(std::thread::spawn(move || listen(errors, &sender))),
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
            let said = self.messages();
            return if status.success() && said.is_empty() {
                Ok(None)
            } else {
                // The decoder leaves out what it cannot decode, and calls that a success.
                Err(self.error(said, status.to_string()))
            };
        };
        let time = self.times.recv();
        let time = time.map_err(|_| self.failure("the decoder tells no time of a frame".into()))?;
        Ok(Some((time, frame)))
    }

    /// Stops the decoder and returns an error of what it said, or else `reason`.
    fn failure(&mut self, reason: String) -> Error {
        self.stop();
        let said = self.messages();
        self.error(said, reason)
    }

    fn error(&self, said: String, reason: String) -> Error {
        let message = match said.as_str() {
            "" => reason,
            said if said.contains(&format!("'{STREAM}' matches no streams")) => {
                "no video in this file".into()
            }
            _ => said,
        };
        Error::Video {
            path: self.path.clone(),
            message,
        }
    }

    /// Returns what the decoder said until its end.
    fn messages(&mut self) -> String {
        let messages = self.messages.take();
        messages
            .and_then(|messages| messages.join().ok())
            .unwrap_or_default()
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

/// The stream that is decoded: the first video that is no cover of music.
const STREAM: &str = "0:V:0";

/// The rate that frames are written at, after their own times have been told: any constant one, so that none is repeated or dropped.
const OUTPUT_RATE: &str = "25";

/// Returns the filters that choose frames, make their pixels square and tell their times in microseconds.
fn filters(frames_per_second: f64) -> String {
    let interval = |time: &str| format!("floor({time}*{frames_per_second}+0.001)");
    [
        "settb=AVTB".to_owned(),
        "setpts=PTS-STARTPTS".to_owned(),
        format!(
            "select='isnan(prev_selected_t)+gt({},{})'",
            interval("t"),
            interval("prev_selected_t")
        ),
        "scale='trunc(iw*sar+0.5)':ih".to_owned(),
        "setsar=1".to_owned(),
        format!("metadata=mode=add:key={TIME_MARK}:value=0"),
        format!("metadata=mode=print:key={TIME_MARK}:file='pipe\\:2':direct=1"),
        format!("setpts=N/({OUTPUT_RATE}*TB)"),
    ]
    .join(",")
}

/// Collects what `ffmpeg` says on its error output.
fn messages(errors: ChildStderr) -> JoinHandle<String> {
    let (nobody, _) = channel();
    std::thread::spawn(move || listen(errors, &nobody))
}

/// Sends the times of frames, in seconds, and returns the other lines when the decoder ends: its messages.
fn listen(errors: impl Read, times: &Sender<f64>) -> String {
    let mut messages = String::new();
    // To the end, so that the decoder never waits for us.
    for line in BufReader::new(errors).split(b'\n') {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        if let Some(time) = time_of(&line) {
            // Whoever no longer reads frames needs no times.
            let _ = times.send(time);
        } else if !line.starts_with(TIME_MARK) && messages.len() < MAX_MESSAGE_BYTES {
            messages.push_str(line.trim_end());
            messages.push('\n');
        }
    }
    messages.trim().to_owned()
}

/// Reads the time in a line such as `frame:3    pts:120000  pts_time:0.12`.
fn time_of(line: &str) -> Option<f64> {
    let mut words = line.strip_prefix("frame:")?.split_whitespace();
    let microseconds: i64 = words
        .find_map(|word| word.strip_prefix("pts:"))?
        .parse()
        .ok()?;
    Some(microseconds as f64 / 1e6)
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

/// Reads frames and messages as of a decoder, for `fuzz/fuzz_targets`.
#[cfg(fuzzing)]
pub fn fuzz_frames(mut output: &[u8], errors: &[u8]) {
    while let Ok(Some(frame)) = read_frame(&mut output) {
        assert_eq!(frame.view().rows().count(), frame.height() as usize);
    }
    let (sender, times) = channel();
    let messages = listen(errors, &sender);
    assert!(messages.len() <= MAX_MESSAGE_BYTES + 3 * errors.len());
    drop(sender);
    assert!(times.iter().all(f64::is_finite));
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
    fn times_are_told_from_messages() {
        assert_eq!(time_of("frame:119  pts:4760000 pts_time:4.76"), Some(4.76));
        assert_eq!(
            time_of("frame:0    pts:-40000  pts_time:-0.04"),
            Some(-0.04)
        );
        for line in ["fer_time=0", "frame:1 lost", "[h264] pts:5", ""] {
            assert_eq!(time_of(line), None, "{line}");
        }
    }

    #[test]
    fn a_missing_decoder_is_told() {
        let program = OsStr::new("no-such-ffmpeg");
        let error = VideoFrames::open_with(program, Path::new("clip.mp4"), 10.0, 0.0).unwrap_err();
        assert_eq!(error.kind(), fer_core::ErrorKind::VideoDecoderMissing);
        assert!(error.to_string().contains("no-such-ffmpeg"), "{error}");
    }
}
