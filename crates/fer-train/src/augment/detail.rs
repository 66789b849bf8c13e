//! Loss of detail: low resolution, blur, noise, and erased rectangles.

use crate::random::Random;

/// Shrinks the image (`[size, size]`) to `[small, small]` by area averages and enlarges it again, linearly.
pub(super) fn downscale(image: &mut [f32], size: usize, small: usize, scratch: &mut [f32]) {
    let step = size as f32 / small as f32;
    // Rows first, then columns: the two passes of a separable filter.
    for (row, shrunk) in image.chunks_exact(size).zip(scratch.chunks_exact_mut(size)) {
        for (x, pixel) in shrunk[..small].iter_mut().enumerate() {
            *pixel = average(x as f32 * step, step, |at| row[at], size);
        }
    }
    let mut reduced = vec![0.0; small * small];
    for y in 0..small {
        for x in 0..small {
            reduced[y * small + x] =
                average(y as f32 * step, step, |at| scratch[at * size + x], size);
        }
    }
    let taps: Vec<(usize, usize, f32)> = (0..size).map(|at| tap(at, step, small)).collect();
    for (row, &(top, bottom, down)) in image.chunks_exact_mut(size).zip(&taps) {
        for (pixel, &(left, right, across)) in row.iter_mut().zip(&taps) {
            let upper = lerp(
                reduced[top * small + left],
                reduced[top * small + right],
                across,
            );
            let lower = lerp(
                reduced[bottom * small + left],
                reduced[bottom * small + right],
                across,
            );
            *pixel = lerp(upper, lower, down);
        }
    }
}

/// The mean of `value` over the interval [start, start + length), whose ends may cut pixels.
fn average(start: f32, length: f32, value: impl Fn(usize) -> f32, size: usize) -> f32 {
    let end = (start + length).min(size as f32);
    let (mut sum, mut weights) = (0.0, 0.0);
    for at in start as usize..(end.ceil() as usize).min(size) {
        let weight = (end.min(at as f32 + 1.0) - start.max(at as f32)).max(0.0);
        sum += weight * value(at);
        weights += weight;
    }
    sum / weights
}

/// The two pixels of the small image around pixel `at` of the large one, and the second one's weight.
fn tap(at: usize, step: f32, small: usize) -> (usize, usize, f32) {
    let position = ((at as f32 + 0.5) / step - 0.5).clamp(0.0, small as f32 - 1.0);
    let first = position as usize;
    (first, (first + 1).min(small - 1), position - first as f32)
}

fn lerp(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// Blurs the image with a Gaussian of standard deviation `sigma` pixels; the border's pixels go on beyond it.
pub(super) fn blur(image: &mut [f32], size: usize, sigma: f32, scratch: &mut [f32]) {
    let kernel = gaussian(sigma);
    // Each pass transposes, so that two of them blur both directions with one loop.
    blur_rows_transposed(image, size, &kernel, scratch);
    blur_rows_transposed(scratch, size, &kernel, image);
}

/// Half of a normalized Gaussian, from the middle to three standard deviations.
fn gaussian(sigma: f32) -> Vec<f32> {
    let radius = (3.0 * sigma).ceil() as usize;
    let weight = |at: usize| {
        if at == 0 {
            1.0
        } else {
            (-0.5 * (at as f32 / sigma).powi(2)).exp()
        }
    };
    let half: Vec<f32> = (0..=radius).map(weight).collect();
    let sum = 2.0 * half.iter().sum::<f32>() - half[0];
    half.iter().map(|weight| weight / sum).collect()
}

fn blur_rows_transposed(image: &[f32], size: usize, kernel: &[f32], out: &mut [f32]) {
    for (y, row) in image.chunks_exact(size).enumerate() {
        for x in 0..size {
            let mut sum = kernel[0] * row[x];
            for (distance, weight) in kernel.iter().enumerate().skip(1) {
                sum +=
                    weight * (row[x.saturating_sub(distance)] + row[(x + distance).min(size - 1)]);
            }
            out[x * size + y] = sum;
        }
    }
}

/// Adds noise of standard deviation `sigma` gray levels to each pixel.
///
/// Four uniform numbers summed are near enough to a normal one (Irwin-Hall) and far cheaper.
pub(super) fn add_noise(image: &mut [f32], sigma: f32, random: &mut Random) {
    // Each of the four 16-bit numbers has a variance of 2^32 / 12.
    let scale = sigma * (12.0f32 / 4.0).sqrt() / f32::from(u16::MAX);
    for pixel in image {
        let bits = random.bits();
        let sum: u32 = (0..4)
            .map(|part| (bits >> (16 * part)) as u32 & 0xffff)
            .sum();
        *pixel += (sum as f32 - 2.0 * f32::from(u16::MAX)) * scale;
    }
}

/// Fills a random rectangle of at most `largest` of the image's area with one random gray level.
pub(super) fn erase(image: &mut [f32], size: usize, largest: f32, random: &mut Random) {
    let area = random.range(0.02f32.min(largest), largest);
    // Sides from 1:3 to 3:1, evenly in the logarithm.
    let ratio = random.symmetric(3.0f32.ln()).exp();
    let side = |share: f32| ((share.sqrt() * size as f32).round() as usize).min(size);
    let (width, height) = (side(area * ratio), side(area / ratio));
    let (left, top) = (
        random.below(size - width + 1),
        random.below(size - height + 1),
    );
    let level = random.range(0.0, 255.0);
    for row in image.chunks_exact_mut(size).skip(top).take(height) {
        row[left..left + width].fill(level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn ramp(size: usize) -> Vec<f32> {
        (0..size * size)
            .map(|pixel| (pixel % size) as f32 * 10.0)
            .collect()
    }

    #[test]
    fn downscale_to_the_same_size_changes_nothing_and_to_one_pixel_is_the_mean() {
        let original = ramp(8);
        let (mut image, mut scratch) = (original.clone(), vec![0.0; 64]);
        downscale(&mut image, 8, 8, &mut scratch);
        assert_eq!(image, original);
        downscale(&mut image, 8, 1, &mut scratch);
        assert!(image.iter().all(|pixel| (pixel - 35.0).abs() < 1e-3));
    }

    #[test]
    fn blur_keeps_the_mean_of_a_spot_and_lowers_its_peak() {
        let mut image = vec![0.0; 21 * 21];
        image[10 * 21 + 10] = 100.0;
        let mut scratch = image.clone();
        blur(&mut image, 21, 1.5, &mut scratch);
        assert!((image.iter().sum::<f32>() - 100.0).abs() < 0.01);
        // The peak of a Gaussian of this width is 1 / (2 pi 1.5^2) of the whole.
        assert!(
            (image[10 * 21 + 10] - 7.07).abs() < 0.15,
            "{}",
            image[10 * 21 + 10]
        );
        assert_eq!(image[10 * 21 + 8], image[8 * 21 + 10]);
    }

    #[test]
    fn noise_has_the_standard_deviation_asked_for() {
        let mut image = vec![100.0; 20_000];
        add_noise(
            &mut image,
            8.0,
            &mut Random::new(1, Purpose::Augmentation, 0, 0),
        );
        let mean = image.iter().sum::<f32>() / 20_000.0;
        let variance = image
            .iter()
            .map(|pixel| (pixel - mean).powi(2))
            .sum::<f32>()
            / 20_000.0;
        assert!(
            (mean - 100.0).abs() < 0.3 && (variance.sqrt() - 8.0).abs() < 0.2,
            "{mean} {variance}"
        );
    }

    #[test]
    fn erased_rectangles_stay_within_their_area() {
        for index in 0..200 {
            let mut image = vec![-1.0; 48 * 48];
            erase(
                &mut image,
                48,
                0.2,
                &mut Random::new(1, Purpose::Augmentation, 0, index),
            );
            let erased = image.iter().filter(|pixel| **pixel >= 0.0).count() as f32 / (48.0 * 48.0);
            assert!(erased > 0.0 && erased < 0.22, "{erased}");
        }
    }
}
