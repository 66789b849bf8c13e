//! Learning rate over the steps of a run.

use serde::{Deserialize, Serialize};

/// The shape of the learning rate over a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// One cycle (Smith and Topin 2018): half a cosine up from 1/25 of the peak, half a cosine down to 1/10000.
    #[default]
    OneCycle,
    /// A linear warm-up from zero, then half a cosine down to zero (Loshchilov and Hutter 2017).
    Cosine,
}

/// One-cycle starts at the peak divided by this.
const ONE_CYCLE_START: f64 = 25.0;
/// One-cycle ends at the peak divided by this.
const ONE_CYCLE_END: f64 = 10_000.0;

impl Schedule {
    /// The learning rate at `step` of `steps` (from 0), with a rise over the first `warmup` of the steps (in [0, 1)).
    #[must_use]
    pub fn learning_rate(self, peak: f64, warmup: f64, step: usize, steps: usize) -> f64 {
        let rise = warmup * steps as f64;
        let at = step as f64;
        if at < rise {
            let progress = (at + 1.0) / (rise + 1.0);
            return match self {
                Self::OneCycle => half_cosine(peak / ONE_CYCLE_START, peak, progress),
                Self::Cosine => peak * progress,
            };
        }
        let progress = (at - rise) / (steps as f64 - rise).max(1.0);
        match self {
            Self::OneCycle => half_cosine(peak, peak / ONE_CYCLE_END, progress),
            Self::Cosine => half_cosine(peak, 0.0, progress),
        }
    }
}

/// Moves from `start` (progress 0) to `end` (progress 1) along half a cosine.
fn half_cosine(start: f64, end: f64, progress: f64) -> f64 {
    end + (start - end) * 0.5 * (1.0 + (std::f64::consts::PI * progress.clamp(0.0, 1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_to_the_peak_and_falls_monotonically() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine] {
            let rates: Vec<f64> = (0..1000)
                .map(|step| schedule.learning_rate(0.01, 0.2, step, 1000))
                .collect();
            assert!(rates[..200].is_sorted(), "{schedule:?} rises");
            assert!(
                rates[200..].is_sorted_by(|a, b| a >= b),
                "{schedule:?} falls"
            );
            assert!((rates[200] - 0.01).abs() < 1e-12);
            assert!(rates[999] < 1e-5 && rates[999] >= 0.0);
            assert!(rates[0] > 0.0);
        }
    }

    #[test]
    fn no_warm_up_starts_at_the_peak_and_one_step_is_fine() {
        for schedule in [Schedule::OneCycle, Schedule::Cosine] {
            assert!((schedule.learning_rate(0.5, 0.0, 0, 10) - 0.5).abs() < 1e-12);
            assert!(schedule.learning_rate(0.5, 0.3, 0, 1).is_finite());
        }
    }
}
