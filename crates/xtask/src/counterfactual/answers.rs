//! The answers of a model to the drawn persons, and what a change of paint does to them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::Outcome;

/// The classes in the order of the model card, which are folders of each variant.
pub(super) const CLASSES: [&str; 4] = ["happy", "sad", "neutral", "surprise"];

/// The 97.5 % quantile of the standard normal distribution.
const Z_95: f64 = 1.959_964;

/// A set of variants of the same persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arm {
    Skin,
    Hair,
}

impl Arm {
    pub(super) const ALL: [Self; 2] = [Self::Skin, Self::Hair];

    /// Returns the name of the folder that `tools/counterfactual.py` draws it into.
    pub(super) fn folder(self) -> &'static str {
        match self {
            Self::Skin => "skin",
            Self::Hair => "hair",
        }
    }
}

/// The persons who were read right in each variant. A face that is not found is read wrong, as for a user.
pub(super) struct Answers {
    pub(super) model: String,
    right: BTreeMap<(Arm, String, String), Vec<f64>>,
}

/// The part of the JSON of `fer evaluate` that is read.
#[derive(Deserialize)]
struct Evaluation {
    predictions: Vec<Prediction>,
}

#[derive(Deserialize)]
struct Prediction {
    path: String,
    truth: String,
    emotion: String,
}

impl Answers {
    /// Begins without answers of `model`, which is named by its file if it is one.
    pub(super) fn new(model: &str) -> Self {
        let name = Path::new(model).file_name().unwrap_or_default();
        Self {
            model: name.to_string_lossy().into_owned(),
            right: BTreeMap::new(),
        }
    }

    /// Takes the answers to the drawings in `folder` from the JSON of their evaluation.
    pub(super) fn read(&mut self, arm: Arm, variant: &str, folder: &Path, json: &[u8]) -> Outcome {
        let evaluation: Evaluation = serde_json::from_slice(json)?;
        let right: BTreeMap<&str, bool> = evaluation
            .predictions
            .iter()
            .map(|found| (found.path.as_str(), found.truth == found.emotion))
            .collect();
        for class in CLASSES {
            let mut names = fs::read_dir(folder.join(class))?
                .map(|entry| -> Outcome<String> {
                    Ok(entry?.file_name().to_string_lossy().into_owned())
                })
                .collect::<Outcome<Vec<_>>>()?;
            names.sort();
            let by_person = names
                .iter()
                .map(|name| right.get(format!("{class}/{name}").as_str()) == Some(&true))
                .map(|right| if right { 1.0 } else { 0.0 })
                .collect();
            let key = (arm, variant.to_owned(), class.to_owned());
            self.right.insert(key, by_person);
        }
        Ok(())
    }

    /// Returns by person whether the answer to `variant` was right: 0 or 1. Without a class, the persons of all classes.
    pub(super) fn right(&self, arm: Arm, variant: &str, class: Option<&str>) -> Outcome<Vec<f64>> {
        let mut persons = Vec::new();
        for class in CLASSES
            .into_iter()
            .filter(|name| class.is_none_or(|class| class == *name))
        {
            let key = (arm, variant.to_owned(), class.to_owned());
            let found = self
                .right
                .get(&key)
                .ok_or_else(|| format!("no drawing of {variant}, {class}"))?;
            persons.extend(found);
        }
        Ok(persons)
    }

    /// Returns by person the share of `variants` that were answered right.
    pub(super) fn mean_right(
        &self,
        arm: Arm,
        variants: &[String],
        class: Option<&str>,
    ) -> Outcome<Vec<f64>> {
        let mut sums: Vec<f64> = Vec::new();
        for variant in variants {
            let right = self.right(arm, variant, class)?;
            sums.resize(right.len(), 0.0);
            sums.iter_mut()
                .zip(right)
                .for_each(|(sum, right)| *sum += right);
        }
        let count = variants.len() as f64;
        Ok(sums.into_iter().map(|sum| sum / count).collect())
    }
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Computes the mean of `second - first` over persons and its 95 % interval (Agresti and Min 2005: one person that the change helps and one
/// that it harms, by half, are added, so that the interval has a width where nobody's answer changes).
pub(super) fn difference(first: &[f64], second: &[f64]) -> (f64, [f64; 2]) {
    let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
    let n = differences.len() as f64 + 2.0;
    let center = differences.iter().sum::<f64>() / n;
    let squares = differences.iter().map(|d| d * d).sum::<f64>() + 1.0;
    let half_width = Z_95 * ((squares / n - center * center) / n).sqrt();
    let low = (center - half_width).max(-1.0);
    let high = (center + half_width).min(1.0);
    (mean(&differences), [low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_that_is_not_found_is_read_wrong() {
        let folder = std::env::temp_dir().join(format!("xtask-answers-{}", std::process::id()));
        for class in CLASSES {
            fs::create_dir_all(folder.join(class)).unwrap();
            for name in ["000.png", "001.png", "002.png"] {
                fs::write(folder.join(class).join(name), "").unwrap();
            }
        }
        let json = br#"{"n": 2, "predictions": [
            {"path": "sad/002.png", "truth": "sad", "emotion": "sad"},
            {"path": "sad/000.png", "truth": "sad", "emotion": "neutral"}]}"#;
        let mut answers = Answers::new("models/a.safetensors");
        answers.read(Arm::Skin, "tone-0", &folder, json).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(answers.model, "a.safetensors");
        assert_eq!(
            answers.right(Arm::Skin, "tone-0", Some("sad")).unwrap(),
            [0.0, 0.0, 1.0]
        );
        assert_eq!(answers.right(Arm::Skin, "tone-0", None).unwrap().len(), 12);
        assert!(answers.right(Arm::Hair, "tone-0", None).is_err());
        let variants = vec!["tone-0".to_owned(); 2];
        let shares = answers
            .mean_right(Arm::Skin, &variants, Some("sad"))
            .unwrap();
        assert_eq!(shares, [0.0, 0.0, 1.0]);
    }

    #[test]
    fn differences_have_the_interval_of_agresti_and_min() {
        // Their formula on counts: 80 of 100 persons unchanged, 5 won, 15 lost.
        let first: Vec<f64> = (0..100)
            .map(|person| f64::from(u8::from(person < 95)))
            .collect();
        let second: Vec<f64> = (0..100)
            .map(|person| f64::from(u8::from(person >= 15)))
            .collect();
        let (b, c, n) = (15.5, 5.5, 102.0);
        let center: f64 = (c - b) / n;
        let half_width = Z_95 * ((b + c) - (c - b) * (c - b) / n).sqrt() / n;
        let (found, [low, high]) = difference(&first, &second);
        assert!((found + 0.10).abs() < 1e-12);
        assert!((low - (center - half_width)).abs() < 1e-12);
        assert!((high - (center + half_width)).abs() < 1e-12);
        let (none, [low, high]) = difference(&[1.0; 50], &[1.0; 50]);
        assert!(none == 0.0 && low < 0.0 && high > 0.0);
    }
}
