//! The model file: everything that a trained network needs to be used and trusted.

mod digest;
mod metadata;
pub(crate) mod storage;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use fer_kernels::{NetworkSpec, Role};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::read::read_capped;
use crate::write::write_atomic;
use crate::{
    Calibration, Error, ModelConfig, OtherOutputs, PerEmotion, Preprocessing, Result, Weights,
};
use metadata::Metadata;
pub use storage::WeightStorage;

/// The largest model file that is read, in bytes.
pub const MAX_MODEL_BYTES: u64 = 256 << 20;

/// A trained network with all that its use depends on.
///
/// As a file it is a safetensors file: one tensor for each slot of the network's
/// [`NetworkSpec`], the conformal scores of each emotion, the outputs for other expressions if there are any, metadata with labels,
/// configuration, preprocessing, temperature, class mix and provenance, and a SHA-256 digest over all of it. The same model gives the same bytes.
/// Loading refuses whatever disagrees, with an error that says how.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The shape of the network.
    pub config: ModelConfig,
    /// Preprocessing that makes the network's input of an image.
    pub preprocessing: Preprocessing,
    /// The trained numbers.
    pub weights: Weights,
    /// Temperature and label-set scores, learned on held-out faces.
    pub calibration: Calibration,
    /// The outputs for other expressions; `None` where the network knows the four emotions alone.
    pub other: Option<OtherOutputs>,
    /// The share of each emotion in the training data (of the targets, where these are soft): positive, of sum 1.
    pub class_mix: PerEmotion<f32>,
    /// Provenance of the model.
    pub provenance: Provenance,
}

/// Provenance of a model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Program and version that trained it, such as `fer 0.1.0`.
    pub software: String,
    /// The command that repeats the training.
    pub command: String,
    /// SHA-256 of the training data in hexadecimal.
    pub data_digest: String,
    /// Measured figures by name, such as `validation_accuracy`; finite.
    pub figures: BTreeMap<String, f64>,
}

impl Model {
    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::File`] with the path and what went wrong: reading the file, or any error of [`Model::from_bytes`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::open(path)?.0)
    }

    /// Reads and validates a model file, and returns the network that its parts agree on.
    pub(crate) fn open(path: impl AsRef<Path>) -> Result<(Self, NetworkSpec)> {
        let path = path.as_ref();
        let read = || {
            let bytes = read_capped(path, MAX_MODEL_BYTES).map_err(|error| match error.kind() {
                std::io::ErrorKind::FileTooLarge => too_large(),
                _ => error.into(),
            })?;
            Self::read(&bytes)
        };
        read().map_err(|error| error.at(path))
    }

    /// Reads a model from the content of a model file.
    ///
    /// # Errors
    /// [`Error::NotAModel`], [`Error::ModelVersion`], [`Error::ModelLabels`], [`Error::ModelMetadata`],
    /// [`Error::ModelTensor`] or [`Error::ModelTooLarge`] if it disagrees with this library;
    /// [`Error::CorruptModel`] if it was cut short or a byte of it was changed. Whatever the bytes, it does not panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Ok(Self::read(bytes)?.0)
    }

    /// Reads and validates a model, and returns the network that its parts agree on.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Self, NetworkSpec)> {
        if bytes.len() as u64 > MAX_MODEL_BYTES {
            return Err(too_large());
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(storage::read_error)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(storage::read_error)?;
        let text = metadata::find(header.metadata().as_ref())?;
        let metadata = Metadata::from_text(text)?;
        digest::check(text, &tensors)?;

        let spec = metadata.config.network_spec()?;
        let other = metadata.other.is_some();
        storage::check_names(&tensors, &spec, other, &[digest::NAME])?;
        let model = Self {
            other: metadata
                .other
                .map(|calibration| storage::read_other(&tensors, calibration))
                .transpose()?,
            weights: storage::read_weights(&tensors, &spec)?,
            calibration: Calibration::of_kind(
                metadata.scores,
                metadata.temperature,
                storage::read_scores(&tensors)?,
            )
            .map_err(|error| metadata_error("calibration", error))?,
            config: metadata.config,
            preprocessing: metadata.preprocessing,
            class_mix: metadata.class_mix,
            provenance: metadata.provenance,
        };
        let spec = model.validate()?;
        Ok((model, spec))
    }

    /// The content of a model file, with the large weights stored as `storage` says.
    ///
    /// # Errors
    /// As [`Model::validate`]; [`Error::ModelTensor`] for weights beyond the range of the storage.
    pub fn to_bytes(&self, storage: WeightStorage) -> Result<Vec<u8>> {
        let spec = self.validate()?;
        let metadata = Metadata::of(self).to_text()?;
        let mut tensors = storage::write_tensors(self, &spec, storage)?;
        tensors.push(digest::tensor(&metadata, &tensors));
        let views = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor));
        let entries = metadata::entries(metadata);
        safetensors::serialize(views, Some(entries)).map_err(storage::read_error)
    }

    /// Writes a model file: whole or not at all, whatever happens meanwhile.
    ///
    /// # Errors
    /// As [`Model::to_bytes`], or [`Error::File`] with the path and why it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>, storage: WeightStorage) -> Result<()> {
        write_atomic(path, &self.to_bytes(storage)?)
    }

    /// The metadata of the model's file by key, as JSON.
    pub(crate) fn metadata_entries(&self) -> Result<Map<String, Value>> {
        Metadata::of(self).to_entries()
    }

    /// Checks that the parts agree, and gives the network that they agree on.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] for a configuration or preprocessing outside its range;
    /// [`Error::ModelMetadata`] if input sizes differ, the class mix is no distribution or a figure is not finite;
    /// [`Error::InvalidLength`] or [`Error::ModelTensor`] for weights of a wrong number or value.
    pub fn validate(&self) -> Result<NetworkSpec> {
        let wrong = |key, reason: String| Err(Error::ModelMetadata { key, reason });
        let spec = self.config.network_spec()?;
        self.preprocessing.validate()?;
        if self.preprocessing.input_size != self.config.input_size {
            let reason = format!(
                "it makes squares of {} pixels, the network takes {}",
                self.preprocessing.input_size, self.config.input_size
            );
            return wrong("preprocessing", reason);
        }
        let mix = &self.class_mix.0;
        let total: f32 = mix.iter().sum();
        if !mix.iter().all(|&share| share > 0.0) || (total - 1.0).abs() > 1e-3 {
            let reason = format!("expected positive shares of sum 1, found {mix:?}");
            return wrong("class_mix", reason);
        }
        if let Some((name, figure)) = non_finite(&self.provenance.figures) {
            return wrong("provenance", format!("figure {name} is {figure}"));
        }
        self.weights.check(&spec)?;
        check_values(&spec, &self.weights)?;
        if let Some(other) = &self.other {
            let checked = other.validate(spec.features());
            checked.map_err(|error| metadata_error("other", error))?;
        }
        Ok(spec)
    }

    /// Returns the network `spec`, that of [`validate`](Self::validate), with the outputs for other expressions after those of the
    /// emotions, and its parameters.
    pub fn with_all_outputs(&self, spec: &NetworkSpec) -> (NetworkSpec, Cow<'_, [f32]>) {
        let mut spec = spec.clone();
        let parameters = &self.weights.parameters;
        let Some(other) = &self.other else {
            return (spec, Cow::Borrowed(parameters));
        };
        // The head is the end of the buffer: its weights, then its biases.
        let (before, biases) = parameters.split_at(parameters.len() - spec.classes);
        spec.classes += other.biases.len();
        let joined = [before, &other.weights, biases, &other.biases].concat();
        (spec, Cow::Owned(joined))
    }
}

fn too_large() -> Error {
    Error::ModelTooLarge {
        limit: MAX_MODEL_BYTES,
    }
}

fn non_finite(figures: &BTreeMap<String, f64>) -> Option<(&String, &f64)> {
    figures.iter().find(|(_, figure)| !figure.is_finite())
}

/// The largest weight that is taken for one: those of trained networks are smaller by far.
const MAX_WEIGHT: f32 = 1e9;

/// Refuses weights that are not numbers or too large, and variances that are negative.
fn check_values(spec: &NetworkSpec, weights: &Weights) -> Result<()> {
    let parameters = spec.parameters().into_iter();
    let parameters = parameters.map(|slot| (slot, &weights.parameters));
    let statistics = spec.statistics().into_iter();
    let statistics = statistics.map(|slot| (slot, &weights.statistics));
    for (slot, buffer) in parameters.chain(statistics) {
        let least = match slot.role {
            Role::RunningVar => 0.0,
            _ => -MAX_WEIGHT,
        };
        let values = &buffer[slot.range];
        let is_sound = |value: &f32| (*value >= least) & (*value <= MAX_WEIGHT);
        // All of them first, by vectors: a search that may stop at any value cannot use them, and every start waits for this.
        if values.iter().fold(true, |sound, v| sound & is_sound(v)) {
            continue;
        }
        if let Some(value) = values.iter().find(|value| !is_sound(value)) {
            return Err(Error::ModelTensor {
                name: slot.name,
                expected: format!("numbers from {least} to {MAX_WEIGHT}"),
                found: format!("holding {value}"),
            });
        }
    }
    Ok(())
}

fn metadata_error(key: &'static str, error: impl std::fmt::Display) -> Error {
    Error::ModelMetadata {
        key,
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests;
