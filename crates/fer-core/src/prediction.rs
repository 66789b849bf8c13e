//! The answer for one face.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{Emotion, OtherShare, PerEmotion};

/// The apparent expression of a face, with the certainty of the answer.
///
/// As JSON: `{"emotion", "confidence", "probabilities": {"happy", "sad", "neutral", "surprise"}, "other": share | null}`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    probabilities: [f32; Emotion::COUNT],
    p_values: [f32; Emotion::COUNT],
    other: Option<OtherShare>,
}

impl Prediction {
    /// The error rate at which [`is_uncertain`](Self::is_uncertain) asks for a single label.
    pub const DEFAULT_ERROR_RATE: f32 = 0.1;

    pub(crate) fn new(
        probabilities: [f32; Emotion::COUNT],
        p_values: [f32; Emotion::COUNT],
        other: Option<OtherShare>,
    ) -> Self {
        Self {
            probabilities,
            p_values,
            other,
        }
    }

    /// Restores a prediction from its [`probabilities`](Self::probabilities), [`p_values`](Self::p_values) and
    /// [`other_share`](Self::other_share), for example in another process.
    ///
    /// # Errors
    /// [`Error::InvalidValue`](crate::Error::InvalidValue) for a number outside [0, 1].
    pub fn from_parts(
        probabilities: [f32; Emotion::COUNT],
        p_values: [f32; Emotion::COUNT],
        other: Option<OtherShare>,
    ) -> crate::Result<Self> {
        for value in probabilities.into_iter().chain(p_values) {
            if !(0.0..=1.0).contains(&value) {
                return Err(crate::Error::InvalidValue {
                    what: "a probability",
                    expected: "a number in [0, 1]",
                    found: value.to_string(),
                });
            }
        }
        if let Some(other) = &other {
            other.validate()?;
        }
        Ok(Self::new(probabilities, p_values, other))
    }

    /// The most probable emotion; of equals, the first in [`Emotion::ALL`].
    pub fn emotion(&self) -> Emotion {
        Emotion::ALL.into_iter().fold(Emotion::Happy, |best, next| {
            if self.probability(next) > self.probability(best) {
                next
            } else {
                best
            }
        })
    }

    /// The probability of [`emotion`](Self::emotion), in [0, 1].
    pub fn confidence(&self) -> f32 {
        self.probability(self.emotion())
    }

    /// The probability of each emotion in the order of [`Emotion::ALL`]; they sum to 1.
    pub fn probabilities(&self) -> [f32; Emotion::COUNT] {
        self.probabilities
    }

    /// The probability of one emotion, in [0, 1].
    pub fn probability(&self, emotion: Emotion) -> f32 {
        self.probabilities[emotion.index()]
    }

    /// The conformal p-value of each label in the order of [`Emotion::ALL`], in (0, 1]; see
    /// [`Calibration`](crate::Calibration).
    ///
    /// They do not depend on the priors asked for, and are all 1 for a model without conformal scores.
    pub fn p_values(&self) -> [f32; Emotion::COUNT] {
        self.p_values
    }

    /// Returns the labels that cannot be ruled out at `error_rate`, in [0, 1], the most probable first: conformal
    /// prediction with coverage of at least `1 - error_rate` (see [`Calibration`](crate::Calibration)).
    ///
    /// The set holds the [`emotion`](Self::emotion) always, a rate of 1 nothing else, a rate of 0 all labels.
    ///
    /// # Errors
    /// [`Error::InvalidValue`](crate::Error::InvalidValue) for a rate outside [0, 1].
    pub fn label_set(&self, error_rate: f32) -> crate::Result<Vec<Emotion>> {
        if !(0.0..=1.0).contains(&error_rate) {
            return Err(crate::Error::InvalidValue {
                what: "error rate",
                expected: "a number in [0, 1]",
                found: error_rate.to_string(),
            });
        }
        Ok(self.labels_at(error_rate))
    }

    /// Returns the label set at [`DEFAULT_ERROR_RATE`](Self::DEFAULT_ERROR_RATE).
    pub fn default_label_set(&self) -> Vec<Emotion> {
        self.labels_at(Self::DEFAULT_ERROR_RATE)
    }

    fn labels_at(&self, error_rate: f32) -> Vec<Emotion> {
        let answer = self.emotion();
        let mut labels = Emotion::ALL.to_vec();
        // Other priors may prefer another label than those under which p-values are computed.
        labels.retain(|label| self.p_values[label.index()] > error_rate || *label == answer);
        labels.sort_by(|a, b| self.probability(*b).total_cmp(&self.probability(*a)));
        labels
    }

    /// The estimated share of people who would see another expression than the four (anger, fear, disgust, contempt), or none, in
    /// [0, 1]; `None` for a model that cannot tell.
    ///
    /// It stands beside the [`probabilities`](Self::probabilities), which say what the four are to each other, and does not depend on
    /// the priors asked for.
    pub fn other(&self) -> Option<f32> {
        self.other.map(|other| other.share)
    }

    /// The same, with the share above which [`shows_other`](Self::shows_other) is `true`.
    pub fn other_share(&self) -> Option<OtherShare> {
        self.other
    }

    /// Returns `true` if so many people would see another expression that the [`emotion`](Self::emotion) should not be relied on: more
    /// than the model's threshold, which was chosen on held-out faces.
    pub fn shows_other(&self) -> bool {
        self.other
            .is_some_and(|other| other.share > other.threshold)
    }

    /// Returns `true` if the face shows another expression ([`shows_other`](Self::shows_other)), if the label set at
    /// [`DEFAULT_ERROR_RATE`](Self::DEFAULT_ERROR_RATE) holds another label beside the [`emotion`](Self::emotion), or if the
    /// emotion itself is ruled out and in the set only because it is the answer.
    ///
    /// Always `true` for a model without conformal scores: its sets hold every label.
    pub fn is_uncertain(&self) -> bool {
        self.shows_other()
            || self.p_values[self.emotion().index()] <= Self::DEFAULT_ERROR_RATE
            || self.default_label_set().len() > 1
    }
}

impl Serialize for Prediction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("Prediction", 4)?;
        shape.serialize_field("emotion", &self.emotion())?;
        shape.serialize_field("confidence", &self.confidence())?;
        shape.serialize_field("probabilities", &PerEmotion(self.probabilities))?;
        shape.serialize_field("other", &self.other())?;
        shape.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins() {
        let prediction = Prediction::new([0.2, 0.3, 0.3, 0.2], [1.0; 4], None);
        assert_eq!(prediction.emotion(), Emotion::Sad);
        assert_eq!(prediction.confidence(), 0.3);
    }

    #[test]
    fn label_sets_shrink_to_the_answer_as_the_error_rate_grows() {
        let prediction = Prediction::new([0.1, 0.2, 0.6, 0.1], [0.02, 0.3, 0.8, 0.01], None);
        let set = |rate| prediction.label_set(rate).unwrap();
        assert_eq!(set(0.0).len(), 4);
        assert_eq!(set(0.1), [Emotion::Neutral, Emotion::Sad]);
        assert_eq!(set(0.5), [Emotion::Neutral]);
        assert_eq!(set(0.9), [Emotion::Neutral]);
        assert_eq!(set(1.0), [Emotion::Neutral]);
        assert_eq!(prediction.default_label_set(), set(0.1));
        assert!(prediction.is_uncertain());
        assert!(
            !Prediction::new([0.1, 0.7, 0.1, 0.1], [0.02, 1.0, 0.05, 0.01], None).is_uncertain()
        );
    }

    #[test]
    fn the_answer_under_other_priors_is_in_the_set_too() {
        // The priors made neutral the answer; the p-values speak for sad.
        let prediction = Prediction::new([0.1, 0.2, 0.6, 0.1], [0.02, 1.0, 0.05, 0.01], None);
        assert_eq!(
            prediction.default_label_set(),
            [Emotion::Neutral, Emotion::Sad]
        );
        assert!(prediction.is_uncertain());
    }

    #[test]
    fn an_error_rate_is_a_share() {
        let prediction = Prediction::new([0.1, 0.2, 0.6, 0.1], [1.0; 4], None);
        for rate in [-0.1, 1.1, f32::NAN, f32::INFINITY, 90.0] {
            let error = prediction.label_set(rate).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            assert!(error.to_string().contains("error rate"), "{error}");
        }
    }

    #[test]
    fn json_shape() {
        let prediction = Prediction::new([0.125, 0.25, 0.5, 0.125], [1.0; 4], None);
        let json = serde_json::to_string(&prediction).unwrap();
        assert_eq!(
            json,
            r#"{"emotion":"neutral","confidence":0.5,"probabilities":{"happy":0.125,"sad":0.25,"neutral":0.5,"surprise":0.125},"other":null}"#
        );
    }

    #[test]
    fn another_expression_makes_a_sure_answer_uncertain() {
        let with = |share| {
            let other = OtherShare {
                share,
                threshold: 0.4,
            };
            Prediction::new([0.1, 0.7, 0.1, 0.1], [0.02, 0.3, 0.05, 0.01], Some(other))
        };
        assert!(!with(0.4).shows_other() && !with(0.4).is_uncertain());
        assert!(with(0.41).shows_other() && with(0.41).is_uncertain());
        assert_eq!(with(0.41).emotion(), Emotion::Sad);
        assert_eq!(with(0.25).other(), Some(0.25));
        let json = serde_json::to_string(&with(0.25)).unwrap();
        assert!(json.ends_with(r#","other":0.25}"#), "{json}");
    }

    #[test]
    fn parts_outside_their_range_are_refused() {
        let other = |share| {
            Some(OtherShare {
                share,
                threshold: 0.5,
            })
        };
        let whole = Prediction::from_parts([0.25; 4], [1.0; 4], other(0.1)).unwrap();
        let again =
            Prediction::from_parts(whole.probabilities(), whole.p_values(), whole.other_share());
        assert_eq!(again.unwrap(), whole);
        assert!(Prediction::from_parts([0.25; 4], [1.0; 4], other(-0.1)).is_err());
        assert!(Prediction::from_parts([1.25; 4], [1.0; 4], None).is_err());
    }
}
