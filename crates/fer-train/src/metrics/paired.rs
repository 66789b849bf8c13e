//! The comparison of two models on the same images.

use fer_core::Emotion;
use serde::{Deserialize, Serialize};

/// Accuracies of two models on the same images, and the test of their difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Images compared.
    pub n: usize,
    /// Share of the images that the first model answers right.
    pub before: f64,
    /// Share of the images that the second model answers right.
    pub after: f64,
    /// Images that only the second answers right.
    pub gained: usize,
    /// Images that only the first answers right.
    pub lost: usize,
    /// Probability of a difference as large as this between models that are equally good: the exact test of McNemar (1947), two-sided.
    pub p_value: f64,
}

impl Paired {
    /// Compares the answers `before` and `after` to the images whose labels are `truths`; `None` without any.
    #[must_use]
    pub fn of(truths: &[Emotion], before: &[Emotion], after: &[Emotion]) -> Option<Self> {
        let right = |answers: &[Emotion]| -> Vec<bool> {
            let pairs = answers.iter().zip(truths);
            pairs.map(|(answer, truth)| answer == truth).collect()
        };
        let (before, after) = (right(before), right(after));
        let n = before.len().min(after.len());
        if n == 0 {
            return None;
        }
        let count = |both: (bool, bool)| {
            let pairs = before.iter().copied().zip(after.iter().copied());
            pairs.filter(|pair| *pair == both).count()
        };
        let (gained, lost, both) = (
            count((false, true)),
            count((true, false)),
            count((true, true)),
        );
        Some(Self {
            n,
            before: (both + lost) as f64 / n as f64,
            after: (both + gained) as f64 / n as f64,
            gained,
            lost,
            p_value: mcnemar(gained, lost),
        })
    }
}

/// Returns the two-sided p-value of the exact test of McNemar (1947): twice the probability that of `gained + lost` fair coins at most the fewer of both fall on their side, at most 1.
pub(crate) fn mcnemar(gained: usize, lost: usize) -> f64 {
    let (n, fewer) = (gained + lost, gained.min(lost));
    let mut ln_ways = 0.0;
    let mut tail = 0.0;
    for k in 0..=fewer {
        if k > 0 {
            ln_ways += ((n - k + 1) as f64 / k as f64).ln();
        }
        tail += (ln_ways - n as f64 * std::f64::consts::LN_2).exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Emotion::{Happy, Neutral, Sad};

    #[test]
    fn answers_are_counted_in_pairs() {
        let truths = [Happy, Sad, Sad, Neutral];
        let paired = Paired::of(
            &truths,
            &[Happy, Happy, Sad, Sad],
            &[Happy, Sad, Neutral, Neutral],
        );
        let paired = paired.unwrap();
        assert_eq!((paired.n, paired.gained, paired.lost), (4, 2, 1));
        assert_eq!((paired.before, paired.after), (0.5, 0.75));
        assert_eq!(Paired::of(&[], &[], &[]), None);
    }

    /// Expected values by exact integers in Python: `2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n`.
    #[test]
    fn p_values_are_those_of_the_binomial_test() {
        for (gained, lost, expected) in [
            (0, 0, 1.0),
            (3, 3, 1.0),
            (1, 9, 0.021484375),
            (10, 2, 0.03857421875),
            (50, 45, 0.681_742_505_918_185_5),
        ] {
            let found = mcnemar(gained, lost);
            assert!((found - expected).abs() < 1e-9, "{gained} {lost} {found}");
        }
        assert!((mcnemar(3000, 2000) / 1.300_231_000_520_377_1e-45 - 1.0).abs() < 1e-6);
    }
}
