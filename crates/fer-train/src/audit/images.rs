//! All images of a dataset, decoded for comparison.

use fer_core::Preprocessing;
use fer_kernels::Threads;

use super::findings::{BadImage, BadImageKind};
use crate::copies::COMPARED_SIDE;
use crate::dataset::{FolderDataset, Item, SplitName};
use crate::error::Result;
use crate::faces::FaceSet;
use crate::paths::portable;

/// Gray levels of standard deviation below which an image is blank.
const BLANK_DEVIATION: f64 = 1.5;

/// Share of an image within [`SAME_LEVEL`] of one gray level from which it is a placeholder: signs and notices of missing images
/// reach 0.65 to 0.9, portraits before the plainest backgrounds 0.6.
const PLACEHOLDER_SHARE: f64 = 0.65;

/// Gray levels to either side that count as the same.
const SAME_LEVEL: usize = 4;

/// The readable images of all splits, in the order of splits and paths.
pub(super) struct Images {
    /// Each image with its split.
    pub(super) items: Vec<(SplitName, Item)>,
    /// Gray squares `[N, 48, 48]`.
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
            let faces = FaceSet::load(
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
    pub(super) fn into_faces(self) -> FaceSet {
        let items = self.items.into_iter().map(|(_, item)| item).collect();
        FaceSet::decoded(&self.preprocessing, items, self.pixels)
    }

    /// The files that nothing can be learned from, by path.
    pub(super) fn bad(&self) -> Vec<BadImage> {
        let faces = self.pixels.chunks_exact(COMPARED_SIDE * COMPARED_SIDE);
        let mut bad: Vec<BadImage> = self
            .items
            .iter()
            .zip(faces)
            .filter_map(|((_, item), face)| {
                let (kind, message) = emptiness(face)?;
                Some(BadImage {
                    path: portable(&item.path),
                    kind,
                    message: message.to_owned(),
                })
            })
            .chain(self.unreadable.iter().cloned())
            .collect();
        bad.sort();
        bad
    }
}

/// Returns the reason for which an image cannot hold a face, by its gray levels alone.
fn emptiness(face: &[u8]) -> Option<(BadImageKind, &'static str)> {
    if deviation(face) < BLANK_DEVIATION {
        Some((BadImageKind::Blank, "the image is of one gray level"))
    } else if flat_share(face) >= PLACEHOLDER_SHARE {
        let message =
            "nearly all of the image is of one gray level: a sign or a notice, hardly a face";
        Some((BadImageKind::Placeholder, message))
    } else {
        None
    }
}

/// The largest share of an image that is within [`SAME_LEVEL`] of one gray level.
fn flat_share(face: &[u8]) -> f64 {
    let mut histogram = [0_usize; 256];
    face.iter()
        .for_each(|&level| histogram[usize::from(level)] += 1);
    let most = histogram
        .windows(2 * SAME_LEVEL + 1)
        .map(|levels| levels.iter().sum())
        .max()
        .unwrap_or(0_usize);
    most as f64 / face.len() as f64
}

/// The standard deviation of the gray levels of an image.
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

    #[test]
    fn a_sign_on_an_even_background_is_a_placeholder_and_a_portrait_is_not() {
        let sign: Vec<u8> = (0..100_u8)
            .map(|i| if i < 70 { 250 + i % 5 } else { i })
            .collect();
        assert!((flat_share(&sign) - 0.7).abs() < 1e-12);
        let kind = |face: &[u8]| emptiness(face).map(|(kind, _)| kind);
        assert_eq!(kind(&sign), Some(BadImageKind::Placeholder));
        assert_eq!(kind(&[250; 100]), Some(BadImageKind::Blank));
        let face = crate::testing::portraits::plain(&crate::testing::portraits::portrait(1));
        assert_eq!(kind(face.as_raw()), None);
    }
}
