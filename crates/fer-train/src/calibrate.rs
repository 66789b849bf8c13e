//! Calibration on held-out images: how far the network's confidence may be believed.

use fer_core::{Calibration, Emotion};

use crate::error::Result;

/// The temperatures considered. Beyond them a network is not over- or underconfident but useless, or the images are too few to tell.
const TEMPERATURES: (f64, f64) = (0.05, 20.0);

/// Halvings of the range of temperatures, on a logarithmic scale: the result is exact to f32.
const HALVINGS: usize = 40;

/// Fits the temperature to held-out images, given as raw logits and labels, and keeps their conformal scores under it.
///
/// The images must not have been trained on, or the network is taken to be as sure of itself as it is of what it knows by heart.
/// Their labels decide what "right" means: for a model that is to say what a crowd sees, they are the crowd's.
///
/// # Errors
/// [`Error::Core`](crate::Error::Core) if there are more images of a class than a model file may keep scores of.
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
pub fn calibrate(faces: &[([f32; Emotion::COUNT], Emotion)]) -> Result<Calibration> {
    Ok(Calibration::from_logits(
        temperature(faces) as f32,
        faces.iter().copied(),
    )?)
}

/// The temperature with the least negative log-likelihood (Guo et al. 2017); 1 without images.
///
/// The likelihood is convex in the inverse temperature, so its slope changes sign once and is bisected.
fn temperature(faces: &[([f32; Emotion::COUNT], Emotion)]) -> f64 {
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

/// The derivative of the summed negative log-likelihood by the inverse temperature: expected logit less true logit.
fn slope(faces: &[([f32; Emotion::COUNT], Emotion)], inverse_temperature: f64) -> f64 {
    faces
        .iter()
        .map(|(logits, truth)| {
            let logits = logits.map(f64::from);
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let odds = logits.map(|logit| (inverse_temperature * (logit - largest)).exp());
            let weighted: f64 = odds
                .iter()
                .zip(&logits)
                .map(|(odd, logit)| odd * (logit - largest))
                .sum();
            weighted / odds.iter().sum::<f64>() - (logits[truth.index()] - largest)
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::{Purpose, Random};
    use crate::softmax::softmax;

    /// Images whose labels are drawn from the softmax of their logits, which are then made `sharper` times larger.
    fn drawn(count: u64, sharper: f32) -> Vec<([f32; 4], Emotion)> {
        (0..count)
            .map(|index| {
                let mut random = Random::new(5, Purpose::Order, 0, index);
                let logits = [(); 4].map(|()| 1.5 * random.normal());
                let mut left = random.uniform();
                let truth = Emotion::ALL.into_iter().find(|emotion| {
                    left -= softmax(&logits, 1.0)[emotion.index()];
                    left < 0.0
                });
                (
                    logits.map(|logit| sharper * logit),
                    truth.unwrap_or(Emotion::Surprise),
                )
            })
            .collect()
    }

    fn nll(faces: &[([f32; 4], Emotion)], temperature: f64) -> f64 {
        let one = |(logits, truth): &([f32; 4], Emotion)| {
            -f64::from(softmax(logits, temperature as f32)[truth.index()]).ln()
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
        // Two classes matter; odds e^(4/T) : 1 : 1 : 1 must give 3/4: e^(4/T) = 9, T = 4 / ln 9.
        let sure = [4.0, 0.0, 0.0, 0.0];
        let mut faces = vec![(sure, Emotion::Happy); 9];
        faces.extend([
            (sure, Emotion::Sad),
            (sure, Emotion::Neutral),
            (sure, Emotion::Surprise),
        ]);
        assert!((temperature(&faces) - 4.0 / 9.0_f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn what_cannot_be_fitted_stays_in_the_range() {
        let logits = [2.0, 0.0, 0.0, 0.0];
        let always_right = temperature(&[(logits, Emotion::Happy)]);
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
    fn scores_are_those_of_the_calibrated_probabilities() {
        let faces = drawn(50, 3.0);
        let calibration = calibrate(&faces).unwrap();
        let mut expected: Vec<f32> = faces
            .iter()
            .filter(|(_, truth)| *truth == Emotion::Sad)
            .map(|(logits, truth)| 1.0 - softmax(logits, calibration.temperature())[truth.index()])
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
            other in 0.06_f64..19.0,
        ) {
            let faces: Vec<_> = faces.into_iter().map(|(logits, truth)| (logits, Emotion::ALL[truth])).collect();
            let best = nll(&faces, temperature(&faces));
            prop_assert!(best <= nll(&faces, other) + 1e-3 * (1.0 + best.abs()));
        }
    }
}
