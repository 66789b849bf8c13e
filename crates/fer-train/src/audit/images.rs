//! All images of a dataset, decoded for comparison.

use fer_core::Preprocessing;
use fer_kernels::Threads;

use super::findings::{BadImage, BadImageKind};
use crate::copies::COMPARED_SIDE;
use crate::dataset::{FolderDataset, Item, SplitName};
use crate::error::Result;
use crate::faces::Faces;
use crate::paths::portable;

/// Grey levels of standard deviation below which an image is blank.
const BLANK_DEVIATION: f64 = 1.5;

/// The readable images of all splits, in the order of splits and paths.
pub(super) struct Images {
    /// Each image with its split.
    pub(super) items: Vec<(SplitName, Item)>,
    /// Grey squares `[N, 48, 48]`.
    pub(super) pixels: Vec<u8>,
    preprocessing: Preprocessing,
    unreadable: Vec<BadImage>,
}

impl Images {
    pub(super) fn load(dataset: &FolderDataset, threads: &Threads) -> Result<Self> {
        let preprocessing = Preprocessing {
            input_size: COMPARED_SIDE,
            ..Preprocessing::default()
        };
        let mut images = Self {
            items: Vec::new(),
            pixels: Vec::new(),
            preprocessing: preprocessing.clone(),
            unreadable: Vec::new(),
        };
        for name in SplitName::ALL {
            let faces = Faces::load(
                dataset.root(),
                dataset.split(name),
                &preprocessing,
                usize::MAX,
                threads,
            );
            images
                .items
                .extend(faces.items().iter().map(|item| (name, item.clone())));
            images.pixels.extend_from_slice(&faces.gather()?);
            images
                .unreadable
                .extend(faces.unreadable().iter().map(|file| BadImage {
                    path: portable(&file.path),
                    kind: BadImageKind::Unreadable,
                    message: file.reason.clone(),
                }));
        }
        Ok(images)
    }

    /// The images as faces with labels.
    pub(super) fn into_faces(self) -> Faces {
        let items = self.items.into_iter().map(|(_, item)| item).collect();
        Faces::decoded(&self.preprocessing, items, self.pixels)
    }

    /// The files that nothing can be learned from, by path.
    pub(super) fn bad(&self) -> Vec<BadImage> {
        let faces = self.pixels.chunks_exact(COMPARED_SIDE * COMPARED_SIDE);
        let blank = self
            .items
            .iter()
            .zip(faces)
            .filter(|(_, face)| deviation(face) < BLANK_DEVIATION);
        let mut bad: Vec<BadImage> = blank
            .map(|((_, item), _)| BadImage {
                path: portable(&item.path),
                kind: BadImageKind::Blank,
                message: "the image is of one grey level".to_owned(),
            })
            .chain(self.unreadable.iter().cloned())
            .collect();
        bad.sort();
        bad
    }
}

/// The standard deviation of the grey levels of an image.
fn deviation(face: &[u8]) -> f64 {
    let n = face.len() as f64;
    let (sum, squares) = face.iter().fold((0.0, 0.0), |(sum, squares), &level| {
        let level = f64::from(level);
        (sum + level, squares + level * level)
    });
    (squares / n - (sum / n).powi(2)).max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviation_is_that_of_the_population() {
        assert_eq!(deviation(&[7; 100]), 0.0);
        assert!((deviation(&[0, 0, 10, 10]) - 5.0).abs() < 1e-12);
    }
}
