//! The metadata of a model file.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Model, Provenance, metadata_error};
use crate::{
    Emotion, Error, ModelConfig, OtherCalibration, PerEmotion, Preprocessing, Result, ScoreKind,
};

/// The version of the format that this library writes. It reads the one before as well, which knows no other expressions.
const FORMAT_VERSION: u32 = 2;
const OLDEST_VERSION: u32 = 1;

/// The one safetensors metadata entry, whose text is a JSON object. One entry only: safetensors keeps entries in a
/// hash map, and the same model must give the same bytes.
const ENTRY: &str = "fer";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    format_version: u32,
    labels: Vec<String>,
    pub(super) config: ModelConfig,
    pub(super) preprocessing: Preprocessing,
    pub(super) temperature: f32,
    #[serde(default)]
    pub(super) scores: ScoreKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) other: Option<OtherCalibration>,
    pub(super) class_mix: PerEmotion<f32>,
    pub(super) provenance: Provenance,
}

/// Part of the metadata that can be read in any version.
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
            scores: model.calibration.score_kind(),
            other: model.other.as_ref().map(|other| other.calibration),
            class_mix: model.class_mix,
            provenance: model.provenance.clone(),
        }
    }

    /// The entries by name, as JSON.
    pub(super) fn to_entries(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(entries)) => Ok(entries),
            Ok(other) => Err(metadata_error("metadata", format!("{other} is no object"))),
            Err(error) => Err(metadata_error("metadata", error)),
        }
    }

    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| metadata_error("metadata", error))
    }

    /// Checks version and labels before anything else, so that a file of another kind is called that.
    pub(super) fn from_text(text: &str) -> Result<Self> {
        let any: AnyVersion =
            serde_json::from_str(text).map_err(|error| metadata_error("metadata", error))?;
        if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&any.format_version) {
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
}

/// The metadata's text among the entries of a safetensors file.
pub(super) fn find(entries: Option<&HashMap<String, String>>) -> Result<&str> {
    let text = entries.and_then(|entries| entries.get(ENTRY));
    text.map(String::as_str).ok_or_else(|| Error::NotAModel {
        reason: format!("its metadata has no entry {ENTRY:?}"),
    })
}

/// The entries of a safetensors file that [`find`] finds `text` among.
pub(super) fn entries(text: String) -> HashMap<String, String> {
    HashMap::from([(ENTRY.to_owned(), text)])
}

fn own_labels() -> Vec<String> {
    Emotion::ALL.iter().map(ToString::to_string).collect()
}
