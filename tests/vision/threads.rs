//! The threads that work for an analyzer.

use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use fer_core::{Classifier, ImageView};
use fer_vision::{
    Analyzer, AnalyzerOptions, Detection, FaceDetector, FaceMode, FaceSearch, Result,
};

use crate::scenes::{empty_room, to_image};

/// A detector that finds nothing and notes the thread that asked.
#[derive(Default)]
struct Noting(Mutex<Vec<ThreadId>>);

impl FaceDetector for Noting {
    fn detect(&self, _: &ImageView<'_>, _: &FaceSearch) -> Result<Vec<Detection>> {
        self.0.lock().unwrap().push(thread::current().id());
        Ok(Vec::new())
    }
}

#[test]
fn one_thread_is_the_callers_own() {
    let noting = Arc::new(Noting::default());
    let options = AnalyzerOptions {
        faces: FaceMode::Find,
        threads: 1,
        ..AnalyzerOptions::default()
    };
    let classifier = Classifier::pretrained().unwrap().with_threads(1);
    let analyzer = Analyzer::with_detector(classifier, noting.clone(), options).unwrap();
    assert_eq!(analyzer.threads().count(), 1);

    let room = to_image(empty_room());
    let views = [room.view(); 20];
    assert_eq!(analyzer.images(&views).unwrap(), vec![Vec::new(); 20]);
    let seen = noting.0.lock().unwrap();
    assert_eq!(*seen, vec![thread::current().id(); 20]);
}
