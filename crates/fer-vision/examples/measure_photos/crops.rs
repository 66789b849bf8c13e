//! Face crops of the dataset as a detector can see them, and the analyzer that they are measured with.

use std::path::Path;

use fer_core::{Classifier, Emotion};
use fer_vision::{Analyzer, AnalyzerOptions, FaceMode};
use image::GrayImage;

use super::scenes::resized;

/// Crops are enlarged, and their edges repeated around them, so that the detector sees all of the face.
pub(super) const ENLARGED: u32 = 96;
pub(super) const BORDER: u32 = 48;

/// The emotion that a file's folder names.
pub(super) fn truth_of(file: &Path) -> Emotion {
    let class = file.parent().and_then(Path::file_name).unwrap();
    class.to_str().unwrap().parse().unwrap()
}

/// A face crop, enlarged, with its edges repeated around it.
pub(super) fn bordered(file: &Path) -> GrayImage {
    let crop = image::open(file).unwrap().into_luma8();
    let crop = resized(&crop, ENLARGED, ENLARGED);
    let side = ENLARGED + 2 * BORDER;
    let inner = |position: u32| position.saturating_sub(BORDER).min(ENLARGED - 1);
    GrayImage::from_fn(side, side, |x, y| *crop.get_pixel(inner(x), inner(y)))
}

/// An analyzer that always searches, on one thread.
pub(super) fn searching() -> Analyzer {
    let options = AnalyzerOptions {
        faces: FaceMode::Find,
        threads: 1,
        ..AnalyzerOptions::default()
    };
    let classifier = Classifier::pretrained().unwrap().with_threads(1);
    Analyzer::new(classifier, options).unwrap()
}
