//! Model files edited and signed again: the digest has no key, so anyone who edits a file can sign it again.

mod parts;

use proptest::prelude::*;
use safetensors::Dtype;
use serde_json::{Value, json};

use super::storage::TensorBytes;
use super::*;
use crate::ErrorKind;
use parts::{Parts, sound};

#[test]
fn parts_that_are_not_edited_make_the_same_file() {
    let model = sound();
    let parts = Parts::of(&model);
    assert_eq!(Model::from_bytes(&parts.signed()).unwrap(), model);
}

/// An edit, with the kind of the refusal and a part of its message.
type Case = (&'static str, fn(&mut Parts), ErrorKind, &'static str);

#[test]
fn every_edit_is_refused_with_its_reason() {
    use ErrorKind::{InvalidConfig, InvalidModel};
    const HEAD: &str = "head.weight";
    let cases: &[Case] = &[
        (
            "missing tensor",
            |p| p.tensors.retain(|t| t.name != HEAD),
            InvalidModel,
            "head.weight is missing",
        ),
        (
            "other name",
            |p| p.tensor(HEAD).name = "tail.weight".into(),
            InvalidModel,
            "tail.weight",
        ),
        (
            "superfluous tensor",
            |p| {
                p.tensors.push(TensorBytes {
                    name: "extra".into(),
                    bytes: vec![0; 4],
                    dtype: Dtype::F32,
                    shape: vec![1],
                })
            },
            InvalidModel,
            "extra is F32 of shape [1], expected absent",
        ),
        (
            "transposed",
            |p| p.tensor(HEAD).shape.reverse(),
            InvalidModel,
            HEAD,
        ),
        (
            "flattened",
            |p| p.tensor(HEAD).shape = vec![24],
            InvalidModel,
            "F32 of shape [24]",
        ),
        (
            "another type of the same size",
            |p| p.tensor(HEAD).dtype = Dtype::I32,
            InvalidModel,
            "I32 of shape",
        ),
        (
            "half precision where it is not allowed",
            |p| {
                let gamma = p.tensor("blocks.0.gamma");
                gamma.dtype = Dtype::F16;
                gamma.bytes.truncate(8);
            },
            InvalidModel,
            "blocks.0.gamma is F16",
        ),
        (
            "NaN",
            |p| p.set(HEAD, 3, f32::NAN),
            InvalidModel,
            "head.weight is holding NaN",
        ),
        (
            "infinity",
            |p| p.set(HEAD, 0, f32::INFINITY),
            InvalidModel,
            "holding inf",
        ),
        (
            "a huge weight",
            |p| p.set("blocks.1.gamma", 0, -1e30),
            InvalidModel,
            "blocks.1.gamma",
        ),
        (
            "a huge mean",
            |p| p.set("blocks.0.running_mean", 1, 1e38),
            InvalidModel,
            "running_mean",
        ),
        (
            "a negative variance",
            |p| p.set("blocks.0.running_var", 1, -1.0),
            InvalidModel,
            "running_var",
        ),
        (
            "scores of two dimensions",
            |p| p.tensor("calibration.sad").shape = vec![3, 1],
            InvalidModel,
            "calibration.sad",
        ),
        (
            "scores of another type",
            |p| p.tensor("calibration.sad").dtype = Dtype::U32,
            InvalidModel,
            "U32",
        ),
        (
            "a score above 1",
            |p| p.set("calibration.sad", 2, 1.5),
            InvalidModel,
            "calibration is wrong: a conformal score is 1.5",
        ),
        (
            "a score that is no number",
            |p| p.set("calibration.happy", 0, f32::NAN),
            InvalidModel,
            "NaN",
        ),
        (
            "a negative score",
            |p| p.set("calibration.happy", 0, -0.5),
            InvalidModel,
            "-0.5",
        ),
        (
            "too many scores",
            |p| {
                let scores = p.tensor("calibration.neutral");
                scores.shape = vec![Calibration::MAX_SCORES + 1];
                scores.bytes = vec![0; 4 * scores.shape[0]];
            },
            InvalidModel,
            "65537",
        ),
        (
            "temperature 0",
            |p| p.metadata["temperature"] = json!(0.0),
            InvalidModel,
            "temperature is 0",
        ),
        (
            "a negative temperature",
            |p| p.metadata["temperature"] = json!(-1.0),
            InvalidModel,
            "temperature is -1",
        ),
        (
            "a huge temperature",
            |p| p.metadata["temperature"] = json!(1e30),
            InvalidModel,
            "temperature is",
        ),
        (
            "a tiny temperature",
            |p| p.metadata["temperature"] = json!(1e-30),
            InvalidModel,
            "temperature is",
        ),
        (
            "a temperature in words",
            |p| p.metadata["temperature"] = json!("warm"),
            InvalidModel,
            "warm",
        ),
        (
            "no temperature",
            |p| p.metadata["temperature"] = Value::Null,
            InvalidModel,
            "null",
        ),
        (
            "a class mix of sum 2",
            |p| p.metadata["class_mix"]["sad"] = json!(1.2),
            InvalidModel,
            "class_mix",
        ),
        (
            "a class mix with a zero",
            |p| {
                p.metadata["class_mix"] =
                    json!({"happy": 0.5, "sad": 0.0, "neutral": 0.25, "surprise": 0.25});
            },
            InvalidModel,
            "class_mix",
        ),
        (
            "a class mix below zero",
            |p| {
                p.metadata["class_mix"] =
                    json!({"happy": 1.5, "sad": -0.5, "neutral": 0.0, "surprise": 0.0});
            },
            InvalidModel,
            "class_mix",
        ),
        (
            "a class too few",
            |p| {
                p.metadata["class_mix"]
                    .as_object_mut()
                    .unwrap()
                    .remove("sad");
            },
            InvalidModel,
            "sad",
        ),
        (
            "labels in another order",
            |p| p.metadata["labels"] = json!(["sad", "happy", "neutral", "surprise"]),
            InvalidModel,
            "labels",
        ),
        (
            "five labels",
            |p| {
                p.metadata["labels"]
                    .as_array_mut()
                    .unwrap()
                    .push(json!("fear"))
            },
            InvalidModel,
            "fear",
        ),
        (
            "scores of an unknown kind",
            |p| p.metadata["scores"] = json!("best"),
            InvalidModel,
            "best",
        ),
        (
            "another version",
            |p| p.metadata["format_version"] = json!(7),
            InvalidModel,
            "format version 7",
        ),
        (
            "an unknown entry",
            |p| p.metadata["mood"] = json!(1),
            InvalidModel,
            "mood",
        ),
        (
            "no metadata",
            |p| p.metadata = json!([]),
            InvalidModel,
            "metadata",
        ),
        (
            "another input size",
            |p| p.metadata["preprocessing"]["input_size"] = json!(9),
            InvalidModel,
            "9 pixels",
        ),
        (
            "an input size of 0",
            |p| p.metadata["preprocessing"]["input_size"] = json!(0),
            InvalidConfig,
            "input_size is 0",
        ),
        (
            "an unknown filter",
            |p| p.metadata["preprocessing"]["filter"] = json!("magic"),
            InvalidModel,
            "magic",
        ),
        (
            "a divisor of 0",
            |p| {
                p.metadata["preprocessing"]["normalization"] =
                    json!({"fixed": {"mean": 0.0, "std": 0.0}});
            },
            InvalidConfig,
            "normalization is 0",
        ),
        (
            "a tiny divisor",
            |p| {
                p.metadata["preprocessing"]["normalization"] =
                    json!({"per_image": {"min_std": 1e-30}});
            },
            InvalidConfig,
            "normalization",
        ),
        (
            "a huge mean level",
            |p| {
                p.metadata["preprocessing"]["normalization"] =
                    json!({"fixed": {"mean": 1e30, "std": 1.0}});
            },
            InvalidConfig,
            "mean is",
        ),
        (
            "another network",
            |p| p.metadata["config"]["channels"] = json!([4, 7]),
            InvalidModel,
            "blocks.1",
        ),
        (
            "no channels",
            |p| p.metadata["config"]["channels"] = json!([]),
            InvalidConfig,
            "channels",
        ),
        (
            "a network beyond memory",
            |p| {
                p.metadata["preprocessing"]["input_size"] = json!(256);
                p.metadata["config"] = json!({"input_size": 256, "channels": [1024, 1024, 1024, 1024], "blocks_per_stage": 6});
            },
            InvalidModel,
            "blocks.",
        ),
        (
            "channels without end",
            |p| p.metadata["config"]["channels"] = json!([u64::MAX]),
            InvalidConfig,
            "channels",
        ),
    ];
    for (name, edit, kind, reason) in cases {
        let mut parts = Parts::of(&sound());
        edit(&mut parts);
        let error = match Model::from_bytes(&parts.signed()) {
            Ok(_) => panic!("{name}: accepted"),
            Err(error) => error,
        };
        let message = crate::chain(&error);
        assert_eq!(error.kind(), *kind, "{name}: {message}");
        assert!(message.contains(reason), "{name}: {message}");
    }
}

#[test]
fn scores_of_no_kind_are_the_least_ambiguous() {
    let mut parts = Parts::of(&sound());
    assert_eq!(parts.metadata["scores"], "adaptive");
    parts.metadata.as_object_mut().unwrap().remove("scores");
    let model = Model::from_bytes(&parts.signed()).unwrap();
    assert_eq!(
        model.calibration.score_kind(),
        crate::ScoreKind::LeastAmbiguous
    );
    assert_eq!(model.calibration.scores(), sound().calibration.scores());
    assert_eq!(
        Model::from_bytes(&model.to_bytes(WeightStorage::F32).unwrap()).unwrap(),
        model
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is edited and signed again, the file is refused or is a model that can be used.
    #[test]
    fn edited_and_signed_files_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..6),
        number in any::<f64>(),
        key in prop::sample::select(vec!["temperature", "class_mix", "format_version", "config", "provenance"]),
        replaced in any::<bool>(),
    ) {
        let mut parts = Parts::of(&sound());
        for (tensor, byte, value) in damage {
            let tensor = tensor.index(parts.tensors.len());
            let bytes = &mut parts.tensors[tensor].bytes;
            let byte = byte.index(bytes.len());
            bytes[byte] = value;
        }
        if replaced {
            parts.metadata[key] = json!(number);
        }
        if let Ok(model) = Model::from_bytes(&parts.signed()) {
            let classifier = crate::Classifier::from_model(model).unwrap();
            if let Ok(predictions) = classifier.predict_faces(&[7; 64]) {
                let total: f32 = predictions[0].probabilities().iter().sum();
                prop_assert!((total - 1.0).abs() < 1e-4);
            }
        }
    }
}
