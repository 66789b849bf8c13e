//! References from the JSON of `fer evaluate`.

use fer_core::{Emotion, PerEmotion, Priors};
use serde::Deserialize;

use crate::reference::{Reference, ReferenceRow};
use crate::{Error, Result};

/// The part of an evaluation that a reference is made of.
#[derive(Deserialize)]
struct Evaluation {
    #[serde(default)]
    priors: Priors,
    predictions: Vec<Labeled>,
}

#[derive(Deserialize)]
struct Labeled {
    truth: Emotion,
    probabilities: PerEmotion<f64>,
    votes: Option<Votes>,
}

#[derive(Deserialize)]
struct Votes {
    #[serde(flatten)]
    emotions: PerEmotion<f64>,
    other: f64,
}

impl Reference {
    /// Builds the reference of a labeled set from the JSON that `fer evaluate --json` wrote of it: of the images with votes
    /// where there are any (`--votes`), else of the folders' labels.
    ///
    /// # Errors
    /// [`Error::ReferenceFormat`] for other text, [`Error::InvalidReference`] for probabilities under other priors than the
    /// natural ones, and those of [`Reference::from_votes`].
    pub fn from_evaluation(text: &str) -> Result<Self> {
        let evaluation: Evaluation =
            serde_json::from_str(text).map_err(|source| Error::ReferenceFormat { source })?;
        if evaluation.priors != Priors::Natural {
            return Err(Error::InvalidReference {
                what: "the evaluation must be under natural priors: leave out --priors".into(),
                found: evaluation.priors.to_string(),
            });
        }
        let images = &evaluation.predictions;
        if images.iter().any(|image| image.votes.is_some()) {
            return Self::from_votes(images.iter().filter_map(|image| {
                let votes = image.votes.as_ref()?;
                Some(ReferenceRow {
                    probabilities: image.probabilities.0,
                    votes: votes.emotions,
                    other: votes.other,
                })
            }));
        }
        Self::from_labels(
            images
                .iter()
                .map(|image| (image.probabilities.0, image.truth)),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::reference::Stratum;

    fn evaluation(image: impl Fn(usize) -> Value) -> Value {
        let predictions: Vec<Value> = (0..80).map(image).collect();
        json!({"n": 80, "priors": "natural", "predictions": predictions})
    }

    fn labeled(i: usize) -> Value {
        let label = Emotion::ALL[i % 4].label();
        let mut image = json!({"path": "a.png", "truth": label, "emotion": label,
            "probabilities": {"happy": 0.01, "sad": 0.01, "neutral": 0.01, "surprise": 0.01}});
        image["probabilities"][label] = json!(0.97);
        image
    }

    #[test]
    fn labels_make_four_strata_and_votes_five() {
        let labels = Reference::from_evaluation(&evaluation(labeled).to_string()).unwrap();
        assert_eq!((labels.images(), labels.unclear()), (80, None));
        let voted = evaluation(|i| {
            let mut image = labeled(i);
            // The last twenty have no majority for one of the four.
            let other = if i >= 60 { 6 } else { 1 };
            image["votes"] =
                json!({"happy": 0, "sad": 0, "neutral": 0, "surprise": 0, "other": other});
            image["votes"][Emotion::ALL[i % 4].label()] = json!(4);
            image
        });
        let votes = Reference::from_evaluation(&voted.to_string()).unwrap();
        assert_eq!(votes.unclear().map(Stratum::images), Some(20));
        assert_eq!(votes.majority(Emotion::Sad).images(), 15);
    }

    #[test]
    fn other_priors_and_other_text_are_refused() {
        let mut other = evaluation(labeled);
        other["priors"] = json!("uniform");
        let error = Reference::from_evaluation(&other.to_string()).unwrap_err();
        assert!(error.to_string().contains("leave out --priors"), "{error}");
        assert!(matches!(
            Reference::from_evaluation("{}"),
            Err(Error::ReferenceFormat { .. })
        ));
    }
}
