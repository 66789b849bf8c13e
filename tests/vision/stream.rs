//! People followed through frames.

use std::collections::VecDeque;
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

/// The built-in detector, noting what each search costs: the pixels at the scale of its smallest faces.
struct Watched {
    detector: SeetaDetector,
    costs: Mutex<Vec<f64>>,
}

impl FaceDetector for Watched {
    fn detect(&self, image: &ImageView<'_>, search: &FaceSearch) -> Result<Vec<Detection>> {
        self.costs
            .lock()
            .unwrap()
            .push(cost(image.width(), image.height(), search.min_face));
        self.detector.detect(image, search)
    }
}

fn cost(width: u32, height: u32, min_face: Option<u32>) -> f64 {
    let least = min_face.unwrap_or(FaceSearch::SMALLEST_FACE);
    f64::from(width) * f64::from(height) / f64::from(least).powi(2)
}

impl Watched {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            detector: SeetaDetector::new().unwrap(),
            costs: Mutex::default(),
        })
    }

    /// A stream over this detector.
    fn stream(self: &Arc<Self>) -> FaceStream {
        let classifier = Classifier::pretrained().unwrap();
        let options = AnalyzerOptions {
            threads: 2,
            ..AnalyzerOptions::default()
        };
        let analyzer = Analyzer::with_detector(classifier, self.clone(), options).unwrap();
        FaceStream::new(analyzer, StreamOptions::default())
    }

    /// The costs since the last call, in searches of a whole [`SCENE`].
    fn spent(&self) -> f64 {
        let costs = std::mem::take(&mut *self.costs.lock().unwrap());
        costs.iter().sum::<f64>() / cost(SCENE.0, SCENE.1, None)
    }
}

#[test]
fn a_moving_face_is_followed_and_no_frame_after_the_first_waits_for_a_whole_search() {
    let watched = Watched::new();
    let mut stream = watched.stream();
    let crop = &drawn_faces()[0];
    // Two seconds of a face that crosses the room at 30 frames a second.
    let mut total = 0.0;
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
        let spent = watched.spent();
        if number == 0 {
            assert_eq!(spent, 1.0);
        } else {
            assert!(spent < 0.4, "frame {number}: {spent}");
            total += spent;
        }
    }
    // Each part of the frame twice a second, and around the face in each frame.
    assert!((5.0..9.0).contains(&total), "{total}");

    // When the face is gone, no frame waits either.
    let room = to_image(empty_room());
    for number in 60..70 {
        let time = f64::from(number) / 30.0;
        assert!(stream.push(time, &room.view()).unwrap().is_empty());
        let spent = watched.spent();
        assert!(spent < 0.7, "frame {number}: {spent}");
    }
}

#[test]
fn a_new_face_of_any_size_and_place_is_found_within_half_a_second() {
    let crop = &drawn_faces()[0];
    for (size, center) in [
        (28, (320, 240)),
        (40, (161, 236)),
        (56, (322, 90)),
        (58, (60, 238)),
        (100, (560, 400)),
        (240, (318, 242)),
    ] {
        let mut stream = Watched::new().stream();
        let room = empty_room();
        let mut with_face = room.clone();
        let truth = put_face(&mut with_face, crop, center, size);
        let (room, with_face) = (to_image(room), to_image(with_face));
        for number in 0..7 {
            let time = f64::from(number) / 30.0;
            assert!(stream.push(time, &room.view()).unwrap().is_empty());
        }
        let found = (0..=15).find_map(|number| {
            let time = f64::from(7 + number) / 30.0;
            let faces = stream.push(time, &with_face.view()).unwrap();
            faces.first().map(|face| face.face.bounds.unwrap())
        });
        let found = found.unwrap_or_else(|| panic!("{size} px at {center:?} is not found"));
        assert!(matches(&found, &truth), "{found:?}, not {truth:?}");
    }
}

#[test]
fn a_face_that_was_lost_for_a_moment_is_found_in_the_next_frame() {
    let mut stream = Watched::new().stream();
    let mut room = empty_room();
    let empty = to_image(room.clone());
    put_face(&mut room, &drawn_faces()[0], (200, 240), 100);
    let room = to_image(room);
    for (number, is_there) in [true, true, false, true, false, false, true, true]
        .into_iter()
        .enumerate()
    {
        let frame = if is_there { &room } else { &empty };
        let faces = stream.push(number as f64 / 60.0, &frame.view()).unwrap();
        let people: Vec<u64> = faces.iter().map(|face| face.person).collect();
        assert_eq!(people, if is_there { vec![0] } else { vec![] }, "{number}");
    }
}

/// Boxes, labels and probabilities of the clip, nearly as if each frame were analyzed on its own.
#[test]
fn a_stream_agrees_with_the_analysis_of_each_frame() {
    let alone = analyzer(FaceMode::Find);
    let mut stream = FaceStream::new(alone.clone(), StreamOptions::default());
    let frames = fer_vision::expand_inputs([example("clip")]).unwrap();
    for (number, frame) in frames.iter().enumerate() {
        let frame = Image::open(frame).unwrap();
        let expected = alone.image(&frame.view()).unwrap();
        let found = stream.push(number as f64 / 30.0, &frame.view()).unwrap();
        assert_eq!(found.len(), expected.len(), "frame {number}");
        for (found, expected) in found.iter().map(|face| &face.face).zip(&expected) {
            let overlap = found.bounds.unwrap().iou(&expected.bounds.unwrap());
            assert!(overlap > 0.85, "frame {number}: {overlap}");
            let (found, expected) = (found.prediction, expected.prediction);
            assert_eq!(found.emotion(), expected.emotion(), "frame {number}");
            for (a, b) in std::iter::zip(found.probabilities(), expected.probabilities()) {
                assert!((a - b).abs() < 0.02, "frame {number}: {a} {b}");
            }
        }
    }
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
