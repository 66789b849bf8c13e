//! Mixing of the images of one batch, pixels and targets alike.
//!
//! Image `i` is mixed with image `n - 1 - i`: the order of a batch is random already, and pairs mix in place.

use crate::config::AugmentationConfig;
use crate::random::Random;

/// Mixes a batch in place by mixup (Zhang et al. 2018) or cutmix (Yun et al. 2019), as the configuration and `random` say.
///
/// `inputs` is `[N, size, size]` and `targets` is `[N, classes]`.
pub(crate) fn mix_batch(
    config: &AugmentationConfig,
    inputs: &mut [f32],
    targets: &mut [f32],
    size: usize,
    classes: usize,
    random: &mut Random,
) {
    let cutmix = random.chance(config.cutmix);
    if !cutmix && config.mixup == 0.0 {
        return;
    }
    for_each_pair(inputs, size * size, targets, classes, |first, second| {
        let share = if cutmix {
            exchange_rectangle(first.0, second.0, size, random)
        } else {
            let share = symmetric_beta(config.mixup, random);
            blend(first.0, second.0, share);
            share
        };
        blend(first.1, second.1, share);
    });
}

/// An image's pixels and its target.
type Sample<'a> = (&'a mut [f32], &'a mut [f32]);

fn for_each_pair(
    inputs: &mut [f32],
    pixels: usize,
    targets: &mut [f32],
    classes: usize,
    mut visit: impl FnMut(Sample<'_>, Sample<'_>),
) {
    let mut samples = inputs
        .chunks_exact_mut(pixels)
        .zip(targets.chunks_exact_mut(classes));
    while let (Some(first), Some(second)) = (samples.next(), samples.next_back()) {
        visit(first, second);
    }
}

/// Keeps `share` of each and takes the rest from the other.
fn blend(first: &mut [f32], second: &mut [f32], share: f32) {
    for (a, b) in first.iter_mut().zip(second) {
        let (kept, other) = (*a, *b);
        *a = share * kept + (1.0 - share) * other;
        *b = share * other + (1.0 - share) * kept;
    }
}

/// Exchanges a random rectangle of two images; the result is the share of its pixels that each keeps.
fn exchange_rectangle(
    first: &mut [f32],
    second: &mut [f32],
    size: usize,
    random: &mut Random,
) -> f32 {
    let side = ((random.uniform().sqrt() * size as f32).round() as usize).min(size);
    let (left, top) = (random.below(size - side + 1), random.below(size - side + 1));
    let rows = first
        .chunks_exact_mut(size)
        .zip(second.chunks_exact_mut(size));
    for (a, b) in rows.skip(top).take(side) {
        a[left..left + side].swap_with_slice(&mut b[left..left + side]);
    }
    1.0 - (side * side) as f32 / (size * size) as f32
}

/// A draw from the beta distribution with both parameters `alpha` (Johnk 1964).
fn symmetric_beta(alpha: f32, random: &mut Random) -> f32 {
    loop {
        let first = random.uniform().powf(1.0 / alpha);
        let second = random.uniform().powf(1.0 / alpha);
        let sum = first + second;
        if sum > 0.0 && sum <= 1.0 {
            return first / sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    const SIZE: usize = 8;

    /// Five blank images of levels 0 to 4 whose targets are their levels and 4 minus their levels.
    fn batch() -> (Vec<f32>, Vec<f32>) {
        let inputs = (0..5)
            .flat_map(|level| vec![level as f32; SIZE * SIZE])
            .collect();
        let targets = (0..5)
            .flat_map(|level| [level as f32, 4.0 - level as f32])
            .collect();
        (inputs, targets)
    }

    fn mixed(config: &AugmentationConfig) -> (Vec<f32>, Vec<f32>) {
        let (mut inputs, mut targets) = batch();
        let mut random = Random::new(2, Purpose::Mixing, 0, 0);
        mix_batch(config, &mut inputs, &mut targets, SIZE, 2, &mut random);
        (inputs, targets)
    }

    #[test]
    fn off_leaves_the_batch_alone() {
        assert_eq!(mixed(&AugmentationConfig::none()), batch());
    }

    #[test]
    fn targets_follow_the_pixels() {
        for config in [
            AugmentationConfig {
                mixup: 0.4,
                ..AugmentationConfig::none()
            },
            AugmentationConfig {
                cutmix: 1.0,
                ..AugmentationConfig::none()
            },
        ] {
            let (inputs, targets) = mixed(&config);
            assert_ne!(inputs, batch().0);
            for (image, target) in inputs.chunks(SIZE * SIZE).zip(targets.chunks(2)) {
                let mean = image.iter().sum::<f32>() / (SIZE * SIZE) as f32;
                assert!((mean - target[0]).abs() < 1e-5, "{mean} {target:?}");
                assert!((target[0] + target[1] - 4.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn beta_draws_are_symmetric_with_the_right_variance() {
        for alpha in [0.2f32, 1.0, 2.0] {
            let mut random = Random::new(2, Purpose::Mixing, 0, 1);
            let draws: Vec<f32> = (0..20_000)
                .map(|_| symmetric_beta(alpha, &mut random))
                .collect();
            let mean = draws.iter().sum::<f32>() / 20_000.0;
            let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f32>() / 20_000.0;
            assert!((mean - 0.5).abs() < 0.02, "{alpha}: {mean}");
            assert!(
                (variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.01,
                "{alpha}: {variance}"
            );
        }
    }
}
