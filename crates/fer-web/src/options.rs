//! Settings as JSON, in the spelling of JavaScript. What is absent has the default of the native library.

use fer_core::{Classifier, Priors};
use fer_vision::{Analyzer, AnalyzerOptions, FaceMode, FaceSearch, StreamOptions};
use serde::Deserialize;

use crate::error::Result;

/// Settings of an analyzer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct AnalyzerSettings {
    faces: Option<String>,
    min_face: Option<u32>,
    max_face: Option<u32>,
    min_score: Option<f32>,
    max_faces: Option<usize>,
    priors: Option<String>,
}

impl AnalyzerSettings {
    /// Makes an analyzer of the content of a model file.
    ///
    /// # Errors
    /// Settings or a model that the native library refuses.
    pub(crate) fn analyzer(self, model: &[u8]) -> Result<Analyzer> {
        let priors = self
            .priors
            .as_deref()
            .map(str::parse::<Priors>)
            .transpose()?;
        let classifier = Classifier::from_bytes(model)?
            .with_threads(1)
            .with_priors(priors.unwrap_or_default())?;
        let faces = self
            .faces
            .as_deref()
            .map(str::parse::<FaceMode>)
            .transpose()?;
        let options = AnalyzerOptions {
            faces: faces.unwrap_or_default(),
            search: FaceSearch {
                min_face: self.min_face,
                max_face: self.max_face,
                max_faces: self.max_faces,
                min_score: self.min_score.unwrap_or(FaceSearch::default().min_score),
                ..FaceSearch::default()
            },
            threads: 1,
            ..AnalyzerOptions::default()
        };
        Ok(Analyzer::new(classifier, options)?)
    }
}

/// Settings of a stream; times are in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct StreamSettings {
    search_interval: Option<f64>,
    max_gap: Option<f64>,
    smoothing: Option<f64>,
    min_overlap: Option<f32>,
}

impl From<StreamSettings> for StreamOptions {
    fn from(settings: StreamSettings) -> Self {
        let default = Self::default();
        Self {
            search_interval: settings.search_interval.unwrap_or(default.search_interval),
            max_gap: settings.max_gap.unwrap_or(default.max_gap),
            smoothing: settings.smoothing.unwrap_or(default.smoothing),
            min_overlap: settings.min_overlap.unwrap_or(default.min_overlap),
        }
    }
}
