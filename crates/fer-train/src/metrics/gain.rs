//! The gain of a training over the model that it started from.

use fer_core::Emotion;
use serde::{Deserialize, Serialize};

use super::mcnemar;

/// Accuracy of a model against that of the one it started from, on the same images, and the test of their difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gain {
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

impl Gain {
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

#[cfg(test)]
mod tests {
    use super::*;
    use Emotion::{Happy, Neutral, Sad};

    #[test]
    fn answers_are_counted_in_pairs() {
        let truths = [Happy, Sad, Sad, Neutral];
        let gain = Gain::of(
            &truths,
            &[Happy, Happy, Sad, Sad],
            &[Happy, Sad, Neutral, Neutral],
        );
        let gain = gain.unwrap();
        assert_eq!((gain.n, gain.gained, gain.lost), (4, 2, 1));
        assert_eq!((gain.before, gain.after), (0.5, 0.75));
        assert_eq!(Gain::of(&[], &[], &[]), None);
    }
}
