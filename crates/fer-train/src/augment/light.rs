//! Effects of light and skin on the gray levels of a face.

use super::detail;
use super::geometry::Frame;
use crate::random::Random;

/// Segments of a tone curve.
const SEGMENTS: usize = 4;

/// Standard deviation of the local mean's Gaussian, as a share of the width.
const SMALLEST_SURROUNDINGS: f32 = 0.04;
const LARGEST_SURROUNDINGS: f32 = 0.12;

/// The ellipse that the skin of an aligned face fills: center and radii, as shares of the width and height.
const FACE_CENTER: (f32, f32) = (0.5, 0.52);
const FACE_RADII: (f32, f32) = (0.40, 0.48);

/// The share of the face that brows, lashes, nostrils and shadows take: what is darker than the rest stays as it is.
const DARK_SHARE: f32 = 0.1;

/// Draws a tone curve and applies it: from 0 to 255, rising, in straight pieces whose slopes differ by up to a factor of
/// `(1 + strength)^2`.
pub(super) fn bend_tones(image: &mut [f32], strength: f32, random: &mut Random) {
    let limit = (1.0 + strength).ln();
    let rises: [f32; SEGMENTS] = std::array::from_fn(|_| random.symmetric(limit).exp());
    let sum: f32 = rises.iter().sum();
    let mut knots = [0.0; SEGMENTS + 1];
    for (segment, rise) in rises.iter().enumerate() {
        knots[segment + 1] = knots[segment] + 255.0 * rise / sum;
    }
    for pixel in image {
        let position = pixel.clamp(0.0, 255.0) * (SEGMENTS as f32 / 255.0);
        let segment = (position as usize).min(SEGMENTS - 1);
        let (low, high) = (knots[segment], knots[segment + 1]);
        *pixel = low + (high - low) * (position - segment as f32);
    }
}

/// Multiplies the differences from the local mean by a factor from `1 / (1 + strength)` to `1 + strength`.
pub(super) fn change_local_contrast(
    image: &mut [f32],
    size: usize,
    strength: f32,
    scratch: &mut [f32],
    random: &mut Random,
) {
    let factor = random.symmetric((1.0 + strength).ln()).exp();
    let sigma = size as f32 * random.range(SMALLEST_SURROUNDINGS, LARGEST_SURROUNDINGS);
    let mut means = image.to_vec();
    detail::blur(&mut means, size, sigma, scratch);
    for (pixel, mean) in image.iter_mut().zip(means) {
        *pixel = mean + factor * (*pixel - mean);
    }
}

/// Darkens the skin under brows that stay as dark as they are. Within the face's ellipse, levels approach the dark ones of the
/// face by a factor from `smallest` to 1. The ellipse has soft edges; hair and background keep their levels.
pub(super) fn darken_skin(image: &mut [f32], frame: &Frame, smallest: f32, random: &mut Random) {
    let factor = random.range(smallest, 1.0);
    let insides: Vec<f32> = frame.places().map(inside_face).collect();
    let dark = quantile(
        image
            .iter()
            .zip(&insides)
            .filter(|&(_, &inside)| inside > 0.5)
            .map(|(&pixel, _)| pixel),
        DARK_SHARE,
    );
    for (pixel, inside) in image.iter_mut().zip(insides) {
        *pixel -= inside * (1.0 - factor) * (*pixel - dark).max(0.0);
    }
}

/// Returns the degree to which a place (shares of the width and height) belongs to the face: 1 within, 0 without, soft between.
fn inside_face((x, y): (f32, f32)) -> f32 {
    let (across, down) = (
        (x - FACE_CENTER.0) / FACE_RADII.0,
        (y - FACE_CENTER.1) / FACE_RADII.1,
    );
    ((1.2 - across.hypot(down)) / 0.4).clamp(0.0, 1.0)
}

/// Returns the level that the share `share` of `levels` does not exceed; 0 of none.
fn quantile(levels: impl Iterator<Item = f32>, share: f32) -> f32 {
    let mut levels: Vec<f32> = levels.collect();
    if levels.is_empty() {
        return 0.0;
    }
    let at = (share * (levels.len() - 1) as f32) as usize;
    *levels.select_nth_unstable_by(at, f32::total_cmp).1
}

/// Leaves a share of the light from `smallest` to 1 and adds the grain of a sensor, which low light does not lessen.
pub(super) fn dim(image: &mut [f32], smallest: f32, random: &mut Random) {
    /// Gray levels.
    const LARGEST_GRAIN: f32 = 6.0;
    let light = random.range(smallest, 1.0);
    image.iter_mut().for_each(|pixel| *pixel *= light);
    let sigma = random.range(0.0, LARGEST_GRAIN);
    detail::add_noise(image, sigma, random);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::geometry::Affine;
    use super::*;
    use crate::random::Purpose;

    const SIZE: usize = 48;

    fn stream(index: u64) -> Random {
        Random::new(5, Purpose::Augmentation, 1, index)
    }

    fn frame() -> Frame {
        Affine::IDENTITY.frame(SIZE)
    }

    fn variance(levels: &[f32]) -> f32 {
        let mean = levels.iter().sum::<f32>() / levels.len() as f32;
        levels
            .iter()
            .map(|level| (level - mean).powi(2))
            .sum::<f32>()
            / levels.len() as f32
    }

    proptest! {
        #[test]
        fn a_tone_curve_rises_from_black_to_white(index in any::<u64>(), strength in 0.0f32..3.0) {
            let mut levels: Vec<f32> = (0..256).map(|level| level as f32).collect();
            bend_tones(&mut levels, strength, &mut stream(index));
            prop_assert!(levels[0].abs() < 1e-3 && (levels[255] - 255.0).abs() < 1e-2);
            prop_assert!(levels.is_sorted());
            // No slope leaves the bounds of the doc line.
            let steepest = (1.0 + strength).powi(2) + 1e-3;
            for pair in levels.windows(2) {
                let slope = pair[1] - pair[0];
                prop_assert!(slope <= steepest && slope >= 1.0 / steepest, "{slope}");
            }
        }

        #[test]
        fn local_contrast_keeps_what_is_flat_and_scales_what_is_fine(index in any::<u64>()) {
            let mut scratch = vec![0.0; SIZE * SIZE];
            let mut flat = vec![90.0; SIZE * SIZE];
            change_local_contrast(&mut flat, SIZE, 1.0, &mut scratch, &mut stream(index));
            prop_assert!(flat.iter().all(|level| (level - 90.0).abs() < 1e-2));

            // A chessboard of single pixels has the local mean of its two levels nearly everywhere.
            let board: Vec<f32> = (0..SIZE * SIZE)
                .map(|pixel| if (pixel % SIZE + pixel / SIZE).is_multiple_of(2) { 80.0 } else { 120.0 })
                .collect();
            let mut changed = board.clone();
            change_local_contrast(&mut changed, SIZE, 1.0, &mut scratch, &mut stream(index));
            let expected = stream(index).symmetric(2.0f32.ln()).exp();
            let ratio = (variance(&changed) / variance(&board)).sqrt();
            prop_assert!((ratio / expected - 1.0).abs() < 0.05, "{ratio} for {expected}");
        }
    }

    #[test]
    fn skin_darkens_while_brows_and_background_stay() {
        let mut image = vec![200.0; SIZE * SIZE];
        // Brows: dark bars over a tenth of the face.
        for row in 12..17 {
            image[row * SIZE + 8..row * SIZE + 40].fill(40.0);
        }
        for index in 0..20 {
            let mut darkened = image.clone();
            darken_skin(&mut darkened, &frame(), 0.3, &mut stream(index));
            let factor = stream(index).range(0.3, 1.0);
            assert_eq!(darkened[0], 200.0, "the corner is no face");
            assert_eq!(darkened[14 * SIZE + 24], 40.0, "brows stay");
            let cheek = darkened[30 * SIZE + 24];
            assert!(
                (cheek - (40.0 + factor * 160.0)).abs() < 1e-3,
                "{cheek} {factor}"
            );
        }
    }

    #[test]
    fn low_light_scales_the_levels_and_adds_grain() {
        let (mut least, mut most) = (f32::MAX, 0.0f32);
        for index in 0..50 {
            let mut image = vec![200.0; SIZE * SIZE];
            dim(&mut image, 0.2, &mut stream(index));
            let mean = image.iter().sum::<f32>() / image.len() as f32 / 200.0;
            let expected = stream(index).range(0.2, 1.0);
            assert!((mean - expected).abs() < 0.005, "{mean} {expected}");
            least = least.min(variance(&image).sqrt());
            most = most.max(variance(&image).sqrt());
        }
        assert!(least < 1.0 && most > 4.0 && most < 6.5, "{least} {most}");
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_levels() {
        let levels: Vec<f32> = (0..100).rev().map(|level| level as f32).collect();
        assert_eq!(quantile(levels.iter().copied(), 0.1), 9.0);
        assert_eq!(quantile(levels.iter().copied(), 1.0), 99.0);
        assert_eq!(quantile([].into_iter(), 0.5), 0.0);
    }
}
