//! Random changes of training images: what a camera, a pose or a light may do to a face without changing its look.
//!
//! The changes of an image are drawn from its own stream of random numbers ([`Random`]), so they depend on seed, epoch
//! and image alone, never on threads or on the other images.

mod detail;
mod geometry;
mod light;
mod mixing;
mod occlusion;
mod shape;

use image::GrayImage;

use crate::config::AugmentationConfig;
use crate::error::Result;
use crate::jpeg::recompress;
use crate::random::Random;

use geometry::{Affine, Frame};
pub(crate) use mixing::mix_batch;
use occlusion::Thing;

/// Applies random changes to gray square images. Holds scratch space: one a thread.
#[derive(Debug, Clone)]
pub(crate) struct Augmenter {
    config: AugmentationConfig,
    size: usize,
    /// The image in work, `[S, S]`, in gray levels from 0 to 255.
    image: Vec<f32>,
    scratch: Vec<f32>,
}

impl Augmenter {
    /// An augmenter of `[size, size]` images.
    pub(crate) fn new(config: &AugmentationConfig, size: usize) -> Self {
        let zeros = vec![0.0; size * size];
        Self {
            config: config.clone(),
            size,
            image: zeros.clone(),
            scratch: zeros,
        }
    }

    /// Writes a changed copy of `face` (`[S, S]` gray levels) to `out`, drawing every change from `random`. A copy that is turned,
    /// shifted and lit as `out` is, but neither covered nor worse in detail, goes to `clean` where there is one.
    ///
    /// # Errors
    /// Those of the JPEG codec.
    pub(crate) fn apply(
        &mut self,
        face: &[u8],
        random: &mut Random,
        clean: Option<&mut [u8]>,
        out: &mut [u8],
    ) -> Result<()> {
        let frame = self.draw_affine(random).frame(self.size);
        let tone = self.draw_tone(random);
        for (pixel, &level) in self.scratch.iter_mut().zip(face) {
            *pixel = tone[usize::from(level)];
        }
        geometry::warp(&frame, &self.scratch, &mut self.image);
        if let Some(clean) = clean {
            to_bytes(&self.image, clean);
        }
        self.change_light(&frame, random);
        self.cover(&frame, random);
        self.lose_detail(random);
        self.add_noise(random);
        if happens(self.config.jpeg, random) {
            self.compress(random)?;
        }
        if random.chance(self.config.erase) {
            detail::erase(&mut self.image, self.size, self.config.erase_area, random);
        }
        to_bytes(&self.image, out);
        Ok(())
    }

    fn draw_affine(&self, random: &mut Random) -> Affine {
        let config = &self.config;
        let shift = config.shift * self.size as f32;
        Affine {
            mirrored: random.chance(config.flip),
            rotation: random.symmetric(config.rotation).to_radians(),
            scale: 1.0 + random.symmetric(config.scale),
            shear: random.symmetric(config.shear),
            shift_x: random.symmetric(shift),
            shift_y: random.symmetric(shift),
        }
    }

    /// Draws brightness, contrast and gamma: the new gray level of each of the 256.
    fn draw_tone(&self, random: &mut Random) -> [f32; 256] {
        let config = &self.config;
        let brightness = 255.0 * random.symmetric(config.brightness);
        let contrast = 1.0 + random.symmetric(config.contrast);
        let gamma = (random.symmetric(1.0) * (1.0 + config.gamma).ln()).exp();
        std::array::from_fn(|level| {
            let curved = if gamma == 1.0 {
                level as f32
            } else {
                255.0 * (level as f32 / 255.0).powf(gamma)
            };
            // Middle gray is the pivot of the contrast.
            ((curved - 127.5) * contrast + 127.5 + brightness).clamp(0.0, 255.0)
        })
    }

    /// Changes what light and skin change: tones, local contrast, the skin's levels.
    fn change_light(&mut self, frame: &Frame, random: &mut Random) {
        let config = &self.config;
        let (image, size) = (&mut self.image, self.size);
        if happens(config.tone_curve, random) {
            light::bend_tones(image, config.tone_curve_strength, random);
        }
        if happens(config.local_contrast, random) {
            let strength = config.local_contrast_strength;
            light::change_local_contrast(image, size, strength, &mut self.scratch, random);
        }
        if happens(config.dark_skin, random) {
            light::darken_skin(image, frame, config.dark_skin_min, random);
        }
    }

    /// Draws things before the face.
    fn cover(&mut self, frame: &Frame, random: &mut Random) {
        let config = &self.config;
        if happens(config.glasses, random) {
            Thing::glasses(random).cover(&mut self.image, frame);
        }
        if happens(config.mask, random) {
            Thing::mask(random).cover(&mut self.image, frame);
        }
        if happens(config.hand, random) {
            let skin = self.image.iter().sum::<f32>() / self.image.len() as f32;
            Thing::hand(skin, random).cover(&mut self.image, frame);
        }
    }

    /// Applies the effects of bad cameras and small faces: a lower resolution, a blur.
    fn lose_detail(&mut self, random: &mut Random) {
        if random.chance(self.config.downscale) {
            let share = random.range(self.config.downscale_min, 1.0);
            let small = ((self.size as f32 * share).round() as usize).clamp(1, self.size);
            detail::downscale(&mut self.image, self.size, small, &mut self.scratch);
        }
        if random.chance(self.config.blur) {
            let sigma = random.range(0.0, self.config.blur_sigma);
            detail::blur(&mut self.image, self.size, sigma, &mut self.scratch);
        }
    }

    /// Adds the noise of a sensor, which weighs the more the less light there is.
    fn add_noise(&mut self, random: &mut Random) {
        if happens(self.config.low_light, random) {
            light::dim(&mut self.image, self.config.low_light_min, random);
        }
        if random.chance(self.config.noise) {
            let sigma = 255.0 * random.range(0.0, self.config.noise_sigma);
            detail::add_noise(&mut self.image, sigma, random);
        }
    }

    /// Compresses the image as JPEG files are.
    fn compress(&mut self, random: &mut Random) -> Result<()> {
        let (lowest, highest) = (self.config.jpeg_quality_min, self.config.jpeg_quality_max);
        let quality = lowest + random.below(usize::from(highest - lowest) + 1) as u8;
        let side = self.size as u32;
        let image = &self.image;
        let before = GrayImage::from_fn(side, side, |x, y| {
            image::Luma([to_byte(image[(y * side + x) as usize])])
        });
        let after = recompress(&before, quality)?;
        for (pixel, &level) in self.image.iter_mut().zip(after.as_raw()) {
            *pixel = f32::from(level);
        }
        Ok(())
    }
}

/// Decides a change of this probability. One that is off draws no number, so that it leaves the others' draws alone.
fn happens(probability: f32, random: &mut Random) -> bool {
    probability > 0.0 && random.chance(probability)
}

fn to_bytes(image: &[f32], bytes: &mut [u8]) {
    for (byte, &pixel) in bytes.iter_mut().zip(image) {
        *byte = to_byte(pixel);
    }
}

/// Rounds a level; the conversion clamps it to 0..=255.
fn to_byte(level: f32) -> u8 {
    (level + 0.5) as u8
}

#[cfg(test)]
mod tests;
