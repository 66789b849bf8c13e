//! Figures of a classifier on labeled images, with the intervals that their sample size allows.
//!
//! A class that no image carries has no recall, so it is left out of every average: a folder without `neutral` is scored over the
//! three classes that it has. A class that the classifier never answers has no precision, but its recall and F1 are 0 and count.

mod gain;
mod interval;
mod mcnemar;
mod reliability;

use fer_core::{Emotion, PerEmotion};
use serde::{Deserialize, Serialize};

pub use gain::Gain;
pub use interval::{Interval, wilson};
pub(crate) use mcnemar::mcnemar;
pub use reliability::{RELIABILITY_BINS, ReliabilityBin, expected_calibration_error, reliability};

/// Probabilities below this count as this much in the negative log-likelihood, so that one impossible label costs 27.6 nats and
/// not infinity.
pub const MIN_PROBABILITY: f64 = 1e-12;

/// One scored image: what it is and what the classifier answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The label taken as true.
    pub truth: Emotion,
    /// The classifier's probabilities in the order of [`Emotion::ALL`]; they sum to 1.
    pub probabilities: [f32; Emotion::COUNT],
}

impl Outcome {
    /// The class answered: the most probable one, the earlier in [`Emotion::ALL`] on a tie.
    #[must_use]
    pub fn answer(&self) -> Emotion {
        let mut best = Emotion::ALL[0];
        for emotion in Emotion::ALL {
            if self.probabilities[emotion.index()] > self.probabilities[best.index()] {
                best = emotion;
            }
        }
        best
    }

    /// The probability of the class answered.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.probabilities[self.answer().index()]
    }

    /// `true` if the answer is the truth.
    #[must_use]
    pub fn is_correct(&self) -> bool {
        self.answer() == self.truth
    }

    /// The probability given to the truth.
    #[must_use]
    pub fn probability_of_truth(&self) -> f32 {
        self.probabilities[self.truth.index()]
    }
}

/// Figures of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// Share of the answers "this class" that are right; `None` where it is never answered.
    pub precision: Option<f64>,
    /// Share of this class's images that are answered so; `None` where there is no such image.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall, `2 TP / (2 TP + FP + FN)`; `None` where both are undefined.
    pub f1: Option<f64>,
    /// 95 % Wilson interval of the recall; `None` with it.
    pub recall_ci95: Option<Interval>,
    /// Number of images of this class.
    pub support: usize,
}

/// Figures of a classifier on a set of labeled images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Number of images scored.
    pub n: usize,
    /// Share of right answers, in `[0, 1]`.
    pub accuracy: f64,
    /// 95 % interval of the accuracy (Wilson 1927).
    pub accuracy_ci95: Interval,
    /// Mean recall of the classes present.
    pub balanced_accuracy: f64,
    /// 95 % credible interval of the balanced accuracy, given the number of images of each class (Jeffreys prior, fixed seed).
    pub balanced_accuracy_ci95: Interval,
    /// Mean F1 of the classes present.
    pub macro_f1: f64,
    /// 95 % interval of the macro F1 (from the same draws).
    pub macro_f1_ci95: Interval,
    /// Mean negative log-likelihood of the truth, in nats.
    pub nll: f64,
    /// Expected calibration error over [`RELIABILITY_BINS`] equal-width bins of confidence (Guo et al. 2017).
    pub ece: f64,
    /// The order of the rows and columns of `confusion`.
    pub classes: [Emotion; Emotion::COUNT],
    /// `confusion[truth][answer]` counts images.
    pub confusion: [[usize; Emotion::COUNT]; Emotion::COUNT],
    /// Figures by class.
    pub per_class: PerEmotion<ClassMetrics>,
    /// The reliability diagram: confidence against accuracy, bin by bin.
    pub reliability: Vec<ReliabilityBin>,
}

impl Metrics {
    /// The figures of `outcomes`; `None` if there are none, for then nothing can be said.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Option<Self> {
        if outcomes.is_empty() {
            return None;
        }
        let confusion = Confusion::of(outcomes);
        let correct = confusion.correct();
        let averages = interval::averages(&confusion);
        let reliability = reliability(outcomes);
        Some(Self {
            n: outcomes.len(),
            accuracy: correct as f64 / outcomes.len() as f64,
            accuracy_ci95: wilson(correct, outcomes.len()),
            balanced_accuracy: confusion.balanced_accuracy(),
            balanced_accuracy_ci95: averages.balanced_accuracy,
            macro_f1: confusion.macro_f1(),
            macro_f1_ci95: averages.macro_f1,
            nll: negative_log_likelihood(outcomes),
            ece: expected_calibration_error(&reliability),
            classes: Emotion::ALL,
            confusion: confusion.0,
            per_class: PerEmotion::from_fn(|emotion| confusion.class(emotion)),
            reliability,
        })
    }
}

fn negative_log_likelihood(outcomes: &[Outcome]) -> f64 {
    let total: f64 = outcomes
        .iter()
        .map(|outcome| {
            // No probability is above 1; without a sign, 0 is never -0.
            f64::from(outcome.probability_of_truth())
                .max(MIN_PROBABILITY)
                .ln()
                .abs()
        })
        .sum();
    total / outcomes.len() as f64
}

/// Counts of images by truth (rows) and answer (columns), not all of them zero.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Confusion([[usize; Emotion::COUNT]; Emotion::COUNT]);

impl Confusion {
    fn of(outcomes: &[Outcome]) -> Self {
        let mut counts = [[0; Emotion::COUNT]; Emotion::COUNT];
        for outcome in outcomes {
            counts[outcome.truth.index()][outcome.answer().index()] += 1;
        }
        Self(counts)
    }

    fn correct(&self) -> usize {
        (0..Emotion::COUNT).map(|class| self.0[class][class]).sum()
    }

    fn support(&self, class: usize) -> usize {
        self.0[class].iter().sum()
    }

    fn answered(&self, class: usize) -> usize {
        self.0.iter().map(|row| row[class]).sum()
    }

    fn recall(&self, class: usize) -> Option<f64> {
        ratio(self.0[class][class], self.support(class))
    }

    fn f1(&self, class: usize) -> Option<f64> {
        // TP + FN + TP + FP
        ratio(
            2 * self.0[class][class],
            self.support(class) + self.answered(class),
        )
    }

    fn class(&self, emotion: Emotion) -> ClassMetrics {
        let class = emotion.index();
        let (right, support) = (self.0[class][class], self.support(class));
        ClassMetrics {
            precision: ratio(right, self.answered(class)),
            recall: self.recall(class),
            f1: self.f1(class),
            recall_ci95: (support > 0).then(|| wilson(right, support)),
            support,
        }
    }

    fn balanced_accuracy(&self) -> f64 {
        mean((0..Emotion::COUNT).filter_map(|class| self.recall(class)))
    }

    fn macro_f1(&self) -> f64 {
        mean(
            (0..Emotion::COUNT)
                .filter(|&class| self.support(class) > 0)
                .filter_map(|class| self.f1(class)),
        )
    }
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The mean of the values of classes present, of which there is at least one.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, count), value| {
        (sum + value, count + 1)
    });
    sum / count as f64
}

#[cfg(test)]
mod tests;
