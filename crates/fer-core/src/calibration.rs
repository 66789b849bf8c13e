//! From logits to honest probabilities and label sets: temperature and conformal scores.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::softmax::softmax;
use crate::{Emotion, Error, PerEmotion, Result};

/// Calibration: what held-out faces told about how sure the network may be.
///
/// *Temperature* (Guo et al., "On Calibration of Modern Neural Networks", 2017): logits are divided by it before the
/// softmax, so that of the answers given with probability 0.8, about 80 % are right.
///
/// *Conformal scores*: for each emotion, of the held-out faces that show it, the probability of all labels that were
/// thought more probable. They turn a new face's probabilities into conformal p-values, and p-values into sets of
/// labels that leave the true label out at most at the chosen error rate. These are the adaptive sets of Romano, Sesia
/// and Candes, "Classification with Valid and Adaptive Coverage" (2020), without their randomization (`u = 0` in their
/// equation 6): the most probable label has the score 0 and is in every set, and a face between two labels gets both.
/// Scores are kept apart by emotion (label-conditional split conformal prediction: Vovk, "Conditional validity of
/// inductive conformal predictors", 2012). The guarantee, coverage of at least `1 - error rate` when the faces of an
/// emotion are exchangeable with the held-out ones, then holds within each emotion, and so marginally under any mix of
/// emotions. Where the most probable label alone is right more often than that, coverage is its accuracy.
///
/// The default is a model that nothing is known about: temperature 1, no scores, every label in every set.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    temperature: f32,
    scores: PerEmotion<Vec<f32>>,
    kind: ScoreKind,
}

/// Kinds of conformal scores, by what makes a label unlikely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreKind {
    /// One minus its probability (Sadinle, Lei and Wasserman, "Least ambiguous set-valued classifiers with bounded error
    /// levels", 2019): the kind in model files that name none.
    #[default]
    LeastAmbiguous,
    /// The probability of all labels that are more probable.
    Adaptive,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            scores: PerEmotion::default(),
            kind: ScoreKind::Adaptive,
        }
    }
}

impl Calibration {
    /// The most scores kept for one emotion; more would only fatten the model file.
    pub const MAX_SCORES: usize = 1 << 16;
    /// The range of temperatures, far beyond those of any network of use.
    pub const TEMPERATURES: RangeInclusive<f32> = 1e-3..=1e3;

    /// Takes a temperature and the adaptive scores of each emotion in any order.
    ///
    /// # Errors
    /// [`Error::InvalidValue`] unless the temperature lies in [`TEMPERATURES`](Self::TEMPERATURES) and every score in
    /// [0, 1];
    /// [`Error::InvalidLength`] if an emotion has more than [`MAX_SCORES`](Self::MAX_SCORES).
    pub fn new(temperature: f32, scores: PerEmotion<Vec<f32>>) -> Result<Self> {
        Self::of_kind(ScoreKind::Adaptive, temperature, scores)
    }

    /// As [`Calibration::new`], with scores of `kind`.
    pub(crate) fn of_kind(
        kind: ScoreKind,
        temperature: f32,
        mut scores: PerEmotion<Vec<f32>>,
    ) -> Result<Self> {
        if !Self::TEMPERATURES.contains(&temperature) {
            return Err(Error::InvalidValue {
                what: "temperature",
                expected: "0.001 to 1000",
                found: temperature.to_string(),
            });
        }
        for scores in &mut scores.0 {
            if scores.len() > Self::MAX_SCORES {
                return Err(Error::InvalidLength {
                    what: "conformal scores",
                    expected: Self::MAX_SCORES,
                    found: scores.len(),
                });
            }
            if let Some(score) = scores.iter().find(|score| !(0.0..=1.0).contains(*score)) {
                return Err(Error::InvalidValue {
                    what: "a conformal score",
                    expected: "0 to 1",
                    found: score.to_string(),
                });
            }
            scores.sort_by(f32::total_cmp);
        }
        Ok(Self {
            temperature,
            scores,
            kind,
        })
    }

    /// Scores held-out faces, given as raw logits and truth, under `temperature`.
    ///
    /// # Errors
    /// As [`Calibration::new`].
    pub fn from_logits(
        temperature: f32,
        faces: impl IntoIterator<Item = ([f32; Emotion::COUNT], Emotion)>,
    ) -> Result<Self> {
        let unscored = Self::new(temperature, PerEmotion::default())?;
        let mut scores = PerEmotion::<Vec<f32>>::default();
        for (logits, truth) in faces {
            let probabilities = unscored.probabilities(&logits, &[0.0; Emotion::COUNT]);
            scores[truth].push(ScoreKind::Adaptive.score(&probabilities, truth));
        }
        Self::new(temperature, scores)
    }

    /// Divides logits before the softmax.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// Returns the kind of the scores.
    pub fn score_kind(&self) -> ScoreKind {
        self.kind
    }

    /// The scores of each emotion in ascending order.
    pub fn scores(&self) -> &PerEmotion<Vec<f32>> {
        &self.scores
    }

    /// `softmax(logits / temperature + shift)`.
    pub(crate) fn probabilities(
        &self,
        logits: &[f32; Emotion::COUNT],
        shift: &[f32; Emotion::COUNT],
    ) -> [f32; Emotion::COUNT] {
        softmax(std::array::from_fn(|i| {
            logits[i] / self.temperature + shift[i]
        }))
    }

    /// The conformal p-value of each label: the share of held-out faces of that emotion, the new one counted among
    /// them, that fit it no better than the new face does.
    ///
    /// `probabilities` are those under natural priors, as the scores are.
    pub(crate) fn p_values(&self, probabilities: &[f32; Emotion::COUNT]) -> [f32; Emotion::COUNT] {
        Emotion::ALL.map(|emotion| {
            let scores = &self.scores[emotion];
            let score = self.kind.score(probabilities, emotion);
            let better = scores.partition_point(|&held_out| held_out < score);
            (scores.len() - better + 1) as f32 / (scores.len() + 1) as f32
        })
    }
}

impl ScoreKind {
    /// Returns the nonconformity score of a label.
    fn score(self, probabilities: &[f32; Emotion::COUNT], label: Emotion) -> f32 {
        let own = probabilities[label.index()];
        match self {
            Self::LeastAmbiguous => 1.0 - own,
            Self::Adaptive => {
                let above: f32 = probabilities.iter().filter(|&&other| other > own).sum();
                above.min(1.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn softmax_survives_large_logits_and_ruled_out_classes() {
        let calibration = Calibration::default();
        let p = calibration.probabilities(&[1000.0, 0.0, -1000.0, 999.0], &[0.0; 4]);
        assert!((p.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((p[0] / p[3] - std::f32::consts::E).abs() < 1e-4);
        let p = calibration.probabilities(&[1.0; 4], &[0.0, f32::NEG_INFINITY, 0.0, 0.0]);
        assert_eq!(p[1], 0.0);
        assert!((p[0] - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn temperature_divides_logits() {
        let calibration = Calibration::new(2.0, PerEmotion::default()).unwrap();
        let p = calibration.probabilities(&[2.0, 0.0, 0.0, 0.0], &[0.0; 4]);
        assert!((p[0] / p[1] - 1f32.exp()).abs() < 1e-5);
    }

    #[test]
    fn p_values_count_the_held_out_faces_that_fit_no_better() {
        let nine = |i: usize| (i + 1) as f32 / 10.0;
        let scores = PerEmotion::from_fn(|_| (0..9).rev().map(nine).collect());
        let calibration = Calibration::new(1.0, scores).unwrap();
        let p = calibration.p_values(&[0.0, 0.375, 0.5, 0.125]);
        // Scores 1, 0.5, 0 and 0.875 against 0.1, 0.2, ..., 0.9: 0, 5, 9 and 1 fit no better.
        assert_eq!(p, [0.1, 0.6, 1.0, 0.2]);
    }

    #[test]
    fn without_scores_every_label_is_possible() {
        assert_eq!(
            Calibration::default().p_values(&[1.0, 0.0, 0.0, 0.0]),
            [1.0; 4]
        );
    }

    #[test]
    fn scores_are_the_probability_above_the_truth() {
        let faces = [
            ([2.0, 0.0, 1.0, 0.0], Emotion::Sad),
            ([2.0, 0.0, 1.0, 0.0], Emotion::Happy),
        ];
        let calibration = Calibration::from_logits(1.0, faces).unwrap();
        let odds = [2f32.exp(), 1.0, 1f32.exp(), 1.0];
        let above = (odds[0] + odds[2]) / odds.iter().sum::<f32>();
        assert!((calibration.scores()[Emotion::Sad][0] - above).abs() < 1e-6);
        assert_eq!(calibration.scores()[Emotion::Happy], [0.0]);
        assert!(calibration.scores()[Emotion::Neutral].is_empty());
    }

    /// The guarantee on exchangeable data: held-out faces and new ones from the same source.
    #[test]
    fn labels_are_ruled_out_no_more_often_than_promised() {
        // SplitMix64 (Steele, Lea and Flood, 2014), to [0, 1).
        let unit = |i: usize| {
            let mut z = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1u32 << 24) as f32
        };
        let logits = |i: usize| [0, 1, 2, 3].map(|k| 5.0 * unit(4 * i + k));
        // The truth is drawn from the probabilities themselves.
        let truth = |i: usize| {
            let odds = logits(i).map(f32::exp);
            let mut left = unit(1_000_003 * (i + 1)) * odds.iter().sum::<f32>();
            let drawn = odds.iter().position(|odd| {
                left -= odd;
                left < 0.0
            });
            Emotion::ALL[drawn.unwrap_or(3)]
        };
        let held_out = (0..4000).map(|i| (logits(i), truth(i)));
        let calibration = Calibration::from_logits(1.0, held_out).unwrap();
        for error_rate in [0.05, 0.1, 0.3] {
            let (mut covered, mut right) = (0, 0);
            for i in 4000..8000 {
                let probabilities = calibration.probabilities(&logits(i), &[0.0; 4]);
                let p_values = calibration.p_values(&probabilities);
                let top = (0..4).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b]));
                assert_eq!(p_values[top.unwrap()], 1.0);
                covered += usize::from(p_values[truth(i).index()] > error_rate);
                right += usize::from(top == Some(truth(i).index()));
            }
            let coverage = covered as f32 / 4000.0;
            let promised = (1.0 - error_rate).max(right as f32 / 4000.0);
            assert!(
                (coverage - promised).abs() < 0.02,
                "{error_rate}: {coverage}, expected {promised}"
            );
        }
    }

    #[test]
    fn malformed_calibration_is_refused() {
        let none = PerEmotion::default;
        let one = |score| PerEmotion([vec![], vec![score], vec![], vec![]]);
        let cases = [
            Calibration::new(0.0, none()),
            Calibration::new(-1.0, none()),
            Calibration::new(f32::NAN, none()),
            Calibration::new(f32::INFINITY, none()),
            Calibration::new(f32::MIN_POSITIVE, none()),
            Calibration::new(f32::MAX, none()),
            Calibration::new(1.0, one(1.5)),
            Calibration::new(1.0, one(f32::NAN)),
            Calibration::new(
                1.0,
                PerEmotion::from_fn(|_| vec![0.5; Calibration::MAX_SCORES + 1]),
            ),
        ];
        for case in cases {
            assert_eq!(case.unwrap_err().kind(), ErrorKind::InvalidArgument);
        }
    }
}
