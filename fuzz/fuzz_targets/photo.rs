//! Bytes of an image file to faces and their expressions.
#![no_main]

use std::sync::LazyLock;

use fer_core::{Classifier, Image};
use fer_vision::{AnalyzerOptions, Analyzer};
use libfuzzer_sys::fuzz_target;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| {
    let classifier = Classifier::pretrained().unwrap().with_threads(1);
    let options = AnalyzerOptions {
        threads: 1,
        ..AnalyzerOptions::default()
    };
    Analyzer::new(classifier, options).unwrap()
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(image) = Image::decode(bytes) else {
        return;
    };
    // Searching takes time in proportion to the pixels, which says nothing about faults.
    if image.width().saturating_mul(image.height()) > 250_000 {
        return;
    }
    for face in ANALYZER.image(&image.view()).unwrap() {
        let sum: f32 = face.prediction.probabilities().iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        if let Some(bounds) = face.bounds {
            assert!(bounds.x + bounds.width <= image.width());
            assert!(bounds.y + bounds.height <= image.height());
        }
    }
});
