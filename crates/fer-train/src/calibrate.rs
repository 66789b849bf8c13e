//! Calibration on held-out images: how far the network's confidence may be believed.

mod other;

use fer_core::{Calibration, Emotion};

use crate::error::Result;
use crate::random::{Purpose, Random};

pub(crate) use other::{Judged, calibrate_other};

/// The temperatures considered. Beyond them a network is not over- or underconfident but useless, or the images are
/// too few to tell.
const TEMPERATURES: (f64, f64) = (0.3, 20.0);

/// Halvings of the range of temperatures, on a logarithmic scale: the result is exact to f32.
const HALVINGS: usize = 40;

/// Errors on the held-out images below which a temperature rests on chance.
const ENOUGH_ERRORS: usize = 20;

/// Seeds the choice of the scores kept of a large set: the same images always give the same model.
const SEED: u64 = 0x5c04e5;

/// Logits of one held-out image, and its label.
type Labeled = ([f32; Emotion::COUNT], Emotion);

/// Fits the temperature to held-out images, given as raw logits and labels, and keeps their conformal scores under it.
///
/// The images must not have been trained on, or the network is taken to be as sure of itself as it is of what it knows
/// by heart. Their labels decide what "right" means: for a model that is to say what a crowd sees, they are the crowd's.
///
/// Few images without an error do not show that the network never errs. One error is therefore added to those counted,
/// spread over all images, and the temperature is at least 0.3. Of more than [`Calibration::MAX_SCORES`] images of a class, a random subset of the scores is kept;
/// it is exchangeable with new images as the whole is.
///
/// # Errors
/// [`Error::Core`](crate::Error::Core) if the logits are not finite.
///
/// ```
/// use fer_core::Emotion;
///
/// // Logits that claim 95 % and are right three times of four.
/// let sure = [4.0, 0.0, 0.0, 0.0];
/// let faces = [(sure, Emotion::Happy), (sure, Emotion::Happy), (sure, Emotion::Happy), (sure, Emotion::Sad)];
/// let calibration = fer_train::calibrate(&faces)?;
/// assert!(calibration.temperature() > 1.5);
/// # Ok::<(), fer_train::Error>(())
/// ```
pub fn calibrate(faces: &[Labeled]) -> Result<Calibration> {
    let scored = at_most(faces, Calibration::MAX_SCORES);
    Ok(Calibration::from_logits(temperature(faces) as f32, scored)?)
}

/// Returns what a user should know about a calibration: `errors` of the model on `images` held-out images, and the
/// temperature fitted to them.
pub(crate) fn warnings(temperature: f32, errors: usize, images: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if errors < ENOUGH_ERRORS {
        warnings.push(format!(
            "the model errs on {errors} of {images} validation images; with fewer than {ENOUGH_ERRORS} errors its \
             probabilities are uncertain: validate on more images"
        ));
    }
    let at = |bound: f64| (f64::from(temperature) / bound - 1.0).abs() < 1e-3;
    if at(TEMPERATURES.0) || at(TEMPERATURES.1) {
        warnings.push(format!(
            "the calibration temperature, {temperature:.2}, is at the end of its range ({} to {}): do not trust the \
             probabilities of this model",
            TEMPERATURES.0, TEMPERATURES.1
        ));
    }
    warnings
}

/// Returns the images, of each class at most `most`: a seeded random subset where there are more.
fn at_most(faces: &[Labeled], most: usize) -> Vec<Labeled> {
    let mut kept = Vec::with_capacity(faces.len());
    for emotion in Emotion::ALL {
        let mut of_class: Vec<Labeled> = faces
            .iter()
            .filter(|(_, truth)| *truth == emotion)
            .copied()
            .collect();
        if of_class.len() > most {
            let index = emotion.index() as u64;
            Random::new(SEED, Purpose::Scores, 0, index).shuffle(&mut of_class);
            of_class.truncate(most);
        }
        kept.append(&mut of_class);
    }
    kept
}

/// Fits the temperature with the least negative log-likelihood (Guo et al. 2017) of the labels and one error more;
/// 1 without images.
///
/// The error is a pseudo-count, as in Platt, "Probabilistic Outputs for Support Vector Machines" (1999), section 2.2:
/// of `n` images, each label has the target `(n + 1) / (n + 2)` (Laplace's rule of succession for "all were right"),
/// and the other classes share the rest. It bounds the confidence in what few images cannot show, and one error more
/// is nothing among hundreds.
///
/// The likelihood is convex in the inverse temperature, so its slope changes sign once and is bisected.
fn temperature(faces: &[Labeled]) -> f64 {
    if faces.is_empty() {
        return 1.0;
    }
    let (mut coldest, mut hottest) = (TEMPERATURES.0.ln(), TEMPERATURES.1.ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (coldest + hottest);
        if slope(faces, (-middle).exp()) > 0.0 {
            coldest = middle;
        } else {
            hottest = middle;
        }
    }
    (0.5 * (coldest + hottest)).exp()
}

/// Returns the share of a label that is taken from it for the other classes, with `images` held-out images.
fn doubt(images: usize) -> f64 {
    1.0 / (images as f64 + 2.0)
}

/// Computes the derivative of the summed negative log-likelihood by the inverse temperature: expected logit under the
/// model less expected logit under the target.
fn slope(faces: &[Labeled], inverse_temperature: f64) -> f64 {
    let doubt = doubt(faces.len());
    faces
        .iter()
        .map(|(logits, truth)| {
            let logits = logits.map(f64::from);
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let lower = logits.map(|logit| logit - largest);
            let odds = lower.map(|logit| (inverse_temperature * logit).exp());
            let weighted: f64 = odds
                .iter()
                .zip(&lower)
                .map(|(odd, logit)| odd * logit)
                .sum();
            let of_truth = lower[truth.index()];
            let of_others = (lower.iter().sum::<f64>() - of_truth) / (Emotion::COUNT - 1) as f64;
            weighted / odds.iter().sum::<f64>() - (of_truth + doubt * (of_others - of_truth))
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use fer_core::softmax;
    use proptest::prelude::*;

    use super::*;

    /// Images whose labels are drawn from the softmax of their logits, which are then made `sharper` times larger.
    fn drawn(count: u64, sharper: f32) -> Vec<([f32; 4], Emotion)> {
        (0..count)
            .map(|index| {
                let mut random = Random::new(5, Purpose::Order, 0, index);
                let logits = [(); 4].map(|()| 1.5 * random.normal());
                let mut left = random.uniform();
                let truth = Emotion::ALL.into_iter().find(|emotion| {
                    left -= softmax(logits)[emotion.index()];
                    left < 0.0
                });
                (
                    logits.map(|logit| sharper * logit),
                    truth.unwrap_or(Emotion::Surprise),
                )
            })
            .collect()
    }

    /// The negative log-likelihood of the labels, softened by the error that is added.
    fn nll(faces: &[([f32; 4], Emotion)], temperature: f64) -> f64 {
        let doubt = doubt(faces.len());
        let one = |(logits, truth): &([f32; 4], Emotion)| {
            let cooled = logits.map(|logit| logit / temperature as f32);
            let logs = softmax(cooled).map(|share| -f64::from(share).ln());
            let others = (logs.iter().sum::<f64>() - logs[truth.index()]) / 3.0;
            (1.0 - doubt) * logs[truth.index()] + doubt * others
        };
        faces.iter().map(one).sum()
    }

    #[test]
    fn overconfidence_is_undone() {
        for sharper in [0.5, 1.0, 3.0] {
            let fitted = temperature(&drawn(20_000, sharper));
            assert!(
                (fitted / f64::from(sharper) - 1.0).abs() < 0.04,
                "{fitted} for {sharper}"
            );
        }
    }

    #[test]
    fn the_temperature_worked_out_by_hand() {
        // Of 12 images 9 are right. The label of each has 13/14, so happy has 9 * 13/14 + 3 * 1/42 = 118/14 of 12 =
        // 59/84. Odds e^(4/T) : 1 : 1 : 1 must give that: e^(4/T) = 3 * 59/25, T = 4 / ln(7.08).
        let sure = [4.0, 0.0, 0.0, 0.0];
        let mut faces = vec![(sure, Emotion::Happy); 9];
        faces.extend([
            (sure, Emotion::Sad),
            (sure, Emotion::Neutral),
            (sure, Emotion::Surprise),
        ]);
        assert!((temperature(&faces) - 4.0 / 7.08_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_fitted_stays_in_the_range() {
        let logits = [2.0, 0.0, 0.0, 0.0];
        // Logits so close that even the softened label asks for a colder network than is believed.
        let timid = [0.2, 0.0, 0.0, 0.0];
        let always_right = temperature(&[(timid, Emotion::Happy); 50]);
        let always_wrong = temperature(&[(logits, Emotion::Sad)]);
        assert!(
            (always_right - TEMPERATURES.0).abs() < 1e-6
                && (always_wrong - TEMPERATURES.1).abs() < 1e-6
        );
        assert_eq!(temperature(&[]), 1.0);
        assert!(
            calibrate(&[([0.0; 4], Emotion::Happy)])
                .unwrap()
                .temperature()
                .is_normal()
        );
        assert!(
            calibrate(&[([1e30, -1e30, 0.0, 0.0], Emotion::Sad)])
                .unwrap()
                .temperature()
                .is_normal()
        );
    }

    #[test]
    fn few_images_without_an_error_do_not_make_a_model_certain() {
        let sure = [2.5, 0.0, 0.0, 0.0];
        let confidence = |images: usize| {
            let fitted = temperature(&vec![(sure, Emotion::Happy); images]) as f32;
            softmax(sure.map(|logit| logit / fitted))[0]
        };
        assert!((confidence(80) - 81.0 / 82.0).abs() < 1e-4);
        assert!(confidence(10) < 0.92 && confidence(10) > 0.9);
    }

    #[test]
    fn one_error_more_is_nothing_among_hundreds() {
        let faces = drawn(4000, 2.0);
        assert!((temperature(&faces) / 2.0 - 1.0).abs() < 0.06);
    }

    #[test]
    fn of_too_many_images_a_random_subset_is_kept() {
        let happy: Vec<_> = (0..100)
            .map(|i| ([i as f32, 0.0, 0.0, 0.0], Emotion::Happy))
            .collect();
        let faces = [happy.clone(), vec![([0.0; 4], Emotion::Sad); 5]].concat();
        let kept = at_most(&faces, 10);
        assert_eq!(kept.len(), 15);
        assert_eq!(kept, at_most(&faces, 10), "the choice is seeded");
        let sum: f32 = kept.iter().map(|(logits, _)| logits[0]).sum();
        assert!(
            (200.0..800.0).contains(&sum),
            "neither the first nor the last: {sum}"
        );
        assert_eq!(at_most(&happy, 100), happy);
    }

    #[test]
    fn many_images_of_one_class_can_be_calibrated_on() {
        let faces = vec![([1.0, 0.0, 0.0, 0.0], Emotion::Happy); Calibration::MAX_SCORES + 1];
        let calibration = calibrate(&faces).unwrap();
        assert_eq!(
            calibration.scores()[Emotion::Happy].len(),
            Calibration::MAX_SCORES
        );
    }

    #[test]
    fn few_errors_and_the_ends_of_the_range_are_warned_of() {
        assert!(warnings(1.2, 40, 400).is_empty());
        assert!(warnings(1.2, 19, 400)[0].contains("19 of 400"));
        assert_eq!(warnings(0.3, 0, 80).len(), 2);
        assert_eq!(warnings(20.0, 70, 80).len(), 1);
    }

    #[test]
    fn scores_are_those_of_the_calibrated_probabilities() {
        let faces = drawn(50, 3.0);
        let calibration = calibrate(&faces).unwrap();
        let mut expected: Vec<f32> = faces
            .iter()
            .filter(|(_, truth)| *truth == Emotion::Sad)
            .map(|(logits, truth)| {
                let probabilities = softmax(logits.map(|logit| logit / calibration.temperature()));
                let own = probabilities[truth.index()];
                probabilities.iter().filter(|&&other| other > own).sum()
            })
            .collect();
        expected.sort_by(f32::total_cmp);
        let actual = &calibration.scores()[Emotion::Sad];
        assert_eq!(actual.len(), expected.len());
        assert!(
            actual
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 1e-5)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_other_temperature_is_more_likely(
            faces in prop::collection::vec((prop::array::uniform4(-8.0_f32..8.0), 0..4_usize), 1..30),
            other in 0.31_f64..19.0,
        ) {
            let faces: Vec<_> = faces.into_iter().map(|(logits, truth)| (logits, Emotion::ALL[truth])).collect();
            let best = nll(&faces, temperature(&faces));
            prop_assert!(best <= nll(&faces, other) + 1e-3 * (1.0 + best.abs()));
        }
    }
}
