//! Calibration: does a confidence of 0.8 mean right in 80 % of the cases?

use serde::{Deserialize, Serialize};

use super::Outcome;

/// Number of equal-width bins over `(0, 1]`, the 15 of Guo et al. (2017).
pub const RELIABILITY_BINS: usize = 15;

/// One bar of a reliability diagram: the answers whose confidence lies in `(lower, upper]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower edge, exclusive.
    pub lower: f64,
    /// Upper edge, inclusive.
    pub upper: f64,
    /// Number of answers in the bin.
    pub count: usize,
    /// Their mean confidence; `None` in an empty bin.
    pub confidence: Option<f64>,
    /// The share of them that are right; `None` in an empty bin.
    pub accuracy: Option<f64>,
}

/// The reliability diagram of `outcomes`: [`RELIABILITY_BINS`] bins, the empty ones included.
#[must_use]
pub fn reliability(outcomes: &[Outcome]) -> Vec<ReliabilityBin> {
    #[derive(Clone, Copy, Default)]
    struct Sums {
        count: usize,
        confidence: f64,
        correct: usize,
    }
    let mut bins = [Sums::default(); RELIABILITY_BINS];
    for outcome in outcomes {
        let confidence = f64::from(outcome.confidence());
        let bin = &mut bins[bin_of(confidence)];
        bin.count += 1;
        bin.confidence += confidence;
        bin.correct += usize::from(outcome.is_correct());
    }
    bins.iter()
        .enumerate()
        .map(|(index, bin)| ReliabilityBin {
            lower: index as f64 / RELIABILITY_BINS as f64,
            upper: (index + 1) as f64 / RELIABILITY_BINS as f64,
            count: bin.count,
            confidence: (bin.count > 0).then(|| bin.confidence / bin.count as f64),
            accuracy: (bin.count > 0).then(|| bin.correct as f64 / bin.count as f64),
        })
        .collect()
}

/// The bin `(i / 15, (i + 1) / 15]` that holds `confidence`.
fn bin_of(confidence: f64) -> usize {
    let above = (confidence * RELIABILITY_BINS as f64).ceil() as usize;
    above.saturating_sub(1).min(RELIABILITY_BINS - 1)
}

/// Expected calibration error: the mean distance of confidence from accuracy over the bins, weighted by their counts
/// (Naeini et al. 2015; Guo et al. 2017). 0 for no answers.
#[must_use]
pub fn expected_calibration_error(bins: &[ReliabilityBin]) -> f64 {
    let total: usize = bins.iter().map(|bin| bin.count).sum();
    bins.iter()
        .filter_map(|bin| {
            Some(bin.count as f64 / total as f64 * (bin.accuracy? - bin.confidence?).abs())
        })
        .sum()
}
