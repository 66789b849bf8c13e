//! From logits to probabilities.

use fer_core::Emotion;

/// One number for each class, in the order of [`Emotion::ALL`].
pub(crate) type Logits = [f32; Emotion::COUNT];

/// The logits of the outputs beside the classes; empty in a network without any.
pub(crate) type Others = Vec<f32>;

/// `softmax(logits / temperature)`.
pub(crate) fn softmax(logits: &Logits, temperature: f32) -> [f32; Emotion::COUNT] {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let odds = logits.map(|logit| ((logit - largest) / temperature).exp());
    let total: f32 = odds.iter().sum();
    odds.map(|odd| odd / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_logits_do_not_overflow_and_temperature_softens() {
        assert_eq!(softmax(&[1e30, 0.0, 0.0, -1e30], 1.0), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(softmax(&[2.0; 4], 3.0), [0.25; 4]);
        assert!(softmax(&[1.0, 0.0, 0.0, 0.0], 2.0)[0] < softmax(&[1.0, 0.0, 0.0, 0.0], 1.0)[0]);
    }
}
