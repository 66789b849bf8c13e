//! `--draw`: images, or a video, with what was found in them.

use std::path::{Path, PathBuf};

use fer_core::Image;
use fer_kit::predict::Frame;
use fer_vision::{DrawingTargets, Face, ImageResult, VideoWriter};

use crate::{Error, Result};

/// Draws predictions into files planned beforehand.
#[derive(Debug)]
pub(super) enum Drawing {
    Images(DrawingTargets),
    Video(VideoWriter),
}

impl Drawing {
    /// Plans the drawings of `images`, the image files among what `inputs` stand for, in the file or folder `out`; or that of one
    /// video in the file `out`.
    ///
    /// # Errors
    /// [`Error::MixedDrawing`] for anything but images or one video; those of [`DrawingTargets::plan`] and [`VideoWriter::new`] if a
    /// drawing would take the place of another file.
    pub(super) fn new(
        out: &Path,
        inputs: &[PathBuf],
        images: &[PathBuf],
        videos: usize,
        frames_per_second: f64,
    ) -> Result<Self> {
        match (images.len(), videos) {
            (_, 0) => Ok(Self::Images(DrawingTargets::plan(out, inputs, images)?)),
            (0, 1) => Ok(Self::Video(VideoWriter::new(out, frames_per_second)?)),
            _ => Err(Error::MixedDrawing),
        }
    }

    /// Draws the faces of an image, which `open` reads, and saves it.
    pub(super) fn save(
        &self,
        result: &ImageResult,
        open: impl FnOnce() -> fer_core::Result<Image>,
    ) -> Result<()> {
        let Self::Images(targets) = self else {
            return Ok(());
        };
        let Some(target) = targets.get(&result.path) else {
            return Ok(());
        };
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::CreateFolder {
                path: folder.to_owned(),
                source,
            })?;
        }
        let mut image = open()?;
        fer_vision::draw(&mut image, result.faces());
        Ok(fer_vision::save(&image, target)?)
    }

    /// Draws the people in a frame of the video, their probabilities smoothed over time.
    pub(super) fn add_frame(&mut self, frame: &Frame<'_>, image: &Image) -> Result<()> {
        let Self::Video(writer) = self else {
            return Ok(());
        };
        let faces: Vec<Face> = frame.faces.iter().map(|face| face.to_smoothed()).collect();
        let mut image = image.clone();
        fer_vision::draw(&mut image, &faces);
        Ok(writer.write(&image)?)
    }

    /// Ends the video.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Images(_) => Ok(()),
            Self::Video(writer) => Ok(writer.finish()?),
        }
    }
}
