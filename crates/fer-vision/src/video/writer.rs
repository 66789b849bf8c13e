//! A video file of frames, through the `ffmpeg` that the user has installed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use fer_core::{Image, PixelFormat, write_new_with};
use tempfile::{Builder, TempPath};

use super::messages;
use crate::{Error, Result, is_video};

/// Writes frames of one size to a new video file, without sound. The file appears when it is whole.
#[derive(Debug)]
pub struct VideoWriter {
    path: PathBuf,
    frames_per_second: f64,
    encoder: Option<Encoder>,
}

/// A running `ffmpeg`; it starts with the first frame, which tells the size.
#[derive(Debug)]
struct Encoder {
    process: Child,
    messages: JoinHandle<String>,
    /// The video so far, deleted when dropped.
    unfinished: TempPath,
    size: (u32, u32),
}

impl VideoWriter {
    /// Plans the file `path`. Nothing is written before the first frame.
    ///
    /// # Errors
    /// [`Error::DrawingExists`] if there is a file, [`Error::VideoFormat`] if its extension is not that of a video.
    pub fn new(path: impl Into<PathBuf>, frames_per_second: f64) -> Result<Self> {
        let path = path.into();
        if !is_video(&path) {
            return Err(Error::VideoFormat { path });
        }
        if path.symlink_metadata().is_ok() {
            return Err(Error::DrawingExists { path });
        }
        Ok(Self {
            path,
            frames_per_second,
            encoder: None,
        })
    }

    /// Appends an RGB frame.
    ///
    /// # Errors
    /// [`Error::VideoWrite`] if the frame is not RGB or of another size than the first, or if `ffmpeg` fails; [`Error::Write`] if it
    /// does not start.
    pub fn write(&mut self, frame: &Image) -> Result<()> {
        let size = (frame.width(), frame.height());
        if self.encoder.is_none() {
            let encoder = Encoder::start(&self.path, self.frames_per_second, size);
            self.encoder = Some(encoder.map_err(|error| self.unwritten(error))?);
        }
        let written = match &mut self.encoder {
            Some(encoder) if encoder.size == size && frame.format() == PixelFormat::Rgb8 => {
                let input = encoder.process.stdin.as_mut();
                let written = input.map(|input| input.write_all(frame.pixels()));
                written.unwrap_or(Ok(()))
            }
            _ => return Err(self.failed("its frames differ in size or format".into())),
        };
        written.map_err(|error| self.failed(error.to_string()))
    }

    /// Ends the video, which is then in its place. Without a frame there is no file.
    ///
    /// # Errors
    /// [`Error::VideoWrite`] if `ffmpeg` fails; [`Error::Core`] if the file cannot be written or is there meanwhile.
    pub fn finish(mut self) -> Result<()> {
        let Some(mut encoder) = self.encoder.take() else {
            return Ok(());
        };
        // The end of its input ends the program.
        drop(encoder.process.stdin.take());
        let status = encoder.process.wait();
        let status = status.map_err(|error| self.unwritten(error))?;
        if !status.success() {
            self.encoder = Some(encoder);
            return Err(self.failed(status.to_string()));
        }
        write_new_with(&self.path, |file| {
            io::copy(&mut File::open(&encoder.unfinished)?, file).map(drop)
        })?;
        Ok(())
    }

    /// Ends `ffmpeg` and returns what it said, or else `reason`.
    fn failed(&mut self, reason: String) -> Error {
        let said = self.encoder.take().and_then(|mut encoder| {
            stop(&mut encoder.process);
            encoder.messages.join().ok()
        });
        Error::VideoWrite {
            path: self.path.clone(),
            message: said.filter(|said| !said.is_empty()).unwrap_or(reason),
        }
    }

    fn unwritten(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.clone(),
            source: source.into(),
        }
    }
}

impl Drop for VideoWriter {
    fn drop(&mut self) {
        if let Some(encoder) = &mut self.encoder {
            stop(&mut encoder.process);
        }
    }
}

impl Encoder {
    fn start(path: &Path, frames_per_second: f64, size: (u32, u32)) -> io::Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let unfinished = Builder::new()
            .prefix(".fer-")
            .suffix(&format!(".{extension}"))
            .tempfile_in(folder)?
            .into_temp_path();
        let (width, height) = size;
        let mut process = Command::new("ffmpeg")
            .args(["-hide_banner", "-loglevel", "error", "-y"])
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24"])
            .args(["-video_size", &format!("{width}x{height}")])
            .args(["-framerate", &frames_per_second.to_string(), "-i", "-"])
            // The usual format stores colors for squares of two pixels.
            .args(["-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2"])
            .args(["-pix_fmt", "yuv420p"])
            .arg::<&OsStr>(unfinished.as_os_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = process.stderr.take();
        let errors = errors.ok_or_else(|| io::Error::other("it has no error output"))?;
        Ok(Self {
            process,
            messages: messages(errors),
            unfinished,
            size,
        })
    }
}

fn stop(process: &mut Child) {
    // It may have ended by itself; either way it is gone afterwards.
    let _ = process.kill();
    let _ = process.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_video_file_is_planned() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drawn.mp4");
        assert!(VideoWriter::new(&path, 10.0).unwrap().finish().is_ok());
        assert!(!path.exists());
        std::fs::write(&path, "mine").unwrap();
        let exists = VideoWriter::new(&path, 10.0).unwrap_err();
        assert!(matches!(exists, Error::DrawingExists { .. }), "{exists}");
        let image = VideoWriter::new(folder.path().join("drawn.jpg"), 10.0).unwrap_err();
        assert!(matches!(image, Error::VideoFormat { .. }), "{image}");
    }
}
