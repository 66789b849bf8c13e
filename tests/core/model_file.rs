//! Model files: exact when whole, refused when anything in them disagrees.

use std::collections::HashMap;

use fer_core::{
    Emotion, ErrorKind, Model, ModelConfig, OtherCalibration, OtherOutputs, PerEmotion,
    WeightStorage, Weights,
};
use proptest::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::small_model;

fn bytes() -> Vec<u8> {
    small_model().to_bytes(WeightStorage::F32).unwrap()
}

fn refusal(bytes: &[u8]) -> (ErrorKind, String) {
    let error = Model::from_bytes(bytes).unwrap_err();
    (error.kind(), fer_core::chain(&error))
}

/// The file with its metadata text rewritten, and the text's digest no longer right.
fn with_metadata(edit: impl FnOnce(String) -> String) -> Vec<u8> {
    let bytes = bytes();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let text = header.metadata().as_ref().unwrap()["fer"].clone();
    let metadata = HashMap::from([("fer".to_owned(), edit(text))]);
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    safetensors::serialize(tensors.tensors(), Some(metadata)).unwrap()
}

#[test]
fn round_trip_is_exact() {
    let model = small_model();
    assert_eq!(Model::from_bytes(&bytes()).unwrap(), model);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path, WeightStorage::F32).unwrap();
    assert_eq!(Model::load(&path).unwrap(), model);
    assert_eq!(std::fs::read(&path).unwrap(), bytes());
}

#[test]
fn the_same_model_gives_the_same_bytes() {
    assert_eq!(bytes(), bytes());
}

#[test]
fn half_precision_rounds_the_large_weights_only() {
    let model = small_model();
    let halved = model.to_bytes(WeightStorage::F16).unwrap();
    assert!(halved.len() < bytes().len());
    let read = Model::from_bytes(&halved).unwrap();
    let Weights {
        parameters,
        statistics,
    } = &read.weights;
    for slot in model.config.network_spec().unwrap().parameters() {
        let pairs = model.weights.parameters[slot.range.clone()]
            .iter()
            .zip(&parameters[slot.range]);
        for (exact, rounded) in pairs {
            let tolerance = if slot.role.is_decayed() {
                exact.abs() / 2048.0 + 1e-7
            } else {
                0.0
            };
            assert!((exact - rounded).abs() <= tolerance, "{}", slot.name);
        }
    }
    assert_eq!(statistics, &model.weights.statistics);
    assert_eq!(read.calibration, model.calibration);
}

#[test]
fn any_safetensors_file_reader_sees_named_tensors() {
    let bytes = bytes();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(
        tensors.tensor("blocks.0.weight").unwrap().shape(),
        [3, 3, 1, 4]
    );
    assert_eq!(tensors.tensor("head.weight").unwrap().shape(), [4, 8]);
    assert_eq!(tensors.tensor("calibration.happy").unwrap().shape(), [10]);
}

/// A model with two outputs for other expressions.
pub(crate) fn with_other() -> Model {
    Model {
        other: Some(OtherOutputs {
            weights: crate::noise(3, 16),
            biases: vec![-0.5, 0.25],
            calibration: OtherCalibration {
                slope: 0.75,
                offset: -0.5,
                threshold: 0.4,
            },
        }),
        ..small_model()
    }
}

#[test]
fn outputs_for_other_expressions_are_kept_exactly() {
    let model = with_other();
    for storage in [WeightStorage::F32, WeightStorage::F16] {
        let bytes = model.to_bytes(storage).unwrap();
        assert_eq!(Model::from_bytes(&bytes).unwrap().other, model.other);
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("other.weight").unwrap().shape(), [2, 8]);
    }
}

#[test]
fn outputs_for_other_expressions_that_do_not_fit_are_refused() {
    let mut model = with_other();
    model.other.as_mut().unwrap().weights.pop();
    let error = model.to_bytes(WeightStorage::F32).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidModel);
    assert!(error.to_string().contains("other"), "{error}");
}

/// `folder` is a file of format 1.
#[test]
fn a_file_of_the_format_before_knows_no_other_expressions() {
    let model = Model::named("folder").unwrap();
    assert_eq!(model.other, None);
    let classifier = fer_core::Classifier::from_model(model).unwrap();
    let faces = classifier.predict_faces(&crate::noisy_pixels(48 * 48));
    let prediction = faces.unwrap()[0];
    assert_eq!(prediction.other(), None);
    assert!(!prediction.shows_other());
}

#[test]
fn files_of_another_kind() {
    let (kind, _) = refusal(b"");
    assert_eq!(kind, ErrorKind::InvalidModel);
    let (kind, _) = refusal(b"not a model at all, but some text of a certain length");
    assert_eq!(kind, ErrorKind::InvalidModel);

    let numbers = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    let foreign = safetensors::serialize([("numbers", numbers)], None).unwrap();
    let (kind, message) = refusal(&foreign);
    assert_eq!(kind, ErrorKind::InvalidModel);
    assert!(message.contains("not a fer model file"), "{message}");
}

#[test]
fn a_file_cut_short_is_refused_at_every_length() {
    let bytes = bytes();
    for length in 0..bytes.len() {
        let (kind, message) = refusal(&bytes[..length]);
        assert!(
            matches!(kind, ErrorKind::InvalidModel | ErrorKind::CorruptModel),
            "{length}: {message}"
        );
    }
    let (kind, _) = refusal(&bytes[..bytes.len() - 1]);
    assert_eq!(kind, ErrorKind::CorruptModel);
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is() {
    let mut bytes = bytes();
    for index in 0..bytes.len() {
        let bit = 1 << (index % 8);
        bytes[index] ^= bit;
        let result = Model::from_bytes(&bytes);
        assert!(result.is_err(), "bit {bit:#x} of byte {index} was flipped");
        bytes[index] ^= bit;
    }
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let (kind, message) = refusal(&bytes);
    assert_eq!(kind, ErrorKind::CorruptModel);
    assert!(message.contains("SHA-256"), "{message}");
}

#[test]
fn another_label_order_is_refused_and_both_are_named() {
    let swapped = with_metadata(|text| {
        let swapped = text.replace(r#"["happy","sad","#, r#"["sad","happy","#);
        assert_ne!(swapped, text);
        swapped
    });
    let (kind, message) = refusal(&swapped);
    assert_eq!(kind, ErrorKind::InvalidModel);
    assert!(
        message.contains(r#"["sad", "happy", "neutral", "surprise"]"#),
        "{message}"
    );
    assert!(
        message.contains(r#"["happy", "sad", "neutral", "surprise"]"#),
        "{message}"
    );
}

#[test]
fn another_version_is_refused() {
    let newer =
        with_metadata(|text| text.replace(r#""format_version":2"#, r#""format_version":3"#));
    let (kind, message) = refusal(&newer);
    assert_eq!(kind, ErrorKind::InvalidModel);
    assert!(message.contains("format version 3"), "{message}");
}

#[test]
fn edited_metadata_is_refused() {
    let edited = with_metadata(|text| text.replace("1.25", "1.5"));
    assert_eq!(refusal(&edited).0, ErrorKind::CorruptModel);
    let unknown = with_metadata(|text| text.replacen('{', r#"{"mood":1,"#, 1));
    assert_eq!(refusal(&unknown).0, ErrorKind::InvalidModel);
    let malformed = with_metadata(|_| "{".into());
    assert_eq!(refusal(&malformed).0, ErrorKind::InvalidModel);
}

#[test]
fn models_whose_parts_disagree_are_neither_written_nor_run() {
    let refused = |edit: &dyn Fn(&mut Model)| {
        let mut model = small_model();
        edit(&mut model);
        let written = model.to_bytes(WeightStorage::F32).unwrap_err();
        let run = fer_core::Classifier::from_model(model).unwrap_err();
        assert_eq!(written.to_string(), run.to_string());
        (written.kind(), written.to_string())
    };
    let (kind, message) = refused(&|model| model.preprocessing.input_size = 12);
    assert_eq!(kind, ErrorKind::InvalidModel);
    assert!(
        message.contains("12 pixels") && message.contains("takes 10"),
        "{message}"
    );

    assert_eq!(
        refused(&|model| model.config.channels.clear()).0,
        ErrorKind::InvalidConfig
    );
    assert_eq!(
        refused(&|model| model.config.channels[0] = 5).0,
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        refused(&|model| model.weights.statistics.truncate(3)).0,
        ErrorKind::InvalidArgument
    );
    assert_eq!(
        refused(&|model| model.class_mix = PerEmotion([0.5; 4])).0,
        ErrorKind::InvalidModel
    );
    assert_eq!(
        refused(&|model| model.class_mix = PerEmotion([1.0, 0.0, 0.0, 0.0])).0,
        ErrorKind::InvalidModel
    );
    let (_, message) = refused(&|model| model.weights.parameters[40] = f32::NAN);
    assert!(message.contains("blocks.0.beta"), "{message}");
    let (_, message) = refused(&|model| model.weights.statistics[4] = -1.0);
    assert!(message.contains("blocks.0.running_var"), "{message}");
    let figure = ("loss".to_owned(), f64::NAN);
    let (_, message) = refused(&|model| model.provenance.figures.extend([figure.clone()]));
    assert!(message.contains("loss"), "{message}");
}

#[test]
fn weights_beyond_half_precision_are_refused_when_they_are_stored() {
    let mut model = small_model();
    let spec = model.config.network_spec().unwrap();
    let slot = &spec.parameters()[0];
    model.weights.parameters[slot.range.start] = 70_000.0;
    let error = model.to_bytes(WeightStorage::F16).unwrap_err().to_string();
    assert!(
        error.contains(&slot.name) && error.contains("70000"),
        "{error}"
    );
    let exact = model.to_bytes(WeightStorage::F32).unwrap();
    assert_eq!(Model::from_bytes(&exact).unwrap(), model);
}

#[test]
fn a_network_that_answers_no_numbers_is_an_error() {
    let mut model = small_model();
    let spec = model.config.network_spec().unwrap();
    // Features of about 1e33, and a head that multiplies them beyond the range of f32.
    model.weights.parameters.fill(1.0);
    let slots = spec.parameters();
    let blocks = slots.iter().filter(|slot| slot.name.ends_with("gamma"));
    let gain = 10f32.powf(33.0 / blocks.count() as f32).min(1e9);
    for slot in slots {
        let values = &mut model.weights.parameters[slot.range];
        if slot.name.ends_with("gamma") {
            values.fill(gain);
        } else if slot.name.starts_with("head") {
            values.fill(1e9);
        }
    }
    let classifier = fer_core::Classifier::from_model(model).unwrap();
    let face: Vec<u8> = (0..100).map(|level| level * 2).collect();
    let error = classifier.predict_faces(&face).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CorruptModel);
    assert!(error.to_string().contains("too large"), "{error}");
}

#[test]
fn loading_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let absent = Model::load(&path).unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    std::fs::write(&path, &bytes()[..100]).unwrap();
    let cut = Model::load(&path).unwrap_err();
    assert!(cut.to_string().contains("model.safetensors"), "{cut}");
}

fn configs() -> impl Strategy<Value = ModelConfig> {
    (
        8usize..20,
        prop::collection::vec(1usize..9, 1..3),
        1usize..3,
    )
        .prop_map(|(input_size, channels, blocks_per_stage)| ModelConfig {
            input_size,
            channels,
            blocks_per_stage,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_shape_round_trips(config in configs(), scores in prop::collection::vec(0f32..=1.0, 0..20)) {
        let mut model = small_model();
        let scores = PerEmotion::from_fn(|emotion| scores[..scores.len() / (emotion.index() + 1)].to_vec());
        model.calibration = fer_core::Calibration::new(0.5, scores).unwrap();
        model.preprocessing.input_size = config.input_size;
        model.weights = crate::noisy_weights(&config);
        model.config = config;
        let bytes = model.to_bytes(WeightStorage::F32).unwrap();
        prop_assert_eq!(Model::from_bytes(&bytes).unwrap(), model);
    }

    #[test]
    fn damaged_files_never_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = bytes();
        for (index, byte) in damage {
            // Mostly the header, where bytes decide about sizes.
            let index = index.index(bytes.len()) % 4096;
            bytes[index] = byte;
        }
        bytes.truncate(length.index(bytes.len()) + 1);
        prop_assert!(Model::from_bytes(&bytes).is_err() || bytes == self::bytes());
    }
}

#[test]
fn labels_in_the_file_are_the_labels_of_the_library() {
    let text = String::from_utf8_lossy(&bytes()).into_owned();
    let labels = Emotion::ALL
        .map(|emotion| format!(r#"\"{emotion}\""#))
        .join(",");
    assert!(text.contains(&labels), "{labels}");
}
