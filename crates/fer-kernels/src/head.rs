//! The end of the network, forward and backward in one go: mean over all positions, dropout, linear layer and loss.
//!
//! The cross-entropy of one image with targets `t` and predicted probabilities `p` is `-sum_k t_k log p_k`; its gradient with
//! respect to the logits is `(sum_k t_k) p - t`. Targets need not sum to 1, so a class weight is a factor on its row.

use std::iter::zip;

/// The loss of one image between the network's outputs and its targets.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Loss {
    /// `-sum_k t_k log p_k`, where `p` is the softmax of the outputs: for classes. A row of targets need not sum to 1.
    #[default]
    CrossEntropy,
    /// The sum over the outputs of `d^2 / (2 beta)` where the difference `d` from the target is less than `beta`, of
    /// `|d| - beta / 2` elsewhere: for quantities (Girshick, "Fast R-CNN", 2015, section 2.3).
    SmoothL1 {
        /// The difference up to which the loss is quadratic; positive.
        beta: f32,
    },
}

/// Parameters and sizes of the head.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    /// `[classes, C]`
    pub(crate) weight: &'a [f32],
    /// `[classes]`
    pub(crate) bias: &'a [f32],
    pub(crate) loss: Loss,
    /// Divides loss and gradients: the batch size, when the loss is a mean.
    pub(crate) divisor: f32,
}

/// One image's part in a step.
pub(crate) struct HeadImage<'a> {
    /// Output of the last block, `[positions, C]`.
    pub(crate) activation: &'a [f32],
    /// `[classes]`
    pub(crate) targets: &'a [f32],
    /// Multipliers of the averaged features, `[C]`.
    pub(crate) dropout: Option<&'a [f32]>,
    /// Receives the averaged features after dropout, `[C]`.
    pub(crate) features: &'a mut [f32],
    /// Receives the logits, `[classes]`.
    pub(crate) logits: &'a mut [f32],
    /// Receives the gradient of the logits, `[classes]`.
    pub(crate) d_logits: &'a mut [f32],
    /// Receives the gradient of the activation, `[positions, C]`.
    pub(crate) d_activation: &'a mut [f32],
}

impl Head<'_> {
    /// Fills the outputs of one image and returns its part of the loss.
    pub(crate) fn run(&self, image: HeadImage<'_>) -> f64 {
        let channels = image.features.len();
        let positions = (image.activation.len() / channels) as f32;

        average(image.activation, image.features);
        if let Some(dropout) = image.dropout {
            zip(&mut *image.features, dropout)
                .for_each(|(feature, multiplier)| *feature *= multiplier);
        }

        linear(self.weight, self.bias, image.features, image.logits);
        let loss = match self.loss {
            Loss::CrossEntropy => self.cross_entropy(image.logits, image.targets, image.d_logits),
            Loss::SmoothL1 { beta } => {
                self.smooth_l1(beta, image.logits, image.targets, image.d_logits)
            }
        };

        let (d_features, rest) = image.d_activation.split_at_mut(channels);
        d_features.fill(0.0);
        for (d_logit, row) in zip(&*image.d_logits, self.weight.chunks_exact(channels)) {
            let share = d_logit / positions;
            zip(&mut *d_features, row).for_each(|(sum, weight)| *sum += share * weight);
        }
        if let Some(dropout) = image.dropout {
            zip(&mut *d_features, dropout)
                .for_each(|(gradient, multiplier)| *gradient *= multiplier);
        }
        rest.chunks_exact_mut(channels)
            .for_each(|position| position.copy_from_slice(d_features));
        loss
    }

    /// Soft-target cross-entropy of one image, and the gradient of its logits.
    fn cross_entropy(&self, logits: &[f32], targets: &[f32], d_logits: &mut [f32]) -> f64 {
        let divisor = f64::from(self.divisor);
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let exponential = |logit: f32| (f64::from(logit) - f64::from(largest)).exp();
        let normalizer: f64 = logits.iter().map(|&logit| exponential(logit)).sum();
        let log_normalizer = normalizer.ln() + f64::from(largest);
        let mass: f64 = targets.iter().map(|&target| f64::from(target)).sum();

        let mut loss = 0.0;
        for ((d_logit, &logit), &target) in zip(d_logits, logits).zip(targets) {
            let target = f64::from(target);
            loss -= target * (f64::from(logit) - log_normalizer);
            *d_logit = ((mass * exponential(logit) / normalizer - target) / divisor) as f32;
        }
        loss / divisor
    }

    /// Smooth L1 loss of one image, and the gradient of its outputs.
    fn smooth_l1(&self, beta: f32, outputs: &[f32], targets: &[f32], d_outputs: &mut [f32]) -> f64 {
        let (beta, divisor) = (f64::from(beta), f64::from(self.divisor));
        let mut loss = 0.0;
        for ((d_output, &output), &target) in zip(d_outputs, outputs).zip(targets) {
            let difference = f64::from(output) - f64::from(target);
            let distance = difference.abs();
            loss += if distance < beta {
                distance * distance / (2.0 * beta)
            } else {
                distance - beta / 2.0
            };
            *d_output = ((difference / beta).clamp(-1.0, 1.0) / divisor) as f32;
        }
        loss / divisor
    }
}

/// Mean over all positions of an activation `[positions, C]`.
pub(crate) fn average(activation: &[f32], features: &mut [f32]) {
    let channels = features.len();
    let positions = (activation.len() / channels) as f32;
    features.fill(0.0);
    for position in activation.chunks_exact(channels) {
        zip(&mut *features, position).for_each(|(sum, value)| *sum += value);
    }
    features.iter_mut().for_each(|sum| *sum /= positions);
}

/// Logits of an image's features `[C]`, for a weight `[classes, C]`.
pub(crate) fn linear(weight: &[f32], bias: &[f32], features: &[f32], logits: &mut [f32]) {
    let rows = weight.chunks_exact(features.len());
    for ((logit, bias), row) in zip(logits, bias).zip(rows) {
        *logit = bias + dot(row, features);
    }
}

/// Gradients of the head's weight (`[classes, C]`) and bias from what all images left: features `[N, C]` and gradients of the
/// logits `[N, classes]`.
pub(crate) fn parameter_gradients(
    features: &[f32],
    d_logits: &[f32],
    d_weight: &mut [f32],
    d_bias: &mut [f32],
) {
    let classes = d_bias.len();
    let channels = d_weight.len() / classes;
    d_weight.fill(0.0);
    d_bias.fill(0.0);
    for (features, d_logits) in zip(
        features.chunks_exact(channels),
        d_logits.chunks_exact(classes),
    ) {
        for ((d_logit, row), d_bias) in
            zip(d_logits, d_weight.chunks_exact_mut(channels)).zip(&mut *d_bias)
        {
            zip(row, features).for_each(|(sum, feature)| *sum += d_logit * feature);
            *d_bias += d_logit;
        }
    }
}

/// Scalar product in eight interleaved sums, which the compiler can keep in vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const SUMS: usize = 8;
    let (a_rounds, b_rounds) = (a.chunks_exact(SUMS), b.chunks_exact(SUMS));
    let rest: f32 = zip(a_rounds.remainder(), b_rounds.remainder())
        .map(|(a, b)| a * b)
        .sum();
    let mut sums = [0.0f32; SUMS];
    for (a, b) in zip(a_rounds, b_rounds) {
        zip(&mut sums, zip(a, b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::oracle::{noise, relative_error};

    #[test]
    fn scalar_products_of_any_length_are_right() {
        for len in 0..40 {
            let (a, b) = (noise(len, 1), noise(len, 2));
            let truth: f64 = zip(&a, &b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            assert!((f64::from(dot(&a, &b)) - truth).abs() < 1e-5);
        }
    }

    /// Logits so far apart that a softmax without care overflows.
    #[test]
    fn cross_entropy_survives_extreme_logits() {
        let head = Head {
            weight: &[],
            bias: &[],
            loss: Loss::CrossEntropy,
            divisor: 1.0,
        };
        let mut gradient = [0.0; 3];
        let loss = head.cross_entropy(&[2000.0, -2000.0, 1999.0], &[0.0, 0.5, 0.5], &mut gradient);
        let other = (-1.0f64).exp();
        assert!(
            (loss - (0.5 * 4000.0 + 0.5 + (1.0 + other).ln())).abs() < 1e-9,
            "{loss}"
        );
        let truth = [1.0 / (1.0 + other), -0.5, other / (1.0 + other) - 0.5];
        assert!(relative_error(&gradient, &truth) < 1e-6);
    }

    /// By hand, on both sides of the change from a square to an absolute value.
    #[test]
    fn smooth_l1_is_a_square_near_the_target_and_an_absolute_value_far_from_it() {
        let head = Head {
            weight: &[],
            bias: &[],
            loss: Loss::SmoothL1 { beta: 0.5 },
            divisor: 2.0,
        };
        let mut gradient = [0.0; 4];
        let loss = head.smooth_l1(
            0.5,
            &[1.0, 0.25, -2.0, 3.0],
            &[1.0, 0.0, 0.0, 2.5],
            &mut gradient,
        );
        assert_eq!(loss, (0.0 + 0.0625 + 1.75 + 0.25) / 2.0);
        assert_eq!(gradient, [0.0, 0.25, -0.5, 0.5]);
    }
}
