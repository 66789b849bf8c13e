//! Which mix of emotions the answer assumes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Emotion, Error, PerEmotion, Result};

/// The class mix under which probabilities are given.
///
/// A network learns the mix of its training data along with everything else. Where faces are mixed otherwise, its
/// probabilities are right after adding `ln(target prior / training mix)` to each log-probability (Saerens et al.,
/// "Adjusting the outputs of a classifier to new a priori probabilities", 2002; Menon et al., "Long-tail learning via
/// logit adjustment", 2021).
///
/// ```
/// use fer_core::Priors;
///
/// let priors: Priors = "0.4,0.1,0.4,0.1".parse()?;
/// assert_eq!(priors.to_string(), "0.4,0.1,0.4,0.1");
/// assert_eq!("uniform".parse::<Priors>()?, Priors::Uniform);
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Priors {
    /// The mix of the training data.
    #[default]
    Natural,
    /// All four emotions equally likely.
    Uniform,
    /// The caller's own mix in the order of [`Emotion::ALL`] (happy, sad, neutral, surprise): not negative, not all
    /// zero, in any scale.
    Custom([f32; Emotion::COUNT]),
}

impl Priors {
    /// Returns the terms to add to the log-probabilities of a model trained on `class_mix`.
    ///
    /// # Errors
    /// [`Error::InvalidPriors`] if a custom mix has a negative or non-finite number or nothing but zeros.
    pub(crate) fn logit_shift(&self, class_mix: &PerEmotion<f32>) -> Result<[f32; Emotion::COUNT]> {
        let target = match self {
            Self::Natural => return Ok([0.0; Emotion::COUNT]),
            Self::Uniform => [1.0; Emotion::COUNT],
            Self::Custom(mix) => {
                check(mix).map_err(|()| self.invalid())?;
                *mix
            }
        };
        let total: f32 = target.iter().sum();
        Ok(std::array::from_fn(|i| {
            (target[i] / total / class_mix.0[i]).ln()
        }))
    }

    fn invalid(&self) -> Error {
        Error::InvalidPriors {
            expected: Emotion::labels(),
            found: self.to_string(),
        }
    }
}

fn check(mix: &[f32; Emotion::COUNT]) -> std::result::Result<(), ()> {
    let total: f32 = mix.iter().sum();
    let valid = mix.iter().all(|&p| p >= 0.0) && total > 0.0 && total.is_finite();
    valid.then_some(()).ok_or(())
}

impl fmt::Display for Priors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Natural => f.write_str("natural"),
            Self::Uniform => f.write_str("uniform"),
            Self::Custom([happy, sad, neutral, surprise]) => {
                write!(f, "{happy},{sad},{neutral},{surprise}")
            }
        }
    }
}

impl FromStr for Priors {
    type Err = Error;

    /// Reads `natural`, `uniform` or `h,s,n,s`: four numbers for happy, sad, neutral and surprise.
    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::InvalidPriors {
            expected: Emotion::labels(),
            found: text.into(),
        };
        match text {
            "natural" => return Ok(Self::Natural),
            "uniform" => return Ok(Self::Uniform),
            _ => {}
        }
        let numbers: Vec<f32> = text
            .split(',')
            .map(|number| number.trim().parse().map_err(|_| invalid()))
            .collect::<Result<_>>()?;
        let mix = numbers.try_into().map_err(|_| invalid())?;
        check(&mix).map_err(|()| invalid())?;
        Ok(Self::Custom(mix))
    }
}

impl From<Priors> for String {
    fn from(priors: Priors) -> Self {
        priors.to_string()
    }
}

impl TryFrom<String> for Priors {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    const MIX: PerEmotion<f32> = PerEmotion([0.4, 0.2, 0.3, 0.1]);

    #[test]
    fn the_training_mix_itself_shifts_nothing() {
        assert_eq!(Priors::Natural.logit_shift(&MIX).unwrap(), [0.0; 4]);
        let shift = Priors::Custom(MIX.0.map(|p| 10.0 * p)).logit_shift(&MIX);
        for value in shift.unwrap() {
            assert!(value.abs() < 1e-6);
        }
    }

    #[test]
    fn uniform_divides_by_the_training_mix() {
        let shift = Priors::Uniform.logit_shift(&MIX).unwrap();
        for (value, mix) in shift.iter().zip(MIX.0) {
            assert!((value.exp() - 0.25 / mix).abs() < 1e-6);
        }
    }

    #[test]
    fn a_prior_of_zero_rules_the_class_out() {
        let shift = Priors::Custom([1.0, 1.0, 1.0, 0.0]).logit_shift(&MIX);
        assert_eq!(shift.unwrap()[3], f32::NEG_INFINITY);
    }

    #[test]
    fn malformed_priors_are_refused() {
        for text in [
            "",
            "even",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,x",
            "-1,1,1,1",
            "0,0,0,0",
            "nan,1,1,1",
            "inf,1,1,1",
        ] {
            let error = text.parse::<Priors>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
        }
        for mix in [
            [-1.0, 1.0, 1.0, 1.0],
            [0.0; 4],
            [f32::NAN; 4],
            [f32::MAX; 4],
        ] {
            assert!(Priors::Custom(mix).logit_shift(&MIX).is_err(), "{mix:?}");
        }
    }

    #[test]
    fn text_round_trip() {
        for text in ["natural", "uniform", "0.5,0.25,0.125,0"] {
            assert_eq!(text.parse::<Priors>().unwrap().to_string(), text);
        }
        assert_eq!(
            " 1, 2 ,3,4".parse::<Priors>().unwrap(),
            Priors::Custom([1.0, 2.0, 3.0, 4.0])
        );
    }
}
