//! People followed through frames.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use fer_core::{Classifier, Image, ImageView};
use fer_vision::{
    Analyzer, AnalyzerOptions, Detection, FaceBox, FaceDetector, FaceMode, FaceSearch, FaceStream,
    Result, SeetaDetector, StreamOptions,
};

use crate::analyzer;
use crate::scenes::{SCENE, drawn_faces, empty_room, example, matches, put_face, to_image};

/// A detector that gives prepared answers, one a search.
struct Scripted(Mutex<VecDeque<Vec<FaceBox>>>);

impl FaceDetector for Scripted {
    fn detect(&self, _: &ImageView<'_>, _: &FaceSearch) -> Result<Vec<Detection>> {
        let boxes = self.0.lock().unwrap().pop_front().unwrap();
        let face = |bounds| Detection { bounds, score: 9.0 };
        Ok(boxes.into_iter().map(face).collect())
    }
}

/// A stream over a scripted detector, which searches every frame.
fn scripted(script: &[&[FaceBox]]) -> FaceStream {
    let script = script.iter().map(|boxes| boxes.to_vec()).collect();
    let detector = Arc::new(Scripted(Mutex::new(script)));
    let classifier = Classifier::pretrained().unwrap();
    let analyzer =
        Analyzer::with_detector(classifier, detector, AnalyzerOptions::default()).unwrap();
    let options = StreamOptions {
        search_interval: 0.0,
        ..StreamOptions::default()
    };
    FaceStream::new(analyzer, options)
}

/// Who is seen at each of these times.
fn people(stream: &mut FaceStream, times: &[f64]) -> Vec<Vec<u64>> {
    let frame = to_image(empty_room());
    let mut seen = |&time: &f64| {
        let faces = stream.push(time, &frame.view()).unwrap();
        faces.iter().map(|face| face.person).collect()
    };
    times.iter().map(&mut seen).collect()
}

const LEFT: FaceBox = FaceBox {
    x: 100,
    y: 100,
    width: 80,
    height: 80,
};
const RIGHT: FaceBox = FaceBox {
    x: 400,
    y: 120,
    width: 90,
    height: 90,
};

#[test]
fn people_keep_their_number_whatever_the_order_of_the_boxes() {
    let moved = FaceBox {
        x: LEFT.x + 15,
        ..LEFT
    };
    let mut stream = scripted(&[&[LEFT, RIGHT], &[RIGHT, moved], &[moved], &[RIGHT, LEFT]]);
    let seen = people(&mut stream, &[0.0, 0.1, 0.2, 0.3]);
    assert_eq!(seen, [vec![0, 1], vec![0, 1], vec![0], vec![0, 1]]);
}

#[test]
fn a_short_gap_is_bridged_and_a_long_one_is_not() {
    let mut stream = scripted(&[&[LEFT], &[], &[LEFT], &[], &[LEFT]]);
    let seen = people(&mut stream, &[0.0, 0.5, 0.9, 1.5, 2.5]);
    assert_eq!(seen, [vec![0], vec![], vec![0], vec![], vec![1]]);
}

#[test]
fn times_must_increase_and_the_stream_goes_on_after_one_that_does_not() {
    let mut stream = scripted(&[&[LEFT], &[LEFT]]);
    let frame = to_image(empty_room());
    stream.push(1.0, &frame.view()).unwrap();
    for time in [1.0, 0.5, f64::NAN, f64::INFINITY] {
        let error = stream.push(time, &frame.view()).unwrap_err();
        assert_eq!(
            error.kind(),
            fer_core::ErrorKind::InvalidArgument,
            "{error}"
        );
    }
    let faces = stream.push(1.1, &frame.view()).unwrap();
    assert_eq!(faces[0].person, 0);
}

#[test]
fn probabilities_are_smoothed_beside_the_raw_ones() {
    let crops = drawn_faces();
    let (happy, surprised) = (&crops[0], crops.last().unwrap());
    let frame = |crop| {
        let mut room = empty_room();
        put_face(&mut room, crop, (140, 140), 80);
        to_image(room)
    };
    let mut stream = scripted(&[&[LEFT], &[LEFT]]);
    let first = stream.push(0.0, &frame(happy).view()).unwrap().remove(0);
    assert_eq!(first.smoothed.0, first.face.prediction.probabilities());
    let second = stream
        .push(0.1, &frame(surprised).view())
        .unwrap()
        .remove(0);
    let (before, after) = (first.smoothed.0, second.face.prediction.probabilities());
    assert!((second.smoothed.0.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    for ((smoothed, before), after) in second.smoothed.0.iter().zip(before).zip(after) {
        let (low, high) = (before.min(after), before.max(after));
        assert!((low - 1e-6..=high + 1e-6).contains(smoothed), "{second:?}");
        let moved = (after - before).abs();
        assert!((after - smoothed).abs() >= 0.6 * moved - 1e-6, "{second:?}");
    }
}

/// The built-in detector, counting searches of whole frames.
struct Counting {
    detector: SeetaDetector,
    whole_frames: AtomicUsize,
}

impl FaceDetector for Counting {
    fn detect(&self, image: &ImageView<'_>, search: &FaceSearch) -> Result<Vec<Detection>> {
        if (image.width(), image.height()) == SCENE {
            self.whole_frames.fetch_add(1, Ordering::Relaxed);
        }
        self.detector.detect(image, search)
    }
}

#[test]
fn whole_frames_are_searched_only_when_it_is_due_or_a_face_is_gone() {
    let counting = Arc::new(Counting {
        detector: SeetaDetector::new().unwrap(),
        whole_frames: AtomicUsize::new(0),
    });
    let classifier = Classifier::pretrained().unwrap();
    let options = AnalyzerOptions::default();
    let analyzer = Analyzer::with_detector(classifier, counting.clone(), options).unwrap();
    let mut stream = FaceStream::new(analyzer, StreamOptions::default());
    let crop = &drawn_faces()[0];
    // Two seconds of a face that crosses the room at 30 frames a second.
    for number in 0..60 {
        let mut room = empty_room();
        let truth = put_face(&mut room, crop, (100 + 7 * number, 240), 100);
        let time = f64::from(number) / 30.0;
        let faces = stream.push(time, &to_image(room).view()).unwrap();
        let [face] = faces.as_slice() else {
            panic!("frame {number}: {faces:?}");
        };
        assert_eq!(face.person, 0);
        assert!(
            matches(&face.face.bounds.unwrap(), &truth),
            "{face:?}, not {truth:?}"
        );
    }
    assert_eq!(counting.whole_frames.load(Ordering::Relaxed), 4);

    let room = to_image(empty_room());
    assert!(stream.push(2.01, &room.view()).unwrap().is_empty());
    assert_eq!(counting.whole_frames.load(Ordering::Relaxed), 5);
}

#[test]
fn the_person_of_the_sample_clip_is_one_person() {
    let mut stream = FaceStream::new(analyzer(FaceMode::Auto), StreamOptions::default());
    let frames = fer_vision::expand_inputs([example("clip")]).unwrap();
    assert!(frames.len() > 20);
    let mut seen = 0;
    for (number, frame) in frames.iter().enumerate() {
        let frame = Image::open(frame).unwrap();
        let faces = stream.push(number as f64 / 12.0, &frame.view()).unwrap();
        assert!(faces.iter().all(|face| face.person == 0), "{faces:?}");
        seen += faces.len();
    }
    assert_eq!(seen, frames.len());
}
