//! Random numbers that depend on a seed and a place, never on the order in which they are drawn.

use rand_distr::{Binomial, Distribution, Gamma, StandardNormal, StandardUniform};
use rand_pcg::Pcg64Mcg;

/// The purpose of the numbers; each has its own streams.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Draws of the reference, common to all groups.
    Reference = 1,
    /// Draws of one group's shares.
    Shares = 2,
    /// Exchanges of clusters between two groups.
    Permutation = 3,
    /// Units of a sample: people, or faces without people.
    SampleUnit = 11,
    /// The face of each unit of a sample.
    SampleFace = 12,
    /// Draws of the labels that people give the faces of each answer.
    Labels = 13,
    /// The answers of one group's faces, beside labels.
    Answers = 14,
    /// Faces of a bootstrap.
    Resample = 15,
    /// People of a simulation.
    Simulation = 16,
}

/// A seeded generator with the distributions that the estimators need.
#[derive(Debug, Clone)]
pub(crate) struct Random(Pcg64Mcg);

impl Random {
    /// Makes the generator of one purpose and place.
    pub(crate) fn new(seed: u64, purpose: Purpose, place: u64) -> Self {
        let high = mix(seed ^ mix(purpose as u64));
        let low = mix(high ^ mix(place));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// Draws from [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Draws 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        StandardUniform.sample(&mut self.0)
    }

    /// Draws from 0 up to, not including, `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        // Lemire's (2019) multiplication; its bias, `end / 2^64`, is beyond notice.
        ((u128::from(self.bits()) * end as u128) >> 64) as usize
    }

    /// The generator behind the distributions.
    pub(crate) fn generator(&mut self) -> &mut Pcg64Mcg {
        &mut self.0
    }

    /// Draws from the standard normal distribution.
    pub(crate) fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// Draws from a Dirichlet distribution. The parameters must be positive.
    pub(crate) fn dirichlet<const N: usize>(&mut self, alpha: &[f64; N]) -> [f64; N] {
        let mut draw = alpha.map(|shape| match Gamma::new(shape, 1.0) {
            Ok(gamma) => gamma.sample(&mut self.0),
            Err(_) => 0.0,
        });
        let sum: f64 = draw.iter().sum();
        for x in &mut draw {
            *x = if sum > 0.0 { *x / sum } else { 1.0 / N as f64 };
        }
        draw
    }

    /// Adds to `sums` a draw of `n` from the multinomial distribution of the `weights`, which need not sum to 1.
    pub(crate) fn multinomial(&mut self, n: u64, weights: &[f64], sums: &mut [f64]) {
        let mut left = n;
        let mut weight: f64 = weights.iter().sum();
        for (index, w) in weights.iter().enumerate() {
            if left == 0 {
                return;
            }
            let last = index + 1 == weights.len();
            let p = if weight > 0.0 {
                (w / weight).min(1.0)
            } else {
                0.0
            };
            let taken = if last { left } else { self.binomial(left, p) };
            sums[index] += taken as f64;
            left -= taken;
            weight -= w;
        }
    }

    fn binomial(&mut self, n: u64, p: f64) -> u64 {
        match Binomial::new(n, p) {
            Ok(binomial) => binomial.sample(&mut self.0),
            Err(_) => 0,
        }
    }
}

/// Returns the place of a name: FNV-1a over its bytes.
pub(crate) fn place(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014): every bit of the input moves every bit of the output.
fn mix(x: u64) -> u64 {
    let mut z = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_differ_by_every_argument() {
        let first = |seed, purpose, place| Random::new(seed, purpose, place).uniform();
        let one = first(1, Purpose::Shares, 2);
        assert_eq!(one, first(1, Purpose::Shares, 2));
        for other in [
            first(2, Purpose::Shares, 2),
            first(1, Purpose::Reference, 2),
            first(1, Purpose::Shares, 3),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn means_and_variances_are_those_of_the_distributions() {
        let mut random = Random::new(0, Purpose::Shares, 0);
        let alpha = [0.3, 1.5, 4.2];
        let weights = [1.0, 0.0, 3.0, 4.0];
        let draws = 20_000;
        let mut mean = [0.0; 3];
        let mut square = 0.0;
        let mut counts = [0.0; 4];
        for _ in 0..draws {
            let x = random.dirichlet(&alpha);
            for k in 0..3 {
                mean[k] += x[k] / f64::from(draws);
            }
            square += x[1] * x[1] / f64::from(draws);
            random.multinomial(8, &weights, &mut counts);
        }
        for (m, a) in mean.iter().zip(&alpha) {
            assert!((m - a / 6.0).abs() < 0.006, "{mean:?}");
        }
        let variance = 0.25 * 0.75 / 7.0;
        assert!((square - mean[1] * mean[1] - variance).abs() < 0.002);
        for (c, w) in counts.iter().zip(&weights) {
            assert!((c / f64::from(draws) - w).abs() < 0.05, "{counts:?}");
        }
    }
}
