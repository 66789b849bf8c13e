//! A model file taken apart, edited and signed again.

use safetensors::SafeTensors;
use serde_json::Value;

use crate::model::storage::TensorBytes;
use crate::model::{Model, Provenance, WeightStorage, digest, metadata};
use crate::{Calibration, ModelConfig, PerEmotion, Preprocessing, Weights};

/// A small model that is right in every way.
pub(super) fn sound() -> Model {
    let config = ModelConfig {
        input_size: 8,
        channels: vec![4, 6],
        blocks_per_stage: 1,
    };
    let spec = config.network_spec().unwrap();
    Model {
        preprocessing: Preprocessing {
            input_size: 8,
            ..Preprocessing::default()
        },
        weights: Weights {
            parameters: (0..spec.parameter_count())
                .map(|i| 0.01 * (i % 17) as f32)
                .collect(),
            statistics: vec![1.0; spec.statistics_count()],
        },
        config,
        calibration: Calibration::new(1.25, PerEmotion::from_fn(|_| vec![0.0, 0.25, 0.5])).unwrap(),
        other: None,
        class_mix: PerEmotion([0.4, 0.2, 0.25, 0.15]),
        provenance: Provenance {
            figures: [("validation_accuracy".into(), 0.25)].into(),
            ..Provenance::default()
        },
    }
}

/// The parts of a file.
pub(super) struct Parts {
    pub(super) metadata: Value,
    pub(super) tensors: Vec<TensorBytes>,
}

impl Parts {
    pub(super) fn of(model: &Model) -> Self {
        let bytes = model.to_bytes(WeightStorage::F32).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let text = metadata::find(header.metadata().as_ref()).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let owned = |(name, view): (&str, safetensors::tensor::TensorView<'_>)| TensorBytes {
            name: name.to_owned(),
            bytes: view.data().to_vec(),
            dtype: view.dtype(),
            shape: view.shape().to_vec(),
        };
        Self {
            metadata: serde_json::from_str(text).unwrap(),
            tensors: (tensors.iter().filter(|(name, _)| *name != digest::NAME))
                .map(owned)
                .collect(),
        }
    }

    /// The file of these parts, with the digest that they have.
    pub(super) fn signed(mut self) -> Vec<u8> {
        let text = self.metadata.to_string();
        self.tensors.push(digest::tensor(&text, &self.tensors));
        let views = self
            .tensors
            .iter()
            .map(|tensor| (tensor.name.as_str(), tensor));
        safetensors::serialize(views, Some(metadata::entries(text))).unwrap()
    }

    pub(super) fn tensor(&mut self, name: &str) -> &mut TensorBytes {
        let found = self.tensors.iter_mut().find(|tensor| tensor.name == name);
        found.unwrap_or_else(|| panic!("no tensor {name}"))
    }

    pub(super) fn set(&mut self, name: &str, index: usize, value: f32) {
        self.tensor(name).bytes[4 * index..][..4].copy_from_slice(&value.to_le_bytes());
    }
}
