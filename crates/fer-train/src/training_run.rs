//! The result of a training run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::config::TrainConfig;
use crate::data_summary::DataSummary;
use crate::metrics::Gain;
use crate::progress::EpochMetrics;

/// The reason why a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All epochs are done.
    Completed,
    /// The validation figure stopped improving.
    EarlyStopped,
    /// The observer asked to stop; the run can be resumed.
    Interrupted,
}

/// The result of a training run, by this call and by those that it resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingRun {
    /// The run directory.
    pub directory: PathBuf,
    /// The model of the best epoch; not there before the first epoch is completed.
    pub model: PathBuf,
    /// The reason why it ended.
    pub ending: Ending,
    /// The configuration in full.
    pub config: TrainConfig,
    /// The images that it was trained on.
    pub data: DataSummary,
    /// The completed epochs.
    pub history: Vec<EpochMetrics>,
    /// The best epoch, from 1; none before the first is completed.
    pub best_epoch: Option<usize>,
    /// The best model against the one that the training started from, on the validation images of the dataset, which also chose the
    /// epoch; none without a start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<Gain>,
}

impl TrainingRun {
    /// Returns the figures of the best epoch.
    #[must_use]
    pub fn best(&self) -> Option<&EpochMetrics> {
        self.best_epoch
            .and_then(|epoch| self.history.get(epoch - 1))
    }
}
