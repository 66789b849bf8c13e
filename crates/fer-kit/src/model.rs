//! Models by name or file, and the facts about them.

use std::path::{Path, PathBuf};

use fer_core::{
    Classifier, Emotion, Model, ModelConfig, OtherCalibration, PerEmotion, Preprocessing, Priors,
    Provenance,
};
use fer_train::RunDirectory;
use serde::Serialize;

use crate::Result;

/// Loads the model that `model` names: a built-in one by name, a model file by path, or the best model of a run by the
/// run's folder; the default model for `None`.
///
/// `priors` of `None` leaves the default; `threads` of 0 uses every core.
///
/// # Errors
/// [`Error::Core`](crate::Error::Core) for what is neither a name nor a model file.
pub fn load_classifier(
    model: Option<&str>,
    priors: Option<Priors>,
    threads: usize,
) -> Result<Classifier> {
    let classifier = match model {
        None => Classifier::pretrained()?,
        Some(model) => Classifier::find(model_file(Path::new(model)))?,
    };
    let classifier = classifier.with_threads(threads);
    Ok(classifier.with_priors(priors.unwrap_or_default())?)
}

/// Returns what `model` names, for a run's folder its best model.
pub(crate) fn model_file(model: &Path) -> PathBuf {
    let is_name = |name: &str| Model::names().contains(&name);
    if !model.to_str().is_some_and(is_name) && model.is_dir() {
        return RunDirectory::at(model).best();
    }
    model.to_owned()
}

/// Facts about a model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo<'a> {
    /// Names of the classes, in the order of the outputs.
    pub labels: [&'static str; Emotion::COUNT],
    /// The shape of the network.
    pub network: &'a ModelConfig,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Preprocessing of an image to the network's input.
    pub preprocessing: &'a Preprocessing,
    /// Temperature that logits are divided by.
    pub temperature: f32,
    /// Scale of its outputs for other expressions, and the share that is called one; none without such outputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<OtherCalibration>,
    /// Share of each emotion in the training data.
    pub class_mix: &'a PerEmotion<f32>,
    /// Class mix that probabilities assume.
    pub priors: Priors,
    /// Origin and figures of the model.
    pub provenance: &'a Provenance,
}

/// Returns the facts about the classifier's model.
#[must_use]
pub fn describe(classifier: &Classifier) -> ModelInfo<'_> {
    let model = classifier.model();
    ModelInfo {
        labels: Emotion::ALL.map(Emotion::label),
        network: &model.config,
        parameters: model.weights.parameters.len(),
        preprocessing: &model.preprocessing,
        temperature: model.calibration.temperature(),
        other: model.other.as_ref().map(|other| other.calibration),
        class_mix: &model.class_mix,
        priors: classifier.priors(),
        provenance: &model.provenance,
    }
}
