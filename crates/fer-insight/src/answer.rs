//! The part of an answer that the estimators keep: one of sixteen bins.

use fer_core::Emotion;

use crate::{Error, Result};

/// Number of emotions.
pub(crate) const EMOTIONS: usize = Emotion::COUNT;

/// Number of bins of an answer: sure, or unsure with one of the three runners-up, for each emotion.
pub const BINS: usize = EMOTIONS * EMOTIONS;

/// The largest deviation from 1 that a sum of probabilities may have.
const SUM_TOLERANCE: f64 = 1e-3;

/// The probability from which an answer is sure: 0.9 in the single precision of the models, so that a data frame of such
/// numbers and the decimals that are written for them fall into the same bin.
const SURE: f64 = 0.9_f32 as f64;

/// Returns the bin of an answer: `4 * answer`, plus 0 if its probability is at least 0.9, else 1 + the index of the
/// runner-up among the other three. Equal probabilities go to the emotion that comes first.
///
/// The probabilities are those under the natural priors, in the order of [`Emotion::ALL`].
///
/// ```
/// assert_eq!(fer_insight::bin(&[0.95, 0.01, 0.03, 0.01]), 0);
/// assert_eq!(fer_insight::bin(&[0.20, 0.10, 0.60, 0.10]), 9);
/// ```
pub fn bin(probabilities: &[f64; EMOTIONS]) -> usize {
    let mut top = 0;
    for (index, p) in probabilities.iter().enumerate() {
        if *p > probabilities[top] {
            top = index;
        }
    }
    if probabilities[top] >= SURE {
        return EMOTIONS * top;
    }
    let mut second = usize::from(top == 0);
    for (index, p) in probabilities.iter().enumerate() {
        if index != top && *p > probabilities[second] {
            second = index;
        }
    }
    EMOTIONS * top + 1 + second - usize::from(second > top)
}

/// Checks that `probabilities` are a distribution; `row` goes into the message.
///
/// # Errors
/// [`Error::InvalidRow`] for numbers that are not finite, negative or above 1, and for sums other than 1.
pub(crate) fn check_probabilities(probabilities: &[f64; EMOTIONS], row: u64) -> Result<()> {
    let invalid = |what: &str, found: String| {
        Err(Error::InvalidRow {
            row,
            what: what.into(),
            found,
        })
    };
    let sum: f64 = probabilities.iter().sum();
    for p in probabilities {
        if !p.is_finite() {
            return invalid("probabilities must be numbers", p.to_string());
        }
    }
    if probabilities.iter().all(|p| *p >= 0.0) && (sum - 100.0).abs() < 1.0 {
        return invalid(
            "probabilities must sum to 1: these are percents, divide them by 100",
            format!("a sum of {sum:.4}"),
        );
    }
    for p in probabilities {
        if !(0.0..=1.0).contains(p) {
            return invalid("probabilities must lie between 0 and 1", p.to_string());
        }
    }
    if (sum - 1.0).abs() > SUM_TOLERANCE {
        return invalid("probabilities must sum to 1", format!("a sum of {sum:.4}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of the bins as the simulation writes it: a stable sort by falling probability.
    fn slow(p: &[f64; 4]) -> usize {
        let mut order = [0, 1, 2, 3];
        order.sort_by(|&a: &usize, &b: &usize| p[b].total_cmp(&p[a]));
        let (top, second) = (order[0], order[1]);
        if p[top] >= 0.9 {
            return 4 * top;
        }
        let others: Vec<usize> = (0..4).filter(|&i| i != top).collect();
        4 * top + 1 + others.iter().position(|&i| i == second).unwrap()
    }

    proptest! {
        #[test]
        fn bins_are_those_of_the_definition(p in prop::array::uniform4(0u8..=10)) {
            let p = p.map(|x| f64::from(x) / 10.0);
            prop_assert_eq!(bin(&p), slow(&p));
        }
    }

    #[test]
    fn refusals_name_the_row_and_the_fault() {
        for (p, text) in [
            (
                [40.0, 10.0, 30.0, 20.0],
                "row 7: probabilities must sum to 1: these are percents",
            ),
            (
                [f64::NAN, 0.1, 0.3, 0.2],
                "row 7: probabilities must be numbers; found NaN",
            ),
            (
                [0.5, 0.1, 0.3, 0.2],
                "row 7: probabilities must sum to 1; found a sum of 1.1000",
            ),
            (
                [1.1, -0.1, 0.0, 0.0],
                "row 7: probabilities must lie between 0 and 1; found 1.1",
            ),
        ] {
            let error = check_probabilities(&p, 7).unwrap_err();
            assert!(error.to_string().starts_with(text), "{error}");
            assert_eq!(error.kind(), fer_core::ErrorKind::InvalidTable);
        }
        check_probabilities(&[0.5, 0.1, 0.3, 0.1005], 1).unwrap();
    }
}
