//! Bytes of a model file to a model: one that is read can be used, and gives finite probabilities.
#![no_main]

use fer_core::{Classifier, ImageView, PixelFormat};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(classifier) = Classifier::from_bytes(bytes) else {
        return;
    };
    let pixels = [0; 48 * 48];
    let view = ImageView::new(&pixels, 48, 48, PixelFormat::Gray8).unwrap();
    let prediction = classifier.with_threads(1).predict(&view).unwrap();
    assert!(prediction.probabilities().iter().all(|p| p.is_finite()));
});
