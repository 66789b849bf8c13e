//! The metadata of a model file.

use std::collections::HashMap;

use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::storage::TensorBytes;
use super::{Model, Provenance, metadata_error};
use crate::{Emotion, Error, ModelConfig, PerEmotion, Preprocessing, Result};

/// The version of the format that this library reads and writes.
const FORMAT_VERSION: u32 = 1;

/// The one safetensors metadata entry, whose text is a JSON object. One entry only: safetensors keeps entries in a
/// hash map, and the same model must give the same bytes.
const ENTRY: &str = "fer";

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    format_version: u32,
    labels: Vec<String>,
    pub(super) config: ModelConfig,
    pub(super) preprocessing: Preprocessing,
    pub(super) temperature: f32,
    pub(super) class_mix: PerEmotion<f32>,
    pub(super) provenance: Provenance,
    /// SHA-256 of this object with an empty digest and of all tensors, in hexadecimal.
    sha256: String,
}

/// What can be read of any version.
#[derive(Deserialize)]
struct AnyVersion {
    format_version: u32,
    labels: Vec<String>,
}

impl Metadata {
    pub(super) fn of(model: &Model) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            labels: own_labels(),
            config: model.config.clone(),
            preprocessing: model.preprocessing.clone(),
            temperature: model.calibration.temperature(),
            class_mix: model.class_mix,
            provenance: model.provenance.clone(),
            sha256: String::new(),
        }
    }

    /// Reads and checks version and labels before anything else, so that a file of another kind is called that.
    pub(super) fn read(entries: Option<&HashMap<String, String>>) -> Result<Self> {
        let text = entries
            .and_then(|entries| entries.get(ENTRY))
            .ok_or_else(|| Error::NotAModel {
                reason: format!("its metadata has no entry {ENTRY:?}"),
            })?;
        let any: AnyVersion =
            serde_json::from_str(text).map_err(|error| metadata_error("metadata", error))?;
        if any.format_version != FORMAT_VERSION {
            return Err(Error::ModelVersion {
                supported: FORMAT_VERSION,
                found: any.format_version,
            });
        }
        if any.labels != own_labels() {
            return Err(Error::ModelLabels {
                expected: own_labels(),
                found: any.labels,
            });
        }
        serde_json::from_str(text).map_err(|error| metadata_error("metadata", error))
    }

    pub(super) fn write(&self) -> Result<HashMap<String, String>> {
        Ok(HashMap::from([(ENTRY.to_owned(), self.to_json()?)]))
    }

    pub(super) fn with_digest_of(self, tensors: &[TensorBytes]) -> Result<Self> {
        let tensors = tensors
            .iter()
            .map(|t| (t.name.as_str(), t.bytes.as_slice()));
        let sha256 = self.digest(tensors.collect())?;
        Ok(Self { sha256, ..self })
    }

    pub(super) fn check_digest(&self, tensors: &SafeTensors<'_>) -> Result<()> {
        let tensors = tensors.iter().map(|(name, view)| (name, view.data()));
        let found = self.digest(tensors.collect())?;
        if found != self.sha256 {
            return Err(Error::CorruptModel {
                reason: format!("its SHA-256 is {found}, expected {}", self.sha256),
            });
        }
        Ok(())
    }

    fn digest(&self, mut tensors: Vec<(&str, &[u8])>) -> Result<String> {
        tensors.sort_unstable();
        let undigested = Self {
            sha256: String::new(),
            ..self.clone()
        };
        let mut hasher = Sha256::new();
        hasher.update(undigested.to_json()?);
        for (name, bytes) in tensors {
            hasher.update((name.len() as u64).to_le_bytes());
            hasher.update(name);
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        Ok(hasher
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| metadata_error("metadata", error))
    }
}

fn own_labels() -> Vec<String> {
    Emotion::ALL.iter().map(ToString::to_string).collect()
}
