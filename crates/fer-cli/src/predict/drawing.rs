//! `--draw`: images with what was found in them.

use std::path::{Path, PathBuf};

use fer_core::Image;
use fer_vision::{DrawingTargets, ImageResult};

use crate::{Error, Result};

/// Draws predictions into files planned beforehand.
#[derive(Debug)]
pub(super) struct Drawing {
    targets: DrawingTargets,
}

impl Drawing {
    /// Plans the drawings of `images`, the image files among what `inputs` stand for, in the file or folder `out`.
    ///
    /// # Errors
    /// [`Error::NothingToDraw`] without images; those of [`DrawingTargets::plan`] if a drawing would take the place of another file.
    pub(super) fn new(out: &Path, inputs: &[PathBuf], images: &[PathBuf]) -> Result<Self> {
        if images.is_empty() {
            return Err(Error::NothingToDraw);
        }
        let targets = DrawingTargets::plan(out, inputs, images)?;
        Ok(Self { targets })
    }

    /// Draws the faces of an image, which `open` reads, and saves it.
    pub(super) fn save(
        &self,
        result: &ImageResult,
        open: impl FnOnce() -> fer_core::Result<Image>,
    ) -> Result<()> {
        let Some(target) = self.targets.get(&result.path) else {
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
}
