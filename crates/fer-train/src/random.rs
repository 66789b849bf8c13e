//! Random numbers that depend on a seed and a place, never on the order in which they are drawn.
//!
//! Every draw of a run comes from a generator of its purpose, epoch and image, so a run that is cut and
//! resumed, or that runs on more threads, draws the same numbers: there is no generator state to keep.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::Rng;

/// Purposes of random numbers; each has its own streams.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The first weights.
    Initialization = 1,
    /// The order of the images in an epoch.
    Order = 2,
    /// The augmentation of one image.
    Augmentation = 3,
    /// Mixing of the images of one batch.
    Mixing = 4,
    /// The dropout mask of one image.
    Dropout = 5,
    /// Posterior draws of the intervals.
    Intervals = 6,
    /// Noise and occlusion of the robustness table.
    Corruption = 7,
    /// The folds of a cross-validation.
    Folds = 8,
    /// The conformal scores kept of a large set.
    Scores = 9,
    /// The squares that the framing network is trained on.
    Framing = 10,
    /// Answers exchanged between groups of images.
    Permutation = 11,
}

/// A seeded generator with the few distributions that training needs.
#[derive(Debug, Clone)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    /// The generator of one purpose, epoch and index.
    pub(crate) fn new(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let mut high = mix(seed ^ mix(purpose as u64));
        high = mix(high ^ epoch);
        let low = mix(high ^ mix(index));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    pub(crate) fn uniform(&mut self) -> f32 {
        // 24 bits fill the mantissa exactly, so 1.0 is never rounded to.
        (self.0.next_u64() >> 40) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Uniform in [low, high).
    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in [-limit, limit).
    pub(crate) fn symmetric(&mut self, limit: f32) -> f32 {
        self.range(-limit, limit)
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// Uniform in 0..count (Lemire's multiplication; the bias, below 2^-32, is negligible).
    pub(crate) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.0.next_u64()) * count as u128) >> 64) as usize
    }

    /// Standard normal (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - f64::from(self.uniform())).ln()).sqrt();
        let angle = std::f64::consts::TAU * f64::from(self.uniform());
        (radius * angle.cos()) as f32
    }

    /// Gamma with the given positive shape and scale 1 (Marsaglia and Tsang 2000, with their boost for shapes below 1).
    pub(crate) fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            // 1 - uniform is never 0.
            let boost = (1.0 - f64::from(self.uniform())).powf(1.0 / shape);
            return self.gamma(shape + 1.0) * boost;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let normal = f64::from(self.normal());
            let v = (1.0 + c * normal).powi(3);
            if v <= 0.0 {
                continue;
            }
            let log_uniform = (1.0 - f64::from(self.uniform())).ln();
            if log_uniform < 0.5 * normal * normal + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Shuffles in place (Fisher and Yates).
    pub(crate) fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}

/// The finalizer of SplitMix64 (Steele, Lea and Flood 2014): every input bit changes half of the output bits.
fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_has_its_mean_and_variance() {
        for shape in [0.2, 0.5, 1.0, 20.5] {
            let mut random = Random::new(1, Purpose::Intervals, 0, 0);
            let drawn: Vec<f64> = (0..40_000).map(|_| random.gamma(shape)).collect();
            let n = drawn.len() as f64;
            let mean = drawn.iter().sum::<f64>() / n;
            let variance = drawn
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>()
                / n;
            assert!((mean / shape - 1.0).abs() < 0.05, "{mean} for {shape}");
            assert!(
                (variance / shape - 1.0).abs() < 0.1,
                "{variance} for {shape}"
            );
        }
    }

    #[test]
    fn streams_differ_by_every_coordinate_and_repeat() {
        let first =
            |seed, purpose, epoch, index| Random::new(seed, purpose, epoch, index).0.next_u64();
        let here = first(1, Purpose::Order, 2, 3);
        assert_eq!(here, first(1, Purpose::Order, 2, 3));
        for other in [
            first(0, Purpose::Order, 2, 3),
            first(1, Purpose::Mixing, 2, 3),
            first(1, Purpose::Order, 3, 3),
            first(1, Purpose::Order, 2, 2),
            first(1, Purpose::Order, 3, 2),
        ] {
            assert_ne!(here, other);
        }
    }

    #[test]
    fn distributions_have_their_moments() {
        let mut random = Random::new(7, Purpose::Augmentation, 0, 0);
        let count = 20_000;
        let uniform: Vec<f32> = (0..count).map(|_| random.uniform()).collect();
        assert!(uniform.iter().all(|value| (0.0..1.0).contains(value)));
        assert!((uniform.iter().sum::<f32>() / count as f32 - 0.5).abs() < 0.01);
        let normal: Vec<f32> = (0..count).map(|_| random.normal()).collect();
        let variance = normal.iter().map(|value| value * value).sum::<f32>() / count as f32;
        assert!((variance - 1.0).abs() < 0.04, "{variance}");
        assert!((0..count).all(|_| random.below(7) < 7));
    }

    #[test]
    fn shuffle_keeps_every_value() {
        let mut values: Vec<usize> = (0..100).collect();
        Random::new(3, Purpose::Order, 1, 0).shuffle(&mut values);
        assert_ne!(values, (0..100).collect::<Vec<_>>());
        values.sort_unstable();
        assert_eq!(values, (0..100).collect::<Vec<_>>());
    }
}
