//! Confidence intervals of shares and of averages over classes.

use fer_core::Emotion;

use super::{Confusion, mean};
use crate::random::{Purpose, Random};

/// Lower and upper end of a 95 % confidence interval.
pub type Interval = [f64; 2];

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

const DRAWS: u64 = 1000;

/// The seed is fixed: the same outcomes always give the same interval.
const SEED: u64 = 0x5eed;

/// Returns the 95 % score interval of a share of `successes` in `trials` ([`fer_core::wilson`]); `[0, 1]` without trials.
///
/// ```
/// let [low, high] = fer_train::metrics::wilson(81, 100);
/// assert!((low - 0.7222).abs() < 1e-4 && (high - 0.8749).abs() < 1e-4);
/// ```
#[must_use]
pub fn wilson(successes: usize, trials: usize) -> Interval {
    fer_core::wilson(successes as f64, trials as f64, Z_95)
}

/// Intervals of the averages over classes.
pub(super) struct Averages {
    pub(super) balanced_accuracy: Interval,
    pub(super) macro_f1: Interval,
}

/// Prior count of right answers of a class, and of its wrong answers together: the Jeffreys prior of its recall.
const JEFFREYS: f64 = 0.5;

/// Computes credible intervals of the averages over classes, given how many images each class has.
///
/// Of each class, the shares of its answers are drawn from their Dirichlet posterior. Its prior puts [`JEFFREYS`] on
/// the right answer and as much on all wrong ones together, so that a recall of `k` in `n` is Beta(k + 1/2, n - k + 1/2):
/// the interval that Brown, Cai and DasGupta, "Interval Estimation for a Binomial Proportion" (2001), recommend for
/// small `n`. Unlike a bootstrap, which resamples no errors where there are none, it has a width at 0 and at 1.
pub(super) fn averages(confusion: &Confusion) -> Averages {
    let (balanced_accuracy, macro_f1) = (0..DRAWS)
        .map(|draw| {
            let drawn = posterior(
                confusion,
                &mut Random::new(SEED, Purpose::Intervals, 0, draw),
            );
            (balanced_accuracy(&drawn), macro_f1(&drawn))
        })
        .unzip();
    Averages {
        balanced_accuracy: percentiles(balanced_accuracy, confusion.balanced_accuracy()),
        macro_f1: percentiles(macro_f1, confusion.macro_f1()),
    }
}

/// Expected counts of images by truth (rows) and answer (columns).
type Expected = [[f64; Emotion::COUNT]; Emotion::COUNT];

/// Draws each class's answers from their posterior; rows keep their sums.
fn posterior(confusion: &Confusion, random: &mut Random) -> Expected {
    std::array::from_fn(|truth| {
        let support = confusion.support(truth) as f64;
        let drawn: [f64; Emotion::COUNT] = std::array::from_fn(|answer| {
            let prior = if answer == truth {
                JEFFREYS
            } else {
                JEFFREYS / (Emotion::COUNT - 1) as f64
            };
            random.gamma(confusion.0[truth][answer] as f64 + prior)
        });
        let sum: f64 = drawn.iter().sum();
        // Of no images every share is a guess; the row stays empty.
        drawn.map(|value| {
            if support > 0.0 {
                support * value / sum
            } else {
                0.0
            }
        })
    })
}

fn present(counts: &Expected) -> impl Iterator<Item = (usize, f64)> {
    let support = |class: usize| counts[class].iter().sum::<f64>();
    (0..Emotion::COUNT)
        .map(move |class| (class, support(class)))
        .filter(|(_, support)| *support > 0.0)
}

fn balanced_accuracy(counts: &Expected) -> f64 {
    mean(present(counts).map(|(class, support)| counts[class][class] / support))
}

fn macro_f1(counts: &Expected) -> f64 {
    mean(present(counts).map(|(class, support)| {
        let answered: f64 = counts.iter().map(|row| row[class]).sum();
        2.0 * counts[class][class] / (support + answered)
    }))
}

/// Returns the 2.5 % and 97.5 % percentiles, by nearest rank, widened to hold the `figure` observed.
fn percentiles(mut values: Vec<f64>, figure: f64) -> Interval {
    values.sort_by(f64::total_cmp);
    let rank = |share: f64| ((values.len() - 1) as f64 * share).round() as usize;
    [
        values[rank(0.025)].min(figure),
        values[rank(0.975)].max(figure),
    ]
}
