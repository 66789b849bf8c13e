//! Face emotion recognition in one dependency: what the `fer` command and the Python package do, as functions.
//!
//! Each function goes from a request to a result; none needs a terminal or Python. [`load_classifier`] finds a model,
//! [`predict`] classifies the faces of images and videos, [`train()`] trains, [`evaluate()`] scores a model on class
//! folders, [`compare_models`] compares two, [`audit()`] checks a dataset, [`describe`] returns the facts about a model. [`insight`]
//! names the reference that corrects a model's shares.
//!
//! The crates below are re-exported: [`fer_core`] (models, images, predictions), [`fer_vision`] (faces in images and
//! video), [`fer_train`] (datasets, training, metrics, reports) and [`fer_insight`] (shares of expressions, comparisons).
//!
//! ```
//! use fer_kit::fer_vision::{Analyzer, AnalyzerOptions};
//!
//! # fn main() -> fer_kit::Result<()> {
//! let classifier = fer_kit::load_classifier(Some("crowd"), None, 1)?;
//! assert_eq!(fer_kit::describe(&classifier).labels, ["happy", "sad", "neutral", "surprise"]);
//! let analyzer = Analyzer::new(classifier, AnalyzerOptions::default())?;
//! # let _ = analyzer;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod compare;
mod demo;
mod error;
mod evaluate;
pub mod insight;
mod label_page;
mod labeled_faces;
mod model;
pub mod predict;
mod settings;
mod sheet_crops;
mod train;

pub use fer_core;
pub use fer_insight;
pub use fer_train;
pub use fer_vision;

pub use compare::{ModelComparison, compare_models};
pub use demo::{Demo, write_demo};
pub use error::{Error, Result};
pub use evaluate::{EvaluateOptions, evaluate};
pub use fer_train::audit::{Audit, AuditOptions, AuditStep, audit};
pub use label_page::{LabelPage, make_label_page};
pub use labeled_faces::{LabeledFaces, write_labeled_faces};
pub use model::{ModelInfo, describe, load_classifier};
pub use train::{TrainRequest, train};
