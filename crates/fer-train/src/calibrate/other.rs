//! Calibration of the outputs for other expressions.

use fer_core::OtherCalibration;

/// The share of the faces that most voters see one of the four classes in and that may yet be said to show another expression.
pub(crate) const FALSE_ALARMS: f64 = 0.05;

/// Newton's steps; the likelihood is convex, and a dozen bring it to rest.
const STEPS: usize = 50;

/// The prior on the slope and the offset: as if this many votes had been cast for the log-odds as they are.
const PRIOR: f64 = 1.0;

/// Log-odds of another expression that a network gave a held-out image, and what its voters said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) log_odds: f32,
    /// The share of the votes that were for another expression.
    pub(crate) share: f32,
    /// `true` if more than half of the voters chose one of the four classes.
    pub(crate) has_majority: bool,
}

/// Fits slope and offset so that the shares given are those of the votes (Platt 1999), and takes the threshold that at most
/// [`FALSE_ALARMS`] of the images with a majority for one of the four classes exceed.
pub(crate) fn calibrate_other(judged: &[Judged]) -> OtherCalibration {
    let (slope, offset) = fit(judged);
    let unset = OtherCalibration {
        slope: slope as f32,
        offset: offset as f32,
        threshold: 1.0,
    };
    let share = |judged: &Judged| unset.share_of(judged.log_odds);
    let with_majority = judged.iter().filter(|judged| judged.has_majority);
    let mut shares: Vec<f32> = with_majority.map(share).collect();
    shares.sort_by(f32::total_cmp);
    let kept = ((1.0 - FALSE_ALARMS) * shares.len() as f64).ceil() as usize;
    let threshold = shares.get(kept.saturating_sub(1)).copied();
    OtherCalibration {
        threshold: threshold.unwrap_or(unset.threshold),
        ..unset
    }
}

/// Minimizes the cross-entropy between the shares of the votes and `1 / (1 + exp(-(slope * log_odds + offset)))` by Newton's method.
fn fit(judged: &[Judged]) -> (f64, f64) {
    let (mut slope, mut offset) = (1.0, 0.0);
    for _ in 0..STEPS {
        let mut gradient = [PRIOR * (slope - 1.0), PRIOR * offset];
        let mut curvature = [PRIOR, 0.0, PRIOR];
        for judged in judged {
            let odds = f64::from(judged.log_odds);
            let share = 1.0 / (1.0 + (-(slope * odds + offset)).exp());
            let excess = share - f64::from(judged.share);
            gradient[0] += excess * odds;
            gradient[1] += excess;
            let weight = share * (1.0 - share);
            curvature[0] += weight * odds * odds;
            curvature[1] += weight * odds;
            curvature[2] += weight;
        }
        let [a, b, c] = curvature;
        let determinant = a * c - b * b;
        slope -= (c * gradient[0] - b * gradient[1]) / determinant;
        offset -= (a * gradient[1] - b * gradient[0]) / determinant;
    }
    (slope, offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};

    /// Images whose voters follow `1 / (1 + exp(-(2 z + 1)))` where the network says `z`.
    fn judged() -> Vec<Judged> {
        let mut random = Random::new(1, Purpose::Augmentation, 0, 0);
        (0..2000)
            .map(|_| {
                let log_odds = 2.0 * random.normal();
                let share = 1.0 / (1.0 + (-(2.0 * log_odds + 1.0)).exp());
                Judged {
                    log_odds,
                    share,
                    has_majority: share < 0.4,
                }
            })
            .collect()
    }

    #[test]
    fn slope_and_offset_are_those_of_the_voters() {
        let calibration = calibrate_other(&judged());
        assert!((calibration.slope - 2.0).abs() < 0.05, "{calibration:?}");
        assert!((calibration.offset - 1.0).abs() < 0.05, "{calibration:?}");
    }

    #[test]
    fn few_images_with_a_majority_exceed_the_threshold() {
        let judged = judged();
        let calibration = calibrate_other(&judged);
        let with_majority: Vec<&Judged> = judged.iter().filter(|one| one.has_majority).collect();
        let exceed = |one: &&&Judged| calibration.share_of(one.log_odds) > calibration.threshold;
        let alarms = with_majority.iter().filter(exceed).count() as f64;
        let share = alarms / with_majority.len() as f64;
        assert!(
            share <= FALSE_ALARMS && share > FALSE_ALARMS - 0.01,
            "{share}"
        );
    }

    #[test]
    fn without_images_nothing_is_changed_and_nobody_is_alarmed() {
        let calibration = calibrate_other(&[]);
        assert_eq!((calibration.slope, calibration.offset), (1.0, 0.0));
        assert_eq!(calibration.threshold, 1.0);
    }

    #[test]
    fn separable_images_leave_finite_numbers() {
        let certain = |log_odds, share| Judged {
            log_odds,
            share,
            has_majority: share < 0.5,
        };
        let calibration = calibrate_other(&[certain(-3.0, 0.0), certain(3.0, 1.0)]);
        assert!(calibration.slope.is_finite() && calibration.offset.is_finite());
    }
}
