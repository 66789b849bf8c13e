//! The reference for every kernel, written as the formulas are, in f64 and without regard for speed.
//!
//! Tests compare the real kernels with these functions, and these functions with finite differences.

use crate::{BATCH_NORM_EPSILON, NetworkSpec, block_shape::BlockShape};

mod network;

pub(crate) use network::{NetworkResult, network};

/// Images, rows, columns and channels of an activation `[N, H, W, C]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dims {
    /// Number of images.
    pub(crate) images: usize,
    /// Rows.
    pub(crate) height: usize,
    /// Columns.
    pub(crate) width: usize,
    /// Channels.
    pub(crate) channels: usize,
}

impl Dims {
    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.images * self.height * self.width * self.channels
    }

    fn at(&self, image: usize, y: usize, x: usize, channel: usize) -> usize {
        ((image * self.height + y) * self.width + x) * self.channels + channel
    }

    fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }
}

/// Calls `visit(input index, weight index, output index)` for every product in a 3x3 convolution with padding 1.
fn for_each_product(dims: Dims, out_channels: usize, mut visit: impl FnMut(usize, usize, usize)) {
    let out = dims.with_channels(out_channels);
    for image in 0..dims.images {
        for (y, x) in (0..dims.height).flat_map(|y| (0..dims.width).map(move |x| (y, x))) {
            for (ky, kx) in (0..3).flat_map(|ky| (0..3).map(move |kx| (ky, kx))) {
                let (sy, sx) = ((y + ky).wrapping_sub(1), (x + kx).wrapping_sub(1));
                if sy >= dims.height || sx >= dims.width {
                    continue;
                }
                for i in 0..dims.channels {
                    for o in 0..out_channels {
                        let weight = ((ky * 3 + kx) * dims.channels + i) * out_channels + o;
                        visit(dims.at(image, sy, sx, i), weight, out.at(image, y, x, o));
                    }
                }
            }
        }
    }
}

/// 3x3 convolution, stride 1, padding 1: `[N,H,W,Ci]` and `[3,3,Ci,Co]` to `[N,H,W,Co]`.
pub(crate) fn conv(dims: Dims, out_channels: usize, input: &[f64], weight: &[f64]) -> Vec<f64> {
    let mut output = vec![0.0; dims.with_channels(out_channels).len()];
    for_each_product(dims, out_channels, |i, w, o| {
        output[o] += input[i] * weight[w]
    });
    output
}

/// Gradient of a loss with respect to the convolution's input.
pub(crate) fn conv_backward_data(
    dims: Dims,
    out_channels: usize,
    weight: &[f64],
    gradient: &[f64],
) -> Vec<f64> {
    let mut result = vec![0.0; dims.len()];
    for_each_product(dims, out_channels, |i, w, o| {
        result[i] += weight[w] * gradient[o]
    });
    result
}

/// Gradient of a loss with respect to the convolution's weight.
pub(crate) fn conv_backward_weights(
    dims: Dims,
    out_channels: usize,
    input: &[f64],
    gradient: &[f64],
) -> Vec<f64> {
    let mut result = vec![0.0; 9 * dims.channels * out_channels];
    for_each_product(dims, out_channels, |i, w, o| {
        result[w] += input[i] * gradient[o]
    });
    result
}

/// Mean and biased variance of each channel over everything else.
pub(crate) fn batch_statistics(channels: usize, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let count = (values.len() / channels) as f64;
    let mut mean = vec![0.0; channels];
    let mut variance = vec![0.0; channels];
    values
        .iter()
        .enumerate()
        .for_each(|(i, v)| mean[i % channels] += v / count);
    values
        .iter()
        .enumerate()
        .for_each(|(i, v)| variance[i % channels] += (v - mean[i % channels]).powi(2) / count);
    (mean, variance)
}

/// Batch norm with the batch's own statistics.
pub(crate) fn batch_norm(values: &[f64], gamma: &[f64], beta: &[f64]) -> Vec<f64> {
    let channels = gamma.len();
    let (mean, variance) = batch_statistics(channels, values);
    let normalized = |(i, v): (usize, &f64)| {
        let c = i % channels;
        (v - mean[c]) / (variance[c] + f64::from(BATCH_NORM_EPSILON)).sqrt() * gamma[c] + beta[c]
    };
    values.iter().enumerate().map(normalized).collect()
}

/// Gradients of [`batch_norm`] with respect to its values, gamma and beta (Ioffe and Szegedy 2015, section 3).
pub(crate) fn batch_norm_backward(
    values: &[f64],
    gamma: &[f64],
    gradient: &[f64],
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let channels = gamma.len();
    let count = (values.len() / channels) as f64;
    let (mean, variance) = batch_statistics(channels, values);
    let scale: Vec<f64> = variance
        .iter()
        .map(|v| 1.0 / (v + f64::from(BATCH_NORM_EPSILON)).sqrt())
        .collect();
    let normalized = |i: usize| (values[i] - mean[i % channels]) * scale[i % channels];
    let (mut d_gamma, mut d_beta) = (vec![0.0; channels], vec![0.0; channels]);
    for (i, g) in gradient.iter().enumerate() {
        d_gamma[i % channels] += g * normalized(i);
        d_beta[i % channels] += g;
    }
    let d_values = |(i, g): (usize, &f64)| {
        let c = i % channels;
        gamma[c] * scale[c] * (g - d_beta[c] / count - normalized(i) * d_gamma[c] / count)
    };
    (
        gradient.iter().enumerate().map(d_values).collect(),
        d_gamma,
        d_beta,
    )
}

/// Index of the first maximum in each 2x2 window, in the order of the pooled map.
fn first_maxima(dims: Dims, values: &[f64]) -> Vec<usize> {
    let mut maxima = Vec::new();
    for image in 0..dims.images {
        for (y, x) in (0..dims.height / 2).flat_map(|y| (0..dims.width / 2).map(move |x| (y, x))) {
            for channel in 0..dims.channels {
                let mut best = dims.at(image, 2 * y, 2 * x, channel);
                for (dy, dx) in [(0, 1), (1, 0), (1, 1)] {
                    let candidate = dims.at(image, 2 * y + dy, 2 * x + dx, channel);
                    if values[candidate] > values[best] {
                        best = candidate;
                    }
                }
                maxima.push(best);
            }
        }
    }
    maxima
}

/// 2x2 max-pool of stride 2; an odd last row or column is dropped.
pub(crate) fn max_pool(dims: Dims, values: &[f64]) -> Vec<f64> {
    first_maxima(dims, values)
        .into_iter()
        .map(|i| values[i])
        .collect()
}

/// Gradient of [`max_pool`]: the first maximum of each window takes it all.
pub(crate) fn max_pool_backward(dims: Dims, values: &[f64], gradient: &[f64]) -> Vec<f64> {
    let mut result = vec![0.0; dims.len()];
    first_maxima(dims, values)
        .into_iter()
        .zip(gradient)
        .for_each(|(i, g)| result[i] += g);
    result
}

/// `f32` values widened, as the oracle's functions take them.
pub(crate) fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Largest difference from the truth, relative to the truth's largest magnitude.
pub(crate) fn relative_error(found: &[f32], truth: &[f64]) -> f64 {
    relative_error_of_terms(found, truth, f64::MIN_POSITIVE)
}

/// Largest difference from a truth that may cancel to nearly nothing, relative to its largest magnitude or that of its `terms`.
pub(crate) fn relative_error_of_terms(found: &[f32], truth: &[f64], terms: f64) -> f64 {
    assert_eq!(found.len(), truth.len(), "lengths differ");
    let scale = truth.iter().fold(terms, |max, v| max.max(v.abs()));
    found.iter().zip(truth).fold(0.0, |max, (f, t)| {
        let error = (f64::from(*f) - t).abs() / scale;
        if error.is_nan() {
            f64::INFINITY
        } else {
            max.max(error)
        }
    })
}

/// Reproducible values, roughly standard normal, for tests without a random generator.
pub(crate) fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
    let mut uniform = || {
        // Splitmix64 (Steele, Lea and Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    };
    // The sum of three uniforms has variance 1/4.
    (0..len)
        .map(|_| (uniform() + uniform() + uniform() - 1.5) * 2.0)
        .collect()
}

/// A parameter buffer like that of a network in training: weights of Kaiming's scale, scales about 1, shifts about 0.
pub(crate) fn parameters(spec: &NetworkSpec, seed: u64) -> Vec<f32> {
    let mut values = noise(spec.parameter_count(), seed);
    for slot in spec.parameters() {
        use crate::Role;
        let fan_in: usize = match slot.role {
            Role::ConvWeight => slot.shape[..3].iter().product(),
            Role::HeadWeight => slot.shape[1],
            _ => 100,
        };
        let spread = (2.0 / fan_in as f32).sqrt();
        let center = if slot.role == Role::Gamma { 1.0 } else { 0.0 };
        values[slot.range]
            .iter_mut()
            .for_each(|v| *v = center + *v * spread);
    }
    values
}

fn conv_dims(images: usize, shape: &BlockShape) -> Dims {
    Dims {
        images,
        height: shape.height,
        width: shape.width,
        channels: shape.in_channels,
    }
}
