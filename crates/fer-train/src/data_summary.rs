//! Counts of a dataset and of what a run used of it.

use fer_core::PerEmotion;
use serde::{Deserialize, Serialize};

use crate::dataset::Unreadable;

/// Counts of the images in a dataset and of those left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// SHA-256 of the images used: their paths, classes and contents.
    pub digest: String,
    /// Readable images in `train` by folder.
    pub train_images: PerEmotion<usize>,
    /// Images trained on.
    pub trained_on: usize,
    /// Training images removed because `validation` or `test` has a copy.
    pub copies_removed: usize,
    /// Training images left out because too few votes are for the four classes.
    pub without_votes: usize,
    /// Labelled images validated on.
    pub validation_images: PerEmotion<usize>,
    /// Files that could not be read, with paths relative to the dataset.
    pub unreadable: Vec<Unreadable>,
}
