//! Two models on the same images: is one better, or is it chance?
//!
//! The images are the same, so that only those count which one model names rightly and the other does not.

use std::collections::HashMap;

use fer_core::{Emotion, PerEmotion};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::evaluation::EvaluatedImage;
use crate::metrics::{Interval, mcnemar, wilson};

/// Two models, `a` and `b`, on the images that both have answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The counts and what follows from them, over all images.
    #[serde(flatten)]
    pub all: PairedCounts,
    /// Two-sided p-value of the exact McNemar test (1947): the probability of counts as unequal as `only_a` and `only_b`
    /// if both models were equally good.
    pub p_value: f64,
    /// The same counts for the images of each class.
    pub per_class: PerEmotion<PairedCounts>,
    /// Images that one model answered and the other did not: they are not compared.
    pub unpaired: usize,
    /// The images that one model names rightly and the other does not, in the order of `a`.
    pub decisive: Vec<Decisive>,
}

/// Counts of images by who is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PairedCounts {
    /// Number of images.
    pub n: usize,
    /// Images that both name rightly.
    pub both_right: usize,
    /// Images that only `a` names rightly.
    pub only_a: usize,
    /// Images that only `b` names rightly.
    pub only_b: usize,
    /// Images that neither names rightly.
    pub both_wrong: usize,
    /// Accuracy of `a`; 0 without images.
    pub accuracy_a: f64,
    /// Accuracy of `b`; 0 without images.
    pub accuracy_b: f64,
    /// Accuracy of `b` less that of `a`, in `[-1, 1]`.
    pub difference: f64,
    /// 95 % interval of the difference (Newcombe, "Improved confidence intervals for the difference between binomial
    /// proportions based on paired data", 1998, method 10).
    pub difference_ci95: Interval,
}

/// An image on which exactly one model is right.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decisive {
    /// The file, relative to the folder.
    pub path: String,
    /// The label.
    pub truth: Emotion,
    /// The answer of `a`.
    pub a: Emotion,
    /// The answer of `b`.
    pub b: Emotion,
}

/// Compares two models' answers to the same images, paired by their paths.
///
/// # Errors
/// [`Error::NothingCompared`] if no image was answered by both; [`Error::OtherTruth`] if they were scored against
/// different labels.
pub fn compare(a: &[EvaluatedImage], b: &[EvaluatedImage]) -> Result<Comparison> {
    let others: HashMap<&str, &EvaluatedImage> =
        b.iter().map(|image| (image.path.as_str(), image)).collect();
    let mut counts = PerEmotion::<[usize; 4]>::default();
    let mut decisive = Vec::new();
    let mut paired = 0;
    for image in a {
        let Some(other) = others.get(image.path.as_str()) else {
            continue;
        };
        if image.truth != other.truth {
            return Err(Error::OtherTruth {
                path: image.path.clone(),
                truths: [image.truth, other.truth],
            });
        }
        paired += 1;
        let is_right = |image: &EvaluatedImage| image.emotion == image.truth;
        let (a_is_right, b_is_right) = (is_right(image), is_right(other));
        counts[image.truth][2 * usize::from(!a_is_right) + usize::from(!b_is_right)] += 1;
        if a_is_right != b_is_right {
            decisive.push(Decisive {
                path: image.path.clone(),
                truth: image.truth,
                a: image.emotion,
                b: other.emotion,
            });
        }
    }
    if paired == 0 {
        return Err(Error::NothingCompared {
            images: [a.len(), b.len()],
        });
    }
    let total = std::array::from_fn(|cell| counts.0.iter().map(|counts| counts[cell]).sum());
    let all = PairedCounts::of(total);
    Ok(Comparison {
        all,
        p_value: mcnemar(all.only_a, all.only_b),
        per_class: PerEmotion(counts.0.map(PairedCounts::of)),
        unpaired: a.len() + b.len() - 2 * paired,
        decisive,
    })
}

impl PairedCounts {
    /// From the numbers of images that both, only `a`, only `b` and neither name rightly.
    fn of([both_right, only_a, only_b, both_wrong]: [usize; 4]) -> Self {
        let n = both_right + only_a + only_b + both_wrong;
        let share = |right: usize| right as f64 / n.max(1) as f64;
        let (accuracy_a, accuracy_b) = (share(both_right + only_a), share(both_right + only_b));
        Self {
            n,
            both_right,
            only_a,
            only_b,
            both_wrong,
            accuracy_a,
            accuracy_b,
            difference: accuracy_b - accuracy_a,
            difference_ci95: difference_interval([both_right, only_a, only_b, both_wrong]),
        }
    }
}

/// Returns the interval of the share of `b` less that of `a`; `[-1, 1]` without images.
fn difference_interval([both, only_a, only_b, neither]: [usize; 4]) -> Interval {
    let n = both + only_a + only_b + neither;
    if n == 0 {
        return [-1.0, 1.0];
    }
    let (right_a, right_b) = (both + only_a, both + only_b);
    let ([low_a, high_a], [low_b, high_b]) = (wilson(right_a, n), wilson(right_b, n));
    let (a, b) = (right_a as f64 / n as f64, right_b as f64 / n as f64);
    // The correlation of the two answers, with a correction where it is positive.
    let product = |x: usize, y: usize| x as f64 * y as f64;
    let margins = product(right_a, n - right_a) * product(right_b, n - right_b);
    let covariance = product(both, neither) - product(only_a, only_b);
    let correlation = match covariance {
        _ if margins == 0.0 => 0.0,
        positive if positive > 0.0 => (positive - n as f64 / 2.0).max(0.0) / margins.sqrt(),
        negative => negative / margins.sqrt(),
    };
    let distance = |x: f64, y: f64| (x * x - 2.0 * correlation * x * y + y * y).max(0.0).sqrt();
    [
        (b - a - distance(b - low_b, high_a - a)).max(-1.0),
        (b - a + distance(high_b - b, a - low_a)).min(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};

    fn image(path: &str, truth: Emotion, emotion: Emotion) -> EvaluatedImage {
        EvaluatedImage {
            path: path.into(),
            truth,
            emotion,
            probabilities: PerEmotion([0.25; 4]),
            votes: None,
            other: None,
        }
    }

    #[test]
    fn images_are_paired_by_path_and_counted_by_who_is_right() {
        use Emotion::{Happy, Neutral, Sad};
        let a = [
            image("1", Happy, Happy),
            image("2", Happy, Sad),
            image("3", Sad, Sad),
            image("4", Sad, Neutral),
            image("only a", Sad, Sad),
        ];
        let b = [
            image("4", Sad, Happy),
            image("3", Sad, Neutral),
            image("2", Happy, Happy),
            image("1", Happy, Happy),
            image("only b", Sad, Sad),
            image("also only b", Sad, Sad),
        ];
        let comparison = compare(&a, &b).unwrap();
        let all = comparison.all;
        assert_eq!(
            (
                all.n,
                all.both_right,
                all.only_a,
                all.only_b,
                all.both_wrong
            ),
            (4, 1, 1, 1, 1)
        );
        assert_eq!((all.difference, comparison.p_value), (0.0, 1.0));
        assert_eq!(comparison.unpaired, 3);
        assert_eq!(comparison.per_class[Happy].only_b, 1);
        assert_eq!(comparison.per_class[Happy].difference, 0.5);
        assert_eq!(comparison.per_class[Neutral].n, 0);
        let paths: Vec<&str> = comparison
            .decisive
            .iter()
            .map(|d| d.path.as_str())
            .collect();
        assert_eq!(paths, ["2", "3"]);

        let swapped = compare(&b, &a).unwrap().all.difference_ci95;
        assert_eq!(swapped, [-all.difference_ci95[1], -all.difference_ci95[0]]);
    }

    #[test]
    fn what_cannot_be_paired_is_an_error() {
        let a = [image("1", Emotion::Happy, Emotion::Happy)];
        let other = [image("2", Emotion::Happy, Emotion::Happy)];
        assert!(matches!(
            compare(&a, &other),
            Err(Error::NothingCompared { .. })
        ));
        let relabeled = [image("1", Emotion::Sad, Emotion::Happy)];
        let error = compare(&a, &relabeled).unwrap_err();
        assert!(
            error.to_string().contains("happy") && error.to_string().contains("sad"),
            "{error}"
        );
    }

    /// `2 * sum(math.comb(n, k) for k in range(min + 1)) / 2**n` in Python's exact integers.
    #[test]
    fn p_values_are_those_of_exact_binomials() {
        for (a, b, expected) in [
            (0, 0, 1.0),
            (1, 1, 1.0),
            (0, 5, 0.0625),
            (2, 10, 0.038_574_218_75),
            (10, 2, 0.038_574_218_75),
            (59, 121, 4.434_449_263_755_176e-6),
            (1000, 1200, 2.181_702_640_791_471_2e-5),
        ] {
            let found = mcnemar(a, b);
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{a}, {b}: {found}, expected {expected}"
            );
        }
    }

    /// Pairs drawn with known accuracies: the interval holds the true difference in about 95 of 100 draws, in more where few images
    /// decide.
    #[test]
    fn intervals_hold_the_true_difference() {
        const ROUNDS: u64 = 2000;
        // Probabilities of both right, only a, only b; the rest is neither.
        for (cells, n) in [
            ([0.7, 0.08, 0.12], 80),
            ([0.9, 0.02, 0.05], 60),
            ([0.4, 0.3, 0.1], 300),
        ] {
            let truth: f64 = cells[2] - cells[1];
            let mut held = 0;
            for round in 0..ROUNDS {
                let mut random = Random::new(5, Purpose::Scores, n, round);
                let mut counts = [0; 4];
                for _ in 0..n {
                    let mut left = f64::from(random.uniform());
                    let cell = cells.iter().position(|share| {
                        left -= share;
                        left < 0.0
                    });
                    counts[cell.unwrap_or(3)] += 1;
                }
                let [low, high] = difference_interval(counts);
                held += u64::from(low <= truth && truth <= high);
            }
            let share = held as f64 / ROUNDS as f64;
            assert!((0.935..=0.997).contains(&share), "{cells:?}, {n}: {share}");
        }
    }

    #[test]
    fn a_few_images_without_a_difference_do_not_show_that_there_is_none() {
        let [low, high] = difference_interval([40, 0, 0, 0]);
        assert!(low < -0.05 && high > 0.05, "[{low}, {high}]");
        assert_eq!(difference_interval([0; 4]), [-1.0, 1.0]);
    }
}
