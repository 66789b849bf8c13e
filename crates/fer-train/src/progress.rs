//! Progress events of a training run, and the [`Observer`] that receives them.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data_summary::DataSummary;
use crate::metrics::Metrics;

/// Watches a training and may stop it. Every method has a default that does nothing.
///
/// ```
/// use fer_train::{EpochMetrics, Observer};
///
/// struct StopAt(f64, bool);
///
/// impl Observer for StopAt {
///     fn epoch(&mut self, epoch: &EpochMetrics) {
///         self.1 = epoch.validation.accuracy >= self.0;
///     }
///
///     fn should_stop(&mut self) -> bool {
///         self.1
///     }
/// }
/// ```
pub trait Observer {
    /// A stage of the preparation begins.
    fn preparing(&mut self, _stage: Preparation) {}

    /// The data is loaded and the first step is about to run.
    fn started(&mut self, _run: &RunStart<'_>) {}

    /// A step has run.
    fn step(&mut self, _step: &StepProgress) {}

    /// An epoch has been trained, validated and written to the run directory.
    fn epoch(&mut self, _epoch: &EpochMetrics) {}

    /// The data or the result needs care: a sentence for the user, such as that the probabilities rest on few validation
    /// images.
    fn warning(&mut self, _message: &str) {}

    /// Asked after every step; `true` writes a checkpoint and ends the call, and the run can be resumed.
    fn should_stop(&mut self) -> bool {
        false
    }
}

/// Watches nothing.
impl Observer for () {}

/// Work before the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preparation {
    /// The images of the dataset are decoded.
    Decoding,
    /// The copies of validation and test images are looked for in `train`.
    SearchingCopies,
    /// The teachers answer to the training images.
    AskingTeachers,
}

impl fmt::Display for Preparation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Decoding => "decoding images",
            Self::SearchingCopies => "searching copies",
            Self::AskingTeachers => "asking teachers",
        })
    }
}

/// State of a run at its beginning.
#[derive(Debug, Clone, Copy)]
pub struct RunStart<'a> {
    /// The run directory.
    pub directory: &'a Path,
    /// Summary of the training data.
    pub data: &'a DataSummary,
    /// Trainable parameters of the network.
    pub parameters: usize,
    /// Epochs that the configuration asks for.
    pub epochs: usize,
    /// Epochs completed before this call: above 0 in a run that is resumed.
    pub completed_epochs: usize,
    /// Steps an epoch.
    pub steps_per_epoch: usize,
    /// Threads in use.
    pub threads: usize,
}

/// State of a run after a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepProgress {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Steps of this epoch taken.
    pub step: usize,
    /// Steps an epoch.
    pub steps_per_epoch: usize,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Images trained on a second, in this epoch.
    pub images_per_second: f64,
    /// Seconds until the configured end at this pace, validation not counted.
    pub seconds_left: f64,
}

/// One line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the steps, on augmented images and softened targets.
    pub train_loss: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The averaged weights on the validation images.
    pub validation: ValidationMetrics,
    /// The same on the extra validation images on which most voters agree; none without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_validation: Option<ValidationMetrics>,
    /// Images trained on a second of step and wait.
    pub images_per_second: f64,
    /// Times that the parts of the epoch took.
    pub seconds: EpochSeconds,
}

/// Figures on the validation images before calibration.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValidationMetrics {
    /// Mean negative log-likelihood of the labels, in nats.
    pub loss: f64,
    /// Share of right answers, in [0, 1].
    pub accuracy: f64,
    /// Mean recall of the classes.
    pub balanced_accuracy: f64,
    /// Mean F1 of the classes.
    pub macro_f1: f64,
}

impl From<&Metrics> for ValidationMetrics {
    fn from(metrics: &Metrics) -> Self {
        Self {
            loss: metrics.nll,
            accuracy: metrics.accuracy,
            balanced_accuracy: metrics.balanced_accuracy,
            macro_f1: metrics.macro_f1,
        }
    }
}

/// Wall-clock seconds of an epoch. After a resume within the epoch, of the part that ran since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSeconds {
    /// From the first batch to the end of the validation.
    pub total: f64,
    /// Waiting for batches: loading and augmentation that the steps did not hide.
    pub wait: f64,
    /// Forward, backward and update.
    pub step: f64,
    /// Validation.
    pub validation: f64,
}
