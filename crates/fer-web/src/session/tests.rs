use std::path::Path;

use fer_core::{Classifier, Image};
use fer_vision::AnalyzerOptions;
use serde_json::{Map, Value, json};

use super::*;

const MODEL: &[u8] = include_bytes!("../../../fer-core/models/crowd.safetensors");

fn give(session: &mut Session, bytes: &[u8]) {
    session.room(bytes.len()).copy_from_slice(bytes);
}

fn open(session: &mut Session, options: &Value) -> Result<Handle> {
    let options = options.to_string();
    give(session, &[options.as_bytes(), MODEL].concat());
    session.open_analyzer(options.len())
}

fn answer<T: Serialize>(session: &mut Session, result: Result<T>) -> Value {
    let length = session.answer(result);
    assert_eq!(length, session.output().len());
    serde_json::from_slice(session.output()).unwrap()
}

fn group() -> Image {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/photos/group.jpg");
    Image::open(path).unwrap()
}

/// The image as a canvas gives it.
fn with_alpha(image: &Image) -> Vec<u8> {
    let pixels = image.pixels().chunks_exact(3);
    pixels
        .flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255])
        .collect()
}

#[test]
fn answers_are_those_of_the_native_analyzer() {
    let mut session = Session::default();
    let analyzer = open(&mut session, &json!({})).unwrap();
    let photo = group();
    give(&mut session, &with_alpha(&photo));
    let result = session.analyze(analyzer, photo.width(), photo.height());
    let found = answer(&mut session, result);

    let native = Analyzer::new(
        Classifier::pretrained().unwrap(),
        AnalyzerOptions::default(),
    )
    .unwrap();
    let expected = native.image(&photo.view()).unwrap();
    assert!(!expected.is_empty());
    let faces = found["ok"]["faces"].as_array().unwrap();
    assert_eq!(faces.len(), expected.len());
    for (face, expected) in faces.iter().zip(&expected) {
        let json = serde_json::to_string(expected).unwrap();
        let fields: Map<String, Value> = serde_json::from_str(&json).unwrap();
        for (name, value) in fields {
            assert_eq!(face[&name], value, "{name}");
        }
        assert_eq!(face["shows_other"], expected.prediction.shows_other());
    }
}

#[test]
fn frames_are_followed_until_the_stream_is_closed() {
    let mut session = Session::default();
    let analyzer = open(&mut session, &json!({"faces": "find", "minFace": 40})).unwrap();
    give(&mut session, b"{\"smoothing\": 0.5}");
    let stream = session.open_stream(analyzer).unwrap();
    session.close(analyzer);
    let photo = group();
    give(&mut session, &with_alpha(&photo));
    let (width, height) = (photo.width(), photo.height());
    let first = session.push_frame(stream, 0.0, width, height);
    let first = answer(&mut session, first);
    assert_eq!(first["ok"]["faces"][1]["person"], 1);
    assert!(first["ok"]["faces"][0]["smoothed"]["happy"].is_number());

    let late = session.push_frame(stream, 0.0, width, height);
    assert_eq!(
        answer(&mut session, late)["error"]["kind"],
        "invalid_argument"
    );
    session.close(stream);
    let closed = session.push_frame(stream, 1.0, width, height);
    assert_eq!(
        answer(&mut session, closed)["error"]["message"],
        "the stream was closed"
    );
}

#[test]
fn bad_requests_are_answered_with_the_kind_of_error() {
    let mut session = Session::default();
    let kind = |session: &mut Session, result: Result<Handle>| {
        answer(session, result)["error"]["kind"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for options in [
        json!({"face": "auto"}),
        json!({"faces": "all"}),
        json!({"priors": "1,2"}),
    ] {
        let refused = open(&mut session, &options);
        assert_eq!(kind(&mut session, refused), "invalid_argument", "{options}");
    }
    give(&mut session, b"{}no model");
    let refused = session.open_analyzer(2);
    assert!(kind(&mut session, refused).ends_with("_model"));
    let beyond = session.open_analyzer(usize::MAX);
    assert_eq!(kind(&mut session, beyond), "invalid_argument");

    let analyzer = open(&mut session, &json!({})).unwrap();
    give(&mut session, &[0; 12]);
    for (width, height, expected) in [
        (2, 2, "invalid_image"),
        (0, 3, "invalid_image"),
        (40_000, 1, "image_too_large"),
    ] {
        let refused = session.analyze(analyzer, width, height);
        assert_eq!(answer(&mut session, refused)["error"]["kind"], expected);
    }
}
