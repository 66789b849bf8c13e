//! fer-core as its users see it: images and model files, good and hostile, and the network against PyTorch.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "core/corpus.rs"]
mod corpus;
#[path = "core/deletion.rs"]
mod deletion;
#[path = "core/errors.rs"]
mod errors;
#[path = "core/explain.rs"]
mod explain;
#[path = "core/images.rs"]
mod images;
#[path = "core/jpegs.rs"]
mod jpegs;
#[path = "core/kinds.rs"]
mod kinds;
#[path = "core/model_file.rs"]
mod model_file;
#[path = "core/network.rs"]
mod network;
#[path = "core/predict.rs"]
mod predict;
#[path = "core/preprocess.rs"]
mod preprocess;
#[path = "core/views.rs"]
mod views;

use fer_core::{
    Calibration, Emotion, Model, ModelConfig, PerEmotion, Preprocessing, Provenance, Weights,
};
use fer_kernels::{Role, Slot};

/// Numbers in [-0.5, 0.5) by multiplicative hashing; the same as in tests/data/network/generate.py.
fn noise(start: usize, count: usize) -> Vec<f32> {
    let hashed = |index: usize| (index as u64 * 2_654_435_761) as u32;
    (start..start + count)
        .map(|index| (f64::from(hashed(index)) / 2f64.powi(32) - 0.5) as f32)
        .collect()
}

/// Bytes that look like nothing, the same at every call.
fn noisy_pixels(count: usize) -> Vec<u8> {
    noise(0, count)
        .iter()
        .map(|value| ((value + 0.5) * 256.0) as u8)
        .collect()
}

/// The network of tests/data/network: not trained, but every number plays a part.
fn small_config() -> ModelConfig {
    ModelConfig {
        input_size: 10,
        channels: vec![4, 8],
        blocks_per_stage: 2,
    }
}

fn noisy_weights(config: &ModelConfig) -> Weights {
    let spec = config.network_spec().unwrap();
    let value = |slot: &Slot| {
        let offset = match slot.role {
            Role::Gamma => 1.0,
            _ => 0.0,
        };
        let values = noise(slot.range.start, slot.range.len());
        values
            .into_iter()
            .map(move |value| value + offset)
            .collect::<Vec<_>>()
    };
    let fresh = |slot: &Slot| {
        let start = if slot.role == Role::RunningVar {
            1.0
        } else {
            0.0
        };
        vec![start; slot.range.len()]
    };
    Weights {
        parameters: spec.parameters().iter().flat_map(value).collect(),
        statistics: spec.statistics().iter().flat_map(fresh).collect(),
    }
}

fn small_model() -> Model {
    let config = small_config();
    let faces = (0..40).map(|i| {
        let logits = [0, 1, 2, 3].map(|k| noise(7 * i + k, 1)[0] * 6.0);
        (logits, Emotion::ALL[i % 4])
    });
    Model {
        preprocessing: Preprocessing {
            input_size: config.input_size,
            ..Preprocessing::default()
        },
        weights: noisy_weights(&config),
        config,
        calibration: Calibration::from_logits(1.25, faces).unwrap(),
        other: None,
        class_mix: PerEmotion([0.4, 0.2, 0.25, 0.15]),
        provenance: Provenance {
            software: "fer test".into(),
            command: "fer train data".into(),
            data_digest: "0".repeat(64),
            figures: [("validation_accuracy".into(), 0.25)].into(),
        },
    }
}
