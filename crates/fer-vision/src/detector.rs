//! Finding faces: the [`FaceDetector`] trait, what to search for, and the built-in detector.

mod gray;
mod plane;
mod scale;
mod seeta;
mod turn;

use fer_core::ImageView;

pub use self::seeta::SeetaDetector;
use crate::{Error, FaceBox};

/// A face found in an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The face box, in pixels of the image, inside it.
    pub bounds: FaceBox,
    /// Certainty of the detector, on the detector's own scale.
    pub score: f32,
}

/// Which faces to search for.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceSearch {
    /// Side of the smallest face box to find, in pixels of the image. `None` stands for [`FaceSearch::SMALLEST_FACE`] or, where that
    /// is more, the side at which [`FaceSearch::MOST_FACES`] would cover the image: large photos do not cost more than middling ones.
    pub min_face: Option<u32>,
    /// Side of the largest face box to find, in pixels of the image. `None`: as large as the image.
    pub max_face: Option<u32>,
    /// Faces that score less are dropped.
    pub min_score: f32,
    /// Only the so many best faces are kept. `None`: all.
    pub max_faces: Option<usize>,
    /// Searches for heads tilted by up to about 50 degrees if no upright face is found.
    pub tilted: bool,
}

impl FaceSearch {
    /// Side of the smallest face box found by default, in pixels.
    pub const SMALLEST_FACE: u32 = 24;
    /// So many of the smallest faces found by default fit into a large image.
    pub const MOST_FACES: u32 = 1600;

    /// Side of the smallest face box to find in an image of this size.
    pub(crate) fn min_face_for(&self, width: u32, height: u32) -> f32 {
        let area = u64::from(width) * u64::from(height) / u64::from(Self::MOST_FACES);
        let default = || Self::SMALLEST_FACE.max(area.isqrt() as u32);
        self.min_face.unwrap_or_else(default).max(1) as f32
    }
}

impl Default for FaceSearch {
    /// Faces of any size from 24 pixels (above 0.9 megapixels: from a 1600th of the image's area), score 2 and above, upright and
    /// tilted.
    fn default() -> Self {
        Self {
            min_face: None,
            max_face: None,
            min_score: 2.0,
            max_faces: None,
            tilted: true,
        }
    }
}

/// Finds faces in images.
pub trait FaceDetector: Send + Sync {
    /// The faces of `image` that `search` asks for, best first, their boxes inside the image. An image without a face is no error.
    ///
    /// # Errors
    /// [`Error::Detector`] if the detector itself fails.
    fn detect(&self, image: &ImageView<'_>, search: &FaceSearch) -> Result<Vec<Detection>, Error>;
}
