//! Confidence intervals of shares and of averages over classes.

use fer_core::Emotion;

use super::Confusion;
use crate::random::{Purpose, Random};

/// Lower and upper end of a 95 % confidence interval.
pub type Interval = [f64; 2];

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

const RESAMPLES: u64 = 1000;

/// The seed is fixed: the same outcomes always give the same interval.
const SEED: u64 = 0x5eed;

/// 95 % score interval of a share of `successes` in `trials` (Wilson 1927); `[0, 1]` without trials.
///
/// Unlike the normal approximation it stays within `[0, 1]` and has a width at 0 and 1.
///
/// ```
/// let [low, high] = fer_train::metrics::wilson(81, 100);
/// assert!((low - 0.7222).abs() < 1e-4 && (high - 0.8749).abs() < 1e-4);
/// ```
#[must_use]
pub fn wilson(successes: usize, trials: usize) -> Interval {
    if trials == 0 {
        return [0.0, 1.0];
    }
    let n = trials as f64;
    let share = successes as f64 / n;
    let z2 = Z_95 * Z_95;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half_width =
        Z_95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    [
        (centre - half_width).clamp(0.0, share),
        (centre + half_width).clamp(share, 1.0),
    ]
}

/// Bootstrap intervals of the averages over classes.
pub(super) struct Resampled {
    pub(super) balanced_accuracy: Interval,
    pub(super) macro_f1: Interval,
}

/// Percentile bootstrap over images (Efron & Tibshirani 1993, ch. 13): images drawn with replacement are, for these figures, cells
/// of the confusion matrix drawn in proportion to their counts.
pub(super) fn bootstrap(confusion: &Confusion) -> Resampled {
    let cells = cells(confusion);
    let (balanced_accuracy, macro_f1) = (0..RESAMPLES)
        .map(|resample| {
            let drawn = draw(
                &cells,
                &mut Random::new(SEED, Purpose::Resampling, 0, resample),
            );
            (drawn.balanced_accuracy(), drawn.macro_f1())
        })
        .unzip();
    Resampled {
        balanced_accuracy: percentiles(balanced_accuracy),
        macro_f1: percentiles(macro_f1),
    }
}

fn cells(confusion: &Confusion) -> Vec<(usize, usize)> {
    let mut cells = Vec::new();
    for truth in 0..Emotion::COUNT {
        for answer in 0..Emotion::COUNT {
            cells.extend(std::iter::repeat_n(
                (truth, answer),
                confusion.0[truth][answer],
            ));
        }
    }
    cells
}

fn draw(cells: &[(usize, usize)], random: &mut Random) -> Confusion {
    let mut counts = [[0; Emotion::COUNT]; Emotion::COUNT];
    for _ in cells {
        let (truth, answer) = cells[random.below(cells.len())];
        counts[truth][answer] += 1;
    }
    Confusion(counts)
}

/// The 2.5 % and 97.5 % percentiles, by nearest rank.
fn percentiles(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let rank = |share: f64| ((values.len() - 1) as f64 * share).round() as usize;
    [values[rank(0.025)], values[rank(0.975)]]
}
