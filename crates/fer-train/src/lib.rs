//! Train and evaluate face emotion models on a folder of labeled images.
//!
//! A dataset is a folder with `train`, `validation` and `test`, each holding one folder a class
//! ([`FolderDataset`]); [`train`] turns it into a run directory with the best weights, the metrics of every epoch and
//! a report.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod audit;
mod augment;
mod batches;
mod calibrate;
mod checkpoint;
mod comparison;
mod config;
pub mod copies;
mod csv_rows;
mod data;
mod data_summary;
mod dataset;
mod device;
mod digest;
mod engine;
mod error;
mod evaluation;
mod faces;
#[cfg(test)]
#[path = "../../../tests/shared/folders.rs"]
mod folders;
pub mod framing;
mod group_figures;
mod groups;
mod initialize;
mod jpeg;
mod logits;
pub mod metrics;
mod paths;
mod progress;
mod random;
mod read;
pub mod report;
pub mod robustness;
mod run_directory;
mod schedule;
#[cfg(test)]
mod testing;
mod trainer;
mod training_run;
mod votes;

pub use calibrate::calibrate;
#[cfg(fuzzing)]
pub use checkpoint::fuzz_checkpoint;
pub use comparison::{Comparison, Decisive, PairedCounts, compare};
pub use config::{
    AugmentationConfig, ClassWeights, DistillationConfig, ExtraConfig, ModelSection, Monitor,
    Optimizer, StartConfig, TeacherViews, TooFewVotes, TrainConfig, VotesConfig,
};
pub use data_summary::{DataSummary, ExtraSummary};
pub use dataset::{ClassFolders, FolderDataset, Item, ScanOptions, Split, SplitName, Unreadable};
pub use device::Device;
pub use error::{Error, Result};
pub use evaluation::{
    Conformal, ERROR_RATE, EvaluatedImage, EvaluatedVotes, Evaluation, EvaluationOptions,
    ExcludeList, Excluded, FaceError, FailedImage, FindFace, Grouped, Scores, evaluate,
    whole_image,
};
pub use faces::FaceSet;
pub use group_figures::{Gap, GroupColumn, GroupFigures, SMALL_GROUP};
pub use groups::Groups;
pub use progress::{
    EpochMetrics, EpochSeconds, Observer, Preparation, RunStart, StepProgress, ValidationMetrics,
};
pub use run_directory::RunDirectory;
pub use schedule::Schedule;
pub use trainer::{TrainOptions, train};
pub use training_run::{Ending, TrainingRun};
pub use votes::{Ballot, Votes};
