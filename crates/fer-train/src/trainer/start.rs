//! The model that a training starts from.

use std::path::{Path, PathBuf};

use fer_core::{
    Classifier, Emotion, Model, ModelConfig, Prediction, Preprocessing, WeightStorage, Weights,
};
use fer_kernels::NetworkSpec;
use sha2::{Digest, Sha256};

use crate::config::{ModelSection, TrainConfig};
use crate::data::TrainingData;
use crate::digest::hex;
use crate::error::{Error, Result};
use crate::initialize::initial_weights;
use crate::metrics::Gain;

/// A trained model whose weights a training begins with.
pub(super) struct Start {
    name: PathBuf,
    model: Model,
}

impl Start {
    /// Loads the model that `config` names; there may be none.
    pub(super) fn load(config: &TrainConfig) -> Result<Option<Self>> {
        let load = |name: &PathBuf| {
            Ok(Self {
                model: Model::find(name)?,
                name: name.clone(),
            })
        };
        config.start.model.as_ref().map(load).transpose()
    }

    /// SHA-256 of the model, whatever its file stores it as.
    pub(super) fn digest(&self) -> Result<String> {
        Ok(hex(&Sha256::digest(
            self.model.to_bytes(WeightStorage::F32)?,
        )))
    }

    /// The configuration with the network and the preprocessing of this model.
    ///
    /// # Errors
    /// [`Error::Start`] if the configuration asks for others, or freezes more stages than there are.
    pub(super) fn complete(&self, config: &TrainConfig) -> Result<TrainConfig> {
        let mut complete = config.clone();
        let (asked, default) = (config.model_config(), ModelConfig::default());
        if asked == default {
            let ModelConfig {
                input_size,
                channels,
                blocks_per_stage,
            } = self.model.config.clone();
            complete.model = ModelSection {
                input_size,
                channels,
                blocks_per_stage,
                ..complete.model
            };
        }
        let (own, default) = (&self.model.preprocessing, Preprocessing::default());
        if (config.filter, config.normalization) == (default.filter, default.normalization) {
            (complete.filter, complete.normalization) = (own.filter, own.normalization);
        }
        let agrees =
            complete.model_config() == self.model.config && complete.preprocessing() == *own;
        if !agrees {
            return Err(self.differs(
                format!("{:?}, {own:?}", self.model.config),
                format!("{asked:?}, {:?}", config.preprocessing()),
            ));
        }
        let stages = complete.model.channels.len();
        if config.start.freeze > stages {
            return Err(self.differs(
                format!("{stages} stages"),
                format!("start.freeze = {}", config.start.freeze),
            ));
        }
        Ok(complete)
    }

    fn differs(&self, expected: String, found: String) -> Error {
        Error::Start {
            model: self.name.clone(),
            expected,
            found,
        }
    }

    /// The model's weights for a training of `spec`. Outputs that the model has not begin as in a new network.
    pub(super) fn weights(&self, spec: &NetworkSpec, seed: u64) -> Result<Weights> {
        let own = self.model.config.network_spec()?;
        let (own, trained) = self.model.with_all_outputs(&own);
        let mut weights = initial_weights(spec, seed);
        for (slot, own) in spec.parameters().into_iter().zip(own.parameters()) {
            let values = &trained[own.range];
            let kept = slot.range.len().min(values.len());
            weights.parameters[slot.range][..kept].copy_from_slice(&values[..kept]);
        }
        weights
            .statistics
            .copy_from_slice(&self.model.weights.statistics);
        Ok(weights)
    }
}

impl Start {
    /// The model in the file `trained` against this one, on the labeled validation images of the dataset.
    pub(super) fn compared_with(
        &self,
        trained: &Path,
        data: &TrainingData,
        threads: usize,
    ) -> Result<Option<Gain>> {
        let labels = &data.labels[..data.labels_of_dataset];
        let mut faces = Vec::new();
        for &(face, _) in labels {
            faces.extend_from_slice(&data.validation.face(face)?);
        }
        let answers = |model: Model| -> Result<Vec<Emotion>> {
            let classifier = Classifier::from_model(model)?.with_threads(threads);
            let predictions = classifier.predict_faces(&faces)?;
            Ok(predictions.iter().map(Prediction::emotion).collect())
        };
        let truths: Vec<Emotion> = labels.iter().map(|&(_, truth)| truth).collect();
        let (before, after) = (
            answers(self.model.clone())?,
            answers(Model::load(trained)?)?,
        );
        Ok(Gain::of(&truths, &before, &after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::StartConfig;

    fn start(name: &str) -> (Start, TrainConfig) {
        let config = TrainConfig::starting_from(name);
        (Start::load(&config).unwrap().unwrap(), config)
    }

    #[test]
    fn a_training_takes_over_the_network_and_keeps_its_storage() {
        let (start, mut config) = start("crowd");
        config.model.storage = WeightStorage::F16;
        let complete = start.complete(&config).unwrap();
        assert_eq!(complete.model_config(), start.model.config);
        assert_eq!(complete.model.storage, WeightStorage::F16);
        assert_eq!(start.complete(&complete).unwrap(), complete);
    }

    #[test]
    fn another_network_or_too_many_frozen_stages_are_refused() {
        let (start, config) = start("crowd");
        let mut other = config.clone();
        other.model.channels = vec![16, 32];
        let error = start.complete(&other).unwrap_err();
        assert_eq!(error.kind(), fer_core::ErrorKind::Config);
        let frozen = TrainConfig {
            start: StartConfig {
                freeze: 5,
                ..config.start.clone()
            },
            ..config
        };
        let error = start.complete(&frozen).unwrap_err().to_string();
        assert!(error.contains("4 stages"), "{error}");
    }

    #[test]
    fn more_outputs_leave_the_answers_of_the_model_as_they_are() {
        let (start, config) = start("crowd");
        let model = start.model.config.network_spec().unwrap();
        let training = NetworkSpec {
            classes: model.classes + 6,
            ..model.clone()
        };
        let same = start.weights(&model, config.seed).unwrap();
        assert_eq!(same, start.model.weights);
        let more = start.weights(&training, config.seed).unwrap();
        more.check(&training).unwrap();
        let head = &training.parameters()[training.parameters().len() - 2];
        let own = &model.parameters()[model.parameters().len() - 2];
        assert_eq!(
            more.parameters[head.range.clone()][..own.range.len()],
            same.parameters[own.range.clone()]
        );
    }
}
