//! Random changes of training images: what a camera, a pose or a light may do to a face without changing its look.
//!
//! The changes of an image are drawn from its own stream of random numbers ([`Random`]), so they depend on seed, epoch
//! and image alone, never on threads or on the other images.

mod detail;
mod geometry;
mod mixing;

use crate::config::AugmentationConfig;
use crate::random::Random;

use geometry::Affine;
pub(crate) use mixing::mix_batch;

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

    /// Writes a changed copy of `face` (`[S, S]` grey levels) to `out`, drawing every change from `random`.
    pub(crate) fn apply(&mut self, face: &[u8], random: &mut Random, out: &mut [u8]) {
        let affine = self.draw_affine(random);
        let tone = self.draw_tone(random);
        for (pixel, &level) in self.scratch.iter_mut().zip(face) {
            *pixel = tone[usize::from(level)];
        }
        geometry::warp(&affine, &self.scratch, self.size, &mut self.image);
        self.lose_detail(random);
        if random.chance(self.config.noise) {
            let sigma = 255.0 * random.range(0.0, self.config.noise_sigma);
            detail::add_noise(&mut self.image, sigma, random);
        }
        if random.chance(self.config.erase) {
            detail::erase(&mut self.image, self.size, self.config.erase_area, random);
        }
        for (byte, pixel) in out.iter_mut().zip(&self.image) {
            // Rounds; the conversion clamps to 0..=255.
            *byte = (pixel + 0.5) as u8;
        }
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
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Purpose;

    fn stream(index: u64) -> Random {
        Random::new(5, Purpose::Augmentation, 1, index)
    }

    fn augment(config: &AugmentationConfig, face: &[u8], index: u64) -> Vec<u8> {
        let size = face.len().isqrt();
        let mut out = vec![0; face.len()];
        Augmenter::new(config, size).apply(face, &mut stream(index), &mut out);
        out
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
        let config = AugmentationConfig {
            erase: 1.0,
            noise: 1.0,
            blur: 1.0,
            downscale: 1.0,
            ..Default::default()
        };
        let face: Vec<u8> = (0..48 * 48).map(|pixel| (pixel % 251) as u8).collect();
        let mut used = Augmenter::new(&config, 48);
        let mut out = vec![0; face.len()];
        for index in [9, 3] {
            used.apply(&face, &mut stream(index), &mut out);
        }
        assert_eq!(out, augment(&config, &face, 3));
        assert_ne!(out, augment(&config, &face, 4));
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
