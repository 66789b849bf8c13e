//! The table `[augmentation]` of a configuration file.

use serde::{Deserialize, Serialize};

use super::ranges::{probability, share, strength, within};
use crate::error::Result;

/// `[augmentation]`: random changes of the training images, drawn for each image and epoch.
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
    /// Probability that the tones are bent by a random curve, which rises from black to white in four straight pieces.
    pub tone_curve: f32,
    /// Largest change of the slope of a piece: 1.0 draws factors from 1/2 to 2.
    pub tone_curve_strength: f32,
    /// Probability that the local contrast changes: the differences from the surroundings.
    pub local_contrast: f32,
    /// Largest change of the local contrast: 1.0 draws factors from 1/2 to 2.
    pub local_contrast_strength: f32,
    /// Probability that the skin darkens while brows, lashes and background stay as they are.
    pub dark_skin: f32,
    /// The least that is left of the difference between the skin and the dark parts of the face, from 0 to 1.
    pub dark_skin_min: f32,
    /// Probability that glasses, clear or dark, are drawn over the eyes.
    pub glasses: f32,
    /// Probability that a mask is drawn over nose and mouth.
    pub mask: f32,
    /// Probability that a hand is drawn over a part of the face.
    pub hand: f32,
    /// Probability of low light: the image darkened, with the grain of a sensor of up to 6 gray levels.
    pub low_light: f32,
    /// The least light that is left, as a share.
    pub low_light_min: f32,
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
    /// Probability of JPEG compression.
    pub jpeg: f32,
    /// The lowest quality of the compression, from 1 to 100.
    pub jpeg_quality_min: u8,
    /// The highest quality of the compression, from 1 to 100.
    pub jpeg_quality_max: u8,
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
            tone_curve: 0.0,
            tone_curve_strength: 1.0,
            local_contrast: 0.0,
            local_contrast_strength: 1.0,
            dark_skin: 0.0,
            dark_skin_min: 0.25,
            glasses: 0.0,
            mask: 0.0,
            hand: 0.0,
            low_light: 0.0,
            low_light_min: 0.15,
            downscale: 0.1,
            downscale_min: 0.4,
            blur: 0.1,
            blur_sigma: 1.0,
            noise: 0.1,
            noise_sigma: 0.05,
            jpeg: 0.0,
            jpeg_quality_min: 10,
            jpeg_quality_max: 60,
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
            tone_curve: 0.0,
            local_contrast: 0.0,
            dark_skin: 0.0,
            glasses: 0.0,
            mask: 0.0,
            hand: 0.0,
            low_light: 0.0,
            downscale: 0.0,
            blur: 0.0,
            noise: 0.0,
            jpeg: 0.0,
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
        probability("augmentation.tone_curve", self.tone_curve)?;
        strength("augmentation.tone_curve_strength", self.tone_curve_strength)?;
        probability("augmentation.local_contrast", self.local_contrast)?;
        strength(
            "augmentation.local_contrast_strength",
            self.local_contrast_strength,
        )?;
        probability("augmentation.dark_skin", self.dark_skin)?;
        probability("augmentation.dark_skin_min", self.dark_skin_min)?;
        probability("augmentation.glasses", self.glasses)?;
        probability("augmentation.mask", self.mask)?;
        probability("augmentation.hand", self.hand)?;
        probability("augmentation.low_light", self.low_light)?;
        probability("augmentation.low_light_min", self.low_light_min)?;
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
        probability("augmentation.jpeg", self.jpeg)?;
        let (lowest, highest) = (self.jpeg_quality_min, self.jpeg_quality_max);
        within(
            "augmentation.jpeg_quality_min",
            lowest,
            (1..=100).contains(&lowest),
            "from 1 to 100",
        )?;
        within(
            "augmentation.jpeg_quality_max",
            highest,
            (lowest..=100).contains(&highest),
            "from jpeg_quality_min to 100",
        )?;
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
