//! The sample images of `examples/` show what their names say, to both built-in models.

use fer_core::{Classifier, Emotion};
use fer_vision::{Analyzer, AnalyzerOptions, Face, FaceMode, expand_inputs};

use crate::scenes::example;

const MODELS: [&str; 2] = ["crowd", "folder"];

fn analyzer(model: &str) -> Analyzer {
    let options = AnalyzerOptions {
        threads: 2,
        ..AnalyzerOptions::default()
    };
    Analyzer::new(Classifier::named(model).unwrap(), options).unwrap()
}

fn faces_of(analyzer: &Analyzer, path: &str) -> Vec<Face> {
    let mut faces = analyzer.path(example(path)).outcome.unwrap();
    faces.sort_by_key(|face| face.bounds.map(|bounds| bounds.x));
    faces
}

#[test]
fn portraits_get_the_emotion_in_their_name_and_are_sure() {
    for model in MODELS {
        let analyzer = analyzer(model);
        for emotion in Emotion::ALL {
            let path = format!("photos/{}.jpg", emotion.label());
            let faces = faces_of(&analyzer, &path);
            assert_eq!(faces.len(), 1, "{model}, {path}");
            let prediction = &faces[0].prediction;
            assert_eq!(prediction.emotion(), emotion, "{model}, {path}");
            assert!(!prediction.is_uncertain(), "{model}, {path}: not sure");
            let probability = prediction.confidence();
            assert!(probability > 0.75, "{model}, {path}: {probability}");
        }
    }
}

#[test]
fn every_face_of_the_group_gets_its_emotion() {
    use Emotion::{Happy, Neutral, Sad, Surprise};
    for model in MODELS {
        let faces = faces_of(&analyzer(model), "photos/group.jpg");
        let found: Vec<Emotion> = faces.iter().map(|face| face.prediction.emotion()).collect();
        assert_eq!(found, [Happy, Neutral, Sad, Surprise, Happy], "{model}");
        assert!(
            faces.iter().all(|face| !face.prediction.is_uncertain()),
            "{model}: not sure of {faces:?}"
        );
    }
}

#[test]
fn the_clip_changes_from_emotion_to_emotion() {
    use Emotion::{Happy, Neutral, Surprise};
    // Of six frames each, the first four hold the expression.
    for model in MODELS {
        let analyzer = analyzer(model);
        for (part, emotion) in [Neutral, Happy, Neutral, Surprise].into_iter().enumerate() {
            for frame in 6 * part..6 * part + 4 {
                let path = format!("clip/frame_{frame:02}.jpg");
                let faces = faces_of(&analyzer, &path);
                assert_eq!(faces.len(), 1, "{model}, {path}");
                assert_eq!(faces[0].prediction.emotion(), emotion, "{model}, {path}");
            }
        }
    }
}

/// The first command of a newcomer may be `fer evaluate examples/faces`.
#[test]
fn most_faces_of_the_tutorial_dataset_get_their_class() {
    for model in MODELS {
        let classifier = Classifier::named(model).unwrap();
        let options = AnalyzerOptions {
            faces: FaceMode::Whole,
            threads: 2,
            ..AnalyzerOptions::default()
        };
        let analyzer = Analyzer::new(classifier, options).unwrap();
        for emotion in Emotion::ALL {
            let files = expand_inputs([example("faces/test").join(emotion.label())]).unwrap();
            let right = files
                .iter()
                .flat_map(|file| analyzer.path(file).outcome.unwrap())
                .filter(|face| face.prediction.emotion() == emotion)
                .count();
            let (count, name) = (files.len(), emotion.label());
            assert!(
                10 * right >= 8 * count,
                "{model}: {right} of {count} {name} faces"
            );
        }
    }
}
