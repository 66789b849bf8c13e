//! The tables of a configuration file.

use std::path::PathBuf;

use fer_core::{ModelConfig, WeightStorage};
use serde::{Deserialize, Serialize};

use super::{probability, share, strength, within};
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

/// `[augmentation]`: random changes of the training images, each drawn anew for every image and epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AugmentationConfig {
    /// Probability of a mirror image.
    pub flip: f32,
    /// Largest rotation in degrees, to either side.
    pub rotation: f32,
    /// Largest change of the size: 0.1 draws factors from 0.9 to 1.1.
    pub scale: f32,
    /// Largest shift as a share of the width, in each direction.
    pub shift: f32,
    /// Largest shear: the shift of the top row against the middle one, as a share of half the height.
    pub shear: f32,
    /// Largest change of the brightness, as a share of the full range.
    pub brightness: f32,
    /// Largest change of the contrast: 0.3 draws factors from 0.7 to 1.3.
    pub contrast: f32,
    /// Largest change of the gamma: 0.3 draws exponents from 1/1.3 to 1.3.
    pub gamma: f32,
    /// Probability of a loss of detail: the image shrunk and enlarged again.
    pub downscale: f32,
    /// The smallest size that an image is shrunk to, as a share of its width.
    pub downscale_min: f32,
    /// Probability of a blur.
    pub blur: f32,
    /// Largest standard deviation of the blur, in pixels.
    pub blur_sigma: f32,
    /// Probability of noise.
    pub noise: f32,
    /// Largest standard deviation of the noise, as a share of the full range.
    pub noise_sigma: f32,
    /// Probability that a rectangle is erased (Zhong et al. 2020).
    pub erase: f32,
    /// Largest area of the rectangle, as a share of the image.
    pub erase_area: f32,
    /// Parameter of the beta distribution of mixup (Zhang et al. 2018); 0 turns it off.
    pub mixup: f32,
    /// Probability that a batch is mixed by cut and paste instead (Yun et al. 2019).
    pub cutmix: f32,
}

impl Default for AugmentationConfig {
    fn default() -> Self {
        Self {
            flip: 0.5,
            rotation: 15.0,
            scale: 0.15,
            shift: 0.09,
            shear: 0.05,
            brightness: 0.15,
            contrast: 0.3,
            gamma: 0.2,
            downscale: 0.1,
            downscale_min: 0.4,
            blur: 0.1,
            blur_sigma: 1.0,
            noise: 0.1,
            noise_sigma: 0.05,
            erase: 0.3,
            erase_area: 0.15,
            mixup: 0.0,
            cutmix: 0.0,
        }
    }
}

impl AugmentationConfig {
    /// No change at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            flip: 0.0,
            rotation: 0.0,
            scale: 0.0,
            shift: 0.0,
            shear: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            gamma: 0.0,
            downscale: 0.0,
            blur: 0.0,
            noise: 0.0,
            erase: 0.0,
            mixup: 0.0,
            cutmix: 0.0,
            ..Self::default()
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        probability("augmentation.flip", self.flip)?;
        within(
            "augmentation.rotation",
            self.rotation,
            (0.0..=180.0).contains(&self.rotation),
            "from 0 to 180 degrees",
        )?;
        share("augmentation.scale", self.scale)?;
        share("augmentation.shift", self.shift)?;
        share("augmentation.shear", self.shear)?;
        probability("augmentation.brightness", self.brightness)?;
        probability("augmentation.contrast", self.contrast)?;
        strength("augmentation.gamma", self.gamma)?;
        probability("augmentation.downscale", self.downscale)?;
        let smallest = self.downscale_min;
        within(
            "augmentation.downscale_min",
            smallest,
            (0.1..=1.0).contains(&smallest),
            "from 0.1 to 1",
        )?;
        probability("augmentation.blur", self.blur)?;
        within(
            "augmentation.blur_sigma",
            self.blur_sigma,
            (0.0..=5.0).contains(&self.blur_sigma),
            "from 0 to 5 pixels",
        )?;
        probability("augmentation.noise", self.noise)?;
        probability("augmentation.noise_sigma", self.noise_sigma)?;
        probability("augmentation.erase", self.erase)?;
        probability("augmentation.erase_area", self.erase_area)?;
        // Beyond these the draws become slow and the distribution a constant.
        let mixup = self.mixup;
        within(
            "augmentation.mixup",
            mixup,
            mixup == 0.0 || (0.05..=4.0).contains(&mixup),
            "0, or from 0.05 to 4",
        )?;
        probability("augmentation.cutmix", self.cutmix)
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
    /// Whether the votes for other expressions and for none are learned as well, each by an output that the training has and
    /// the model file leaves out. Every image that anybody voted on is then trained on, whatever `min_share` says.
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
