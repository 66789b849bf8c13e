//! Faces in whole images, files and frames, as users meet them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "vision/files.rs"]
mod files;
#[path = "vision/finding.rs"]
mod finding;
#[path = "vision/samples.rs"]
mod samples;
#[path = "vision/scenes.rs"]
mod scenes;
#[path = "vision/stream.rs"]
mod stream;
#[path = "vision/threads.rs"]
mod threads;

use fer_core::Classifier;
use fer_vision::{Analyzer, AnalyzerOptions, FaceMode};

/// An analyzer of the built-in parts on two threads.
fn analyzer(faces: FaceMode) -> Analyzer {
    let options = AnalyzerOptions {
        faces,
        threads: 2,
        ..AnalyzerOptions::default()
    };
    Analyzer::new(Classifier::pretrained().unwrap(), options).unwrap()
}
