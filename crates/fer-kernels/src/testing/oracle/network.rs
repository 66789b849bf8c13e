//! Loss, logits and every gradient of a whole network in training.

use super::{
    Dims, batch_norm, batch_norm_backward, batch_statistics, conv, conv_backward_data,
    conv_backward_weights, conv_dims, max_pool, max_pool_backward,
};
use crate::{NetworkSpec, block_shape::BlockShape};

/// The results of one training step, before any parameter moves.
#[derive(Debug, Clone)]
pub(crate) struct NetworkResult {
    /// Mean over the images of `-sum_k target_k log p_k`.
    pub(crate) loss: f64,
    /// `[N, classes]`.
    pub(crate) logits: Vec<f64>,
    /// Laid out as the parameter buffer.
    pub(crate) gradients: Vec<f64>,
    /// Mean and biased variance of each block's convolution, laid out as the statistics buffer.
    pub(crate) batch_statistics: Vec<f64>,
}

/// Results of a block's forward pass that its backward pass needs.
struct Saved {
    input: Vec<f64>,
    raw: Vec<f64>,
    normalized: Vec<f64>,
}

/// Forward and backward through the whole network; `dropout` multiplies the averaged features.
pub(crate) fn network(
    spec: &NetworkSpec,
    parameters: &[f64],
    input: &[f64],
    targets: &[f64],
    dropout: Option<&[f64]>,
) -> NetworkResult {
    let images = targets.len() / spec.classes;
    let shapes: Vec<BlockShape> = spec.block_shapes().collect();
    let slots = spec.parameters();
    let slot = |index: usize| &parameters[slots[index].range.clone()];

    let mut saved: Vec<Saved> = Vec::new();
    let mut statistics = Vec::new();
    let mut activation = input.to_vec();
    for (index, shape) in shapes.iter().enumerate() {
        let (weight, gamma, beta) = (slot(3 * index), slot(3 * index + 1), slot(3 * index + 2));
        let raw = conv(
            conv_dims(images, shape),
            shape.out_channels,
            &activation,
            weight,
        );
        let (mean, variance) = batch_statistics(shape.out_channels, &raw);
        statistics.extend(mean.into_iter().chain(variance));
        let normalized = batch_norm(&raw, gamma, beta);
        let rectified: Vec<f64> = normalized.iter().map(|v| v.max(0.0)).collect();
        let output = if shape.pool {
            max_pool(out_dims(images, shape), &rectified)
        } else {
            rectified
        };
        saved.push(Saved {
            input: std::mem::replace(&mut activation, output),
            raw,
            normalized,
        });
    }

    let mut gradients = vec![0.0; parameters.len()];
    let (head_weight, head_bias) = (&slots[slots.len() - 2].range, &slots[slots.len() - 1].range);
    let (d_weight, d_bias) = gradients[head_weight.start..].split_at_mut(head_weight.len());
    let head = Head {
        classes: spec.classes,
        features: spec.features(),
        targets,
        dropout,
    };
    let (loss, logits, mut d_activation) = head.run(
        &activation,
        &parameters[head_weight.clone()],
        &parameters[head_bias.clone()],
        d_weight,
        d_bias,
    );

    for (index, (shape, saved)) in shapes.iter().zip(&saved).enumerate().rev() {
        let rectified: Vec<f64> = saved.normalized.iter().map(|v| v.max(0.0)).collect();
        if shape.pool {
            d_activation = max_pool_backward(out_dims(images, shape), &rectified, &d_activation);
        }
        let d_normalized: Vec<f64> = d_activation
            .iter()
            .zip(&saved.normalized)
            .map(|(g, v)| if *v > 0.0 { *g } else { 0.0 })
            .collect();
        let (d_raw, d_gamma, d_beta) =
            batch_norm_backward(&saved.raw, slot(3 * index + 1), &d_normalized);
        let dims = conv_dims(images, shape);
        let d_conv = conv_backward_weights(dims, shape.out_channels, &saved.input, &d_raw);
        for (offset, values) in [d_conv, d_gamma, d_beta].into_iter().enumerate() {
            gradients[slots[3 * index + offset].range.clone()].copy_from_slice(&values);
        }
        d_activation = conv_backward_data(dims, shape.out_channels, slot(3 * index), &d_raw);
    }
    NetworkResult {
        loss,
        logits,
        gradients,
        batch_statistics: statistics,
    }
}

fn out_dims(images: usize, shape: &BlockShape) -> Dims {
    Dims {
        channels: shape.out_channels,
        ..conv_dims(images, shape)
    }
}

/// Mean over positions, dropout, linear layer and soft-target cross-entropy.
struct Head<'a> {
    classes: usize,
    features: usize,
    targets: &'a [f64],
    dropout: Option<&'a [f64]>,
}

impl Head<'_> {
    /// Returns the loss, the logits and the gradient of the activation; fills the parameters' gradients.
    fn run(
        &self,
        activation: &[f64],
        weight: &[f64],
        bias: &[f64],
        d_weight: &mut [f64],
        d_bias: &mut [f64],
    ) -> (f64, Vec<f64>, Vec<f64>) {
        let images = self.targets.len() / self.classes;
        let positions = activation.len() / images / self.features;
        let (mut loss, mut logits, mut d_activation) =
            (0.0, Vec::new(), vec![0.0; activation.len()]);
        for image in 0..images {
            let map = &activation[image * positions * self.features..][..positions * self.features];
            let kept = |c: usize| {
                self.dropout
                    .map_or(1.0, |multipliers| multipliers[image * self.features + c])
            };
            let mean = |c: usize| {
                map.iter().skip(c).step_by(self.features).sum::<f64>() / positions as f64 * kept(c)
            };
            let features: Vec<f64> = (0..self.features).map(mean).collect();
            let row = |k: usize| &weight[k * self.features..][..self.features];
            let logit = |k: usize| {
                bias[k]
                    + row(k)
                        .iter()
                        .zip(&features)
                        .map(|(w, f)| w * f)
                        .sum::<f64>()
            };
            let image_logits: Vec<f64> = (0..self.classes).map(logit).collect();
            let normalizer = image_logits.iter().map(|l| l.exp()).sum::<f64>();
            let targets = &self.targets[image * self.classes..][..self.classes];
            let mass: f64 = targets.iter().sum();
            for (k, (logit, target)) in image_logits.iter().zip(targets).enumerate() {
                loss -= target * (logit - normalizer.ln()) / images as f64;
                let d_logit = (mass * logit.exp() / normalizer - target) / images as f64;
                d_bias[k] += d_logit;
                for c in 0..self.features {
                    d_weight[k * self.features + c] += d_logit * features[c];
                    for position in 0..positions {
                        d_activation[(image * positions + position) * self.features + c] +=
                            d_logit * row(k)[c] * kept(c) / positions as f64;
                    }
                }
            }
            logits.extend(image_logits);
        }
        (loss, logits, d_activation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        BlockSpec,
        testing::oracle::{noise, parameters, widen},
    };

    /// Central differences of the loss agree with the analytic gradient of every kind of parameter.
    #[test]
    fn gradients_agree_with_finite_differences() {
        let spec = NetworkSpec {
            height: 7,
            width: 6,
            in_channels: 2,
            blocks: vec![
                BlockSpec {
                    out_channels: 3,
                    pool: false,
                },
                BlockSpec {
                    out_channels: 4,
                    pool: true,
                },
                BlockSpec {
                    out_channels: 5,
                    pool: false,
                },
            ],
            classes: 3,
        };
        let images = 3;
        let values = widen(&parameters(&spec, 1));
        let input = widen(&noise(images * spec.input_len(), 2));
        let targets: Vec<f64> = noise(images * spec.classes, 3)
            .iter()
            .map(|v| f64::from(v.abs()))
            .collect();
        let dropout: Vec<f64> = noise(images * spec.features(), 4)
            .iter()
            .map(|v| if *v > 0.0 { 2.0 } else { 0.0 })
            .collect();
        let loss = |values: &[f64]| network(&spec, values, &input, &targets, Some(&dropout));
        let analytic = loss(&values).gradients;
        let largest = analytic.iter().fold(0.0f64, |max, g| max.max(g.abs()));
        let step = 1e-6;
        for slot in spec.parameters() {
            for index in slot.range.clone().step_by(slot.range.len().div_ceil(7)) {
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[index] += by;
                    loss(&values).loss
                };
                let numeric = (moved(step) - moved(-step)) / (2.0 * step);
                let error = (numeric - analytic[index]).abs() / largest;
                assert!(
                    error < 1e-7,
                    "{} at {index}: {numeric} against {}",
                    slot.name,
                    analytic[index]
                );
            }
        }
    }
}
