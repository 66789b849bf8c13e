//! The tables of a configuration file.

use std::path::PathBuf;

use fer_core::{ModelConfig, WeightStorage};
use serde::{Deserialize, Serialize};

use super::ranges::{probability, strength, within};
use crate::error::Result;

/// `[model]`: the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSection {
    /// Width and height of the input in pixels.
    pub input_size: usize,
    /// Channels of each stage; every stage ends with a 2x2 max-pool.
    pub channels: Vec<usize>,
    /// Convolution blocks in each stage.
    pub blocks_per_stage: usize,
    /// Storage of the weights of `best.safetensors`: `f32`, or `f16` for half the size.
    pub storage: WeightStorage,
}

impl Default for ModelSection {
    fn default() -> Self {
        let ModelConfig {
            input_size,
            channels,
            blocks_per_stage,
        } = ModelConfig::default();
        Self {
            input_size,
            channels,
            blocks_per_stage,
            storage: WeightStorage::default(),
        }
    }
}

/// `[votes]`: soft targets from crowd votes; see [`crate::Votes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VotesConfig {
    /// The CSV file; its paths are relative to the dataset. Without it the folders are the labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Votes added to each class before the shares are taken.
    pub smoothing: f32,
    /// The least share of an image's votes that must be for the four classes together.
    pub min_share: f32,
    /// Treatment of a training image with fewer.
    pub too_few: TooFewVotes,
    /// Learns the votes for other expressions and for none as well, each by an output of its own; the model joins these to one share,
    /// `other`. Every image that anybody voted on is then trained on, whatever `min_share` says.
    pub others: bool,
}

impl Default for VotesConfig {
    fn default() -> Self {
        Self {
            file: None,
            smoothing: 0.1,
            min_share: 0.5,
            too_few: TooFewVotes::Drop,
            others: false,
        }
    }
}

impl VotesConfig {
    pub(super) fn validate(&self) -> Result<()> {
        strength("votes.smoothing", self.smoothing)?;
        probability("votes.min_share", self.min_share)
    }
}

/// `[extra]`: images beside the dataset. They have no class folders; their targets are their votes, under the settings of `[votes]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtraConfig {
    /// Folder with `train`, and perhaps `validation`, of any folders inside. The class mix stays that of the dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The CSV file of their votes; its paths are relative to that folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<PathBuf>,
}

impl ExtraConfig {
    pub(super) fn validate(&self) -> Result<()> {
        let expected = "both a folder and its votes, or neither";
        let complete = self.folder.is_some() == self.votes.is_some();
        let missing = if self.folder.is_some() {
            "extra.votes"
        } else {
            "extra.folder"
        };
        within(missing, "nothing", complete, expected)
    }
}

/// Treatment of a training image in which too few people saw one of the four classes, or on which nobody voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooFewVotes {
    /// It is left out: the crowd saw another expression or no face.
    #[default]
    Drop,
    /// Its folder is its label.
    FolderLabel,
}

/// `[distillation]`: soft targets from trained models (Hinton et al. 2015).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistillationConfig {
    /// Model files whose mean prediction is the teacher; none turns it off.
    pub teachers: Vec<PathBuf>,
    /// The teacher's weight in the target, from 0 to 1.
    pub weight: f32,
    /// Divides the teachers' logits: above 1 softens them.
    pub temperature: f32,
    /// View of each image that the teachers see.
    pub views: TeacherViews,
}

/// Views of a training image for teachers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TeacherViews {
    /// The image as it is and its mirror image, once before the training.
    #[default]
    Original,
    /// The view that the student sees, augmented, at every step (Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and
    /// consistent"); a sixth slower for a teacher of the student's size.
    Augmented,
    /// The view that the student sees before it is made worse: turned, shifted and lit alike, but with its detail and uncovered. As slow as
    /// `augmented`.
    Clean,
}

impl Default for DistillationConfig {
    fn default() -> Self {
        Self {
            teachers: Vec::new(),
            weight: 0.7,
            temperature: 1.0,
            views: TeacherViews::default(),
        }
    }
}

impl DistillationConfig {
    pub(super) fn validate(&self) -> Result<()> {
        probability("distillation.weight", self.weight)?;
        let temperature = self.temperature;
        within(
            "distillation.temperature",
            temperature,
            temperature > 0.0 && temperature.is_finite(),
            "a positive number",
        )
    }
}
