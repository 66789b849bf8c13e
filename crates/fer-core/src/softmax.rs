//! Probabilities from logits.

/// Returns the softmax of `logits`: shares of 1 in proportion to their exponentials.
///
/// Logits as large as `f32` holds do not overflow; one of minus infinity has the share 0.
///
/// ```
/// assert_eq!(fer_core::softmax([1e30, 1e30, 0.0, f32::NEG_INFINITY]), [0.5, 0.5, 0.0, 0.0]);
/// ```
#[must_use]
pub fn softmax<const N: usize>(logits: [f32; N]) -> [f32; N] {
    let largest = largest(&logits);
    let odds = logits.map(|logit| (logit - largest).exp());
    let total: f32 = odds.iter().sum();
    odds.map(|odd| odd / total)
}

/// Returns the logarithm of the sum of the exponentials of `logits`, without overflow.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f32 {
    let largest = largest(logits);
    let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    largest + sum.ln()
}

fn largest(logits: &[f32]) -> f32 {
    logits.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_those_of_scipy() {
        // scipy.special.softmax and logsumexp of [1, -2, 0.5, 3], in double precision.
        let logits = [1.0, -2.0, 0.5, 3.0];
        let expected = [0.110_553_75, 0.005_504_147, 0.067_054_24, 0.816_887_86];
        for (found, expected) in softmax(logits).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
        assert!((log_sum_exp(&logits) - 3.202_253_4).abs() < 1e-5);
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(softmax([1e30, 0.0, 0.0, -1e30]), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(softmax([-1000.0; 4]), [0.25; 4]);
        assert_eq!(log_sum_exp(&[1e30, 0.0]), 1e30);
    }
}
