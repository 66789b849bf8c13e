//! The fifth answer: how many people would see another expression than the four, or none.

use crate::softmax::log_sum_exp;
use crate::{Error, Result};

/// The outputs of a network beside those of the four emotions, joined to one share.
///
/// Each output stands for one other expression that the training knew. Their odds against the four emotions, taken together, are
/// scaled and shifted so that the share is that of the votes of people (Platt, "Probabilistic Outputs for Support Vector Machines",
/// 1999).
#[derive(Debug, Clone, PartialEq)]
pub struct OtherOutputs {
    /// Weights of the outputs, `[outputs, C]`, on the features that the head of the network sees.
    pub weights: Vec<f32>,
    /// Bias of each output.
    pub biases: Vec<f32>,
    /// Scale of the log-odds, and the share that is called another expression.
    pub calibration: OtherCalibration,
}

/// Scale and threshold of the outputs for other expressions, fitted to held-out faces.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherCalibration {
    /// Factor on the log-odds.
    pub slope: f32,
    /// Added to the scaled log-odds.
    pub offset: f32,
    /// The share above which a face is said to show another expression, in [0, 1].
    pub threshold: f32,
}

impl OtherOutputs {
    /// The most outputs; more would be no expressions.
    pub const MAX_OUTPUTS: usize = 64;

    /// Checks that there is at least one output, `features` weights for each, and that every number is finite.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] or [`Error::InvalidValue`] otherwise.
    pub fn validate(&self, features: usize) -> Result<()> {
        let count = self.biases.len();
        if !(1..=Self::MAX_OUTPUTS).contains(&count) {
            return Err(Error::InvalidValue {
                what: "the number of outputs for other expressions",
                expected: "1 to 64",
                found: count.to_string(),
            });
        }
        if self.weights.len() != count * features {
            return Err(Error::InvalidLength {
                what: "weights of the outputs for other expressions",
                expected: count * features,
                found: self.weights.len(),
            });
        }
        let OtherCalibration {
            slope,
            offset,
            threshold,
        } = self.calibration;
        let mut numbers = self.weights.iter().chain(&self.biases);
        let unsound = |value: &&f32| !value.is_finite();
        let unsound = numbers
            .find(unsound)
            .or([&slope, &offset].into_iter().find(unsound));
        if let Some(value) = unsound {
            return Err(Error::InvalidValue {
                what: "a number of the outputs for other expressions",
                expected: "a finite number",
                found: value.to_string(),
            });
        }
        check_share(threshold)
    }
}

impl OtherCalibration {
    /// The share of people who would see another expression, given the logits of the emotions and of the other outputs.
    pub(crate) fn share(&self, emotions: &[f32], others: &[f32]) -> OtherShare {
        OtherShare {
            share: self.share_of(other_log_odds(emotions, others)),
            threshold: self.threshold,
        }
    }

    /// The share of people who would see another expression, in [0, 1], given the log-odds of the outputs.
    pub fn share_of(&self, log_odds: f32) -> f32 {
        1.0 / (1.0 + (-(self.slope * log_odds + self.offset)).exp())
    }
}

/// Computes the log-odds of the outputs `others` together against the outputs `emotions` together, both given as logits.
pub fn other_log_odds(emotions: &[f32], others: &[f32]) -> f32 {
    log_sum_exp(others) - log_sum_exp(emotions)
}

/// The fifth answer for one face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OtherShare {
    /// The estimated share of people who would see another expression than the four, or none, in [0, 1].
    pub share: f32,
    /// The share above which the face is said to show another expression, in [0, 1].
    pub threshold: f32,
}

impl OtherShare {
    /// Checks that both numbers are shares.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] for a number outside [0, 1].
    pub(crate) fn validate(&self) -> Result<()> {
        check_share(self.share)?;
        check_share(self.threshold)
    }
}

fn check_share(share: f32) -> Result<()> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(Error::InvalidValue {
        what: "a share of other expressions",
        expected: "a number in [0, 1]",
        found: share.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const CALIBRATION: OtherCalibration = OtherCalibration {
        slope: 1.0,
        offset: 0.0,
        threshold: 0.5,
    };

    #[test]
    fn the_share_is_that_of_the_softmax_over_all_outputs() {
        let (emotions, others) = ([1.0f32, -2.0, 0.5, 3.0], [0.25f32, 2.0, -1.0]);
        let odds = |logits: &[f32]| logits.iter().map(|logit| logit.exp()).sum::<f32>();
        let expected = odds(&others) / (odds(&emotions) + odds(&others));
        let share = CALIBRATION.share(&emotions, &others);
        assert!((share.share - expected).abs() < 1e-6);
        let shifted = OtherCalibration {
            slope: 2.0,
            offset: -1.0,
            ..CALIBRATION
        };
        let odds = 2.0 * (expected / (1.0 - expected)).ln() - 1.0;
        let share = shifted.share(&emotions, &others).share;
        assert!((share - 1.0 / (1.0 + (-odds).exp())).abs() < 1e-6);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(CALIBRATION.share(&[1e30; 4], &[0.0]).share, 0.0);
        assert_eq!(CALIBRATION.share(&[0.0; 4], &[1e30]).share, 1.0);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let sound = OtherOutputs {
            weights: vec![0.5; 6],
            biases: vec![0.0; 2],
            calibration: CALIBRATION,
        };
        sound.validate(3).unwrap();
        assert!(sound.validate(2).is_err());
        let refused = |edit: &dyn Fn(&mut OtherOutputs)| {
            let mut outputs = sound.clone();
            edit(&mut outputs);
            let error = outputs.validate(3).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        };
        refused(&|outputs| outputs.weights[5] = f32::NAN);
        refused(&|outputs| outputs.biases.clear());
        refused(&|outputs| outputs.calibration.slope = f32::INFINITY);
        refused(&|outputs| outputs.calibration.threshold = 1.5);
    }
}
