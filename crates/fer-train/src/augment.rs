//! Random changes of training images: what a camera, a pose or a light may do to a face without changing its look.
//!
//! The changes of an image are drawn from its own stream of random numbers ([`Random`]), so they depend on seed, epoch
//! and image alone, never on threads or on the other images.

mod detail;
mod geometry;
mod light;
mod mixing;
mod occlusion;

use image::GrayImage;

use crate::config::AugmentationConfig;
use crate::error::Result;
use crate::jpeg::recompress;
use crate::random::Random;

use geometry::{Affine, Frame};
pub(crate) use mixing::mix_batch;
use occlusion::Thing;

/// Applies random changes to grey square images. Holds scratch space: one a thread.
#[derive(Debug, Clone)]
pub(crate) struct Augmenter {
    config: AugmentationConfig,
    size: usize,
    /// The image in work, `[S, S]`, in grey levels from 0 to 255.
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

    /// Writes a changed copy of `face` (`[S, S]` grey levels) to `out`, drawing every change from `random`. A copy that is turned,
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

    /// Draws brightness, contrast and gamma: the new grey level of each of the 256.
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
            // Middle grey is the pivot of the contrast.
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
mod tests {
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::digest::hex;
    use crate::random::Purpose;

    fn stream(index: u64) -> Random {
        Random::new(5, Purpose::Augmentation, 1, index)
    }

    fn augment(config: &AugmentationConfig, face: &[u8], index: u64) -> Vec<u8> {
        let size = face.len().isqrt();
        let mut out = vec![0; face.len()];
        Augmenter::new(config, size)
            .apply(face, &mut stream(index), None, &mut out)
            .unwrap();
        out
    }

    fn face() -> Vec<u8> {
        (0..48 * 48).map(|pixel| (pixel % 251) as u8).collect()
    }

    /// Each change, every time.
    fn everything() -> AugmentationConfig {
        AugmentationConfig {
            tone_curve: 1.0,
            local_contrast: 1.0,
            dark_skin: 1.0,
            glasses: 1.0,
            mask: 1.0,
            hand: 1.0,
            low_light: 1.0,
            erase: 1.0,
            noise: 1.0,
            blur: 1.0,
            downscale: 1.0,
            jpeg: 1.0,
            ..Default::default()
        }
    }

    proptest! {
        #[test]
        fn no_change_is_the_identity(face in proptest::collection::vec(any::<u8>(), 144)) {
            prop_assert_eq!(augment(&AugmentationConfig::none(), &face, 0), face);
        }

        #[test]
        fn a_flip_mirrors_rows_and_twice_is_the_identity(face in proptest::collection::vec(any::<u8>(), 144)) {
            let flip = AugmentationConfig { flip: 1.0, ..AugmentationConfig::none() };
            let mirrored = augment(&flip, &face, 0);
            for (row, original) in mirrored.chunks(12).zip(face.chunks(12)) {
                prop_assert!(row.iter().eq(original.iter().rev()));
            }
            prop_assert_eq!(augment(&flip, &mirrored, 0), face);
        }

        #[test]
        fn geometry_keeps_levels_within_those_of_the_image(
            face in proptest::collection::vec(40u8..200, 144),
            index in any::<u64>(),
        ) {
            let geometry = AugmentationConfig {
                rotation: 180.0, scale: 0.5, shift: 0.5, shear: 0.3, ..AugmentationConfig::none()
            };
            let out = augment(&geometry, &face, index);
            let (low, high) = (face.iter().min().unwrap(), face.iter().max().unwrap());
            prop_assert!(out.iter().all(|level| (low..=high).contains(&level)));
        }

        #[test]
        fn a_blank_image_stays_blank_under_geometry_and_blur(level in any::<u8>(), index in any::<u64>()) {
            let config = AugmentationConfig {
                flip: 0.5, rotation: 45.0, scale: 0.5, shift: 0.3, shear: 0.3,
                downscale: 1.0, blur: 1.0, blur_sigma: 2.0,
                ..AugmentationConfig::none()
            };
            prop_assert_eq!(augment(&config, &[level; 144], index), vec![level; 144]);
        }
    }

    #[test]
    fn the_same_stream_gives_the_same_image_whatever_came_before() {
        let (config, face) = (everything(), face());
        let mut used = Augmenter::new(&config, 48);
        let mut out = vec![0; face.len()];
        for index in [9, 3] {
            used.apply(&face, &mut stream(index), None, &mut out)
                .unwrap();
        }
        assert_eq!(out, augment(&config, &face, 3));
        assert_ne!(out, augment(&config, &face, 4));
    }

    #[test]
    fn what_is_off_draws_nothing() {
        let mut random = stream(1);
        assert!(!happens(0.0, &mut random));
        assert_eq!(random.bits(), stream(1).bits());
    }

    #[test]
    fn the_default_changes_are_those_of_version_0_1() {
        // Written by the code before tone curves, occlusions and compression came.
        let mut digest = Sha256::new();
        for index in 0..64 {
            digest.update(augment(&AugmentationConfig::default(), &face(), index));
        }
        assert_eq!(
            hex(&digest.finalize()),
            "c13eab2e992116bc3d6dc63043070f5b2e1ec6c431961a2b7fef7117857df8c8"
        );
    }

    #[test]
    fn the_clean_copy_is_turned_and_lit_alike_and_nothing_more() {
        let face = face();
        let kept = AugmentationConfig {
            downscale: 0.0,
            blur: 0.0,
            noise: 0.0,
            erase: 0.0,
            ..Default::default()
        };
        for index in 0..20 {
            let (mut clean, mut out) = (vec![0; face.len()], vec![0; face.len()]);
            Augmenter::new(&everything(), 48)
                .apply(&face, &mut stream(index), Some(&mut clean), &mut out)
                .unwrap();
            assert_eq!(clean, augment(&kept, &face, index));
            assert_ne!(clean, out);
            assert_eq!(
                out,
                augment(&everything(), &face, index),
                "with or without the copy"
            );
        }
    }

    #[test]
    fn compression_is_that_of_a_jpeg_file_of_a_quality_in_the_range() {
        let face = face();
        let qualities = AugmentationConfig {
            jpeg: 1.0,
            jpeg_quality_min: 10,
            jpeg_quality_max: 12,
            ..AugmentationConfig::none()
        };
        let image = GrayImage::from_raw(48, 48, face.clone()).unwrap();
        let expected = [10, 11, 12].map(|quality| recompress(&image, quality).unwrap().into_raw());
        let mut seen = [false; 3];
        for index in 0..50 {
            let out = augment(&qualities, &face, index);
            let quality = expected.iter().position(|expected| *expected == out);
            seen[quality.expect("one of the three qualities")] = true;
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn each_new_change_changes_the_image_when_it_is_on() {
        let face = face();
        let none = AugmentationConfig::none;
        for (name, config) in [
            (
                "tone_curve",
                AugmentationConfig {
                    tone_curve: 1.0,
                    ..none()
                },
            ),
            (
                "local_contrast",
                AugmentationConfig {
                    local_contrast: 1.0,
                    ..none()
                },
            ),
            (
                "dark_skin",
                AugmentationConfig {
                    dark_skin: 1.0,
                    ..none()
                },
            ),
            (
                "glasses",
                AugmentationConfig {
                    glasses: 1.0,
                    ..none()
                },
            ),
            (
                "mask",
                AugmentationConfig {
                    mask: 1.0,
                    ..none()
                },
            ),
            (
                "hand",
                AugmentationConfig {
                    hand: 1.0,
                    ..none()
                },
            ),
            (
                "low_light",
                AugmentationConfig {
                    low_light: 1.0,
                    ..none()
                },
            ),
            (
                "jpeg",
                AugmentationConfig {
                    jpeg: 1.0,
                    ..none()
                },
            ),
        ] {
            assert_ne!(augment(&config, &face, 0), face, "{name}");
            assert_ne!(
                augment(&config, &face, 0),
                augment(&config, &face, 1),
                "{name}"
            );
        }
    }

    #[test]
    fn brightness_moves_the_mean_and_contrast_the_spread() {
        let face: Vec<u8> = (0..144).map(|pixel| 78 + (pixel % 100) as u8).collect();
        let mean = |image: &[u8]| {
            image.iter().map(|&level| f32::from(level)).sum::<f32>() / image.len() as f32
        };
        let spread = |image: &[u8]| {
            f32::from(*image.iter().max().unwrap()) - f32::from(*image.iter().min().unwrap())
        };
        let brightness = AugmentationConfig {
            brightness: 0.2,
            ..AugmentationConfig::none()
        };
        let contrast = AugmentationConfig {
            contrast: 0.5,
            ..AugmentationConfig::none()
        };
        let shifts: Vec<f32> = (0..50)
            .map(|index| mean(&augment(&brightness, &face, index)) - mean(&face))
            .collect();
        assert!(
            shifts.iter().any(|shift| *shift > 20.0) && shifts.iter().any(|shift| *shift < -20.0)
        );
        assert!(shifts.iter().all(|shift| shift.abs() <= 52.0));
        let ratios: Vec<f32> = (0..50)
            .map(|index| spread(&augment(&contrast, &face, index)) / spread(&face))
            .collect();
        assert!(ratios.iter().any(|ratio| *ratio > 1.3) && ratios.iter().any(|ratio| *ratio < 0.7));
    }
}
