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
    /// Images trained on, extra ones included.
    pub trained_on: usize,
    /// Training images removed because `validation` or `test` has a copy.
    pub copies_removed: usize,
    /// Training images left out because too few votes are for the four classes.
    pub without_votes: usize,
    /// Labeled images validated on.
    pub validation_images: PerEmotion<usize>,
    /// Files that could not be read, with paths relative to the dataset.
    pub unreadable: Vec<Unreadable>,
    /// Counts of the extra images; none if there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<ExtraSummary>,
}

/// Counts of the images beside a dataset, whose targets are their votes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtraSummary {
    /// Images trained on.
    pub trained_on: usize,
    /// Images removed because a validation or test split has a copy.
    pub copies_removed: usize,
    /// Images left out because nobody, or too few, voted for what is learned.
    pub without_votes: usize,
    /// Images that help to choose the epoch, by the class that more than half of the voters chose.
    pub validation_images: PerEmotion<usize>,
    /// Files that could not be read, with paths relative to the folder.
    pub unreadable: Vec<Unreadable>,
}
