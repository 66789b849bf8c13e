//! The findings of an audit, as they are written.

use std::collections::{BTreeMap, BTreeSet};

use fer_core::{Emotion, PerEmotion};
use serde::{Deserialize, Serialize};

use crate::copies::CopyKind;
use crate::dataset::SplitName;

/// The findings of an audit: the JSON of `fer audit`. Paths are relative to the dataset, with `/` between their parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Images with the same pixels at the size of comparison; see [`copies_within`](crate::copies::copies_within) for how sets of
    /// more than two are paired.
    pub exact: Vec<Duplicate>,
    /// Images of the same photograph, treated differently.
    pub near: Vec<Duplicate>,
    /// The copies, exact and near, that carry different labels.
    pub label_conflicts: Vec<LabelConflict>,
    /// Files that are no images, and blank or placeholder images.
    pub unreadable: Vec<BadImage>,
    /// Images whose label is probably wrong, the most probable first; empty unless they were asked for.
    pub suspect_labels: Vec<SuspectLabel>,
    /// `true` if suspect labels were searched for.
    pub suspects_searched: bool,
    /// The held-out images that have a copy in an earlier split.
    pub leaked: Leaked,
    /// Number of files by split and class.
    pub counts: BTreeMap<SplitName, PerEmotion<usize>>,
}

/// Two images that are copies of one another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The image of the earlier split, or the first by path.
    pub a: String,
    /// The other image.
    pub b: String,
    /// Relation of the copy to its original.
    pub kind: CopyKind,
    /// Similarity, at most 1; 1 for exact copies.
    pub score: f32,
}

/// Two copies with different labels, of which one at least is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelConflict {
    /// The copies.
    #[serde(flatten)]
    pub duplicate: Duplicate,
    /// The label of `a`.
    pub label_a: Emotion,
    /// The label of `b`.
    pub label_b: Emotion,
}

/// A file that nothing can be learned from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BadImage {
    /// The file.
    pub path: String,
    /// Fault of the file.
    pub kind: BadImageKind,
    /// The reason in words.
    pub message: String,
}

/// Faults of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadImageKind {
    /// It cannot be read or decoded.
    Unreadable,
    /// It is an image of one gray level.
    Blank,
    /// Nearly all of it is of one gray level: a sign or a notice in the place of an image.
    Placeholder,
}

/// An image whose label is probably wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectLabel {
    /// The image.
    pub path: String,
    /// The label that it has.
    pub label: Emotion,
    /// The label that it probably should have.
    pub suggested: Emotion,
    /// Probability of the suggested label less that of its own, in `[-1, 1]`, by a model that was not trained on it.
    pub margin: f32,
}

/// Held-out images that a model may know by heart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaked {
    /// Validation images with a copy in train.
    pub validation: BTreeSet<String>,
    /// Test images with a copy in train or validation.
    pub test: BTreeSet<String>,
}

impl Leaked {
    /// Files an image of `split` that has a copy in an earlier split.
    pub(super) fn add(&mut self, split: SplitName, path: &str) {
        let paths = match split {
            SplitName::Train => return,
            SplitName::Validation => &mut self.validation,
            SplitName::Test => &mut self.test,
        };
        paths.insert(path.to_owned());
    }
}
