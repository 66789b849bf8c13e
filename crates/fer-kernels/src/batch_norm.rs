//! Batch norm in training (Ioffe and Szegedy 2015): statistics of the batch, and the coefficients that follow from them.
//!
//! The passes over activations live in [`moments`], [`activate`] and [`gradient`]. Each works on one group of images on one
//! thread and leaves a partial sum per channel in f64; the functions here combine the groups in their fixed order.

pub(crate) mod activate;
pub(crate) mod gradient;
mod lanes;
pub(crate) mod moments;
#[cfg(test)]
mod tests;

use crate::BATCH_NORM_EPSILON;

/// Batch norm of one block for one batch: `normalized = scale * raw + shift`, per channel.
#[derive(Debug, Clone)]
pub(crate) struct Normalization {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
    pub(crate) mean: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`
    pub(crate) inverse_deviation: Vec<f32>,
    /// Variance of the batch, biased.
    variance: Vec<f64>,
    /// Values per channel.
    count: f64,
}

impl Normalization {
    pub(crate) fn new(channels: usize) -> Self {
        Self {
            scale: vec![0.0; channels],
            shift: vec![0.0; channels],
            mean: vec![0.0; channels],
            inverse_deviation: vec![0.0; channels],
            variance: vec![0.0; channels],
            count: 0.0,
        }
    }

    /// Takes the statistics of a batch from those of its groups of images (Chan, Golub and LeVeque 1983).
    ///
    /// `partials` holds for each group a mean and a sum of squared deviations per channel, `counts` the values per channel of
    /// each group.
    pub(crate) fn update(&mut self, gamma: &[f32], beta: &[f32], partials: &[f64], counts: &[f64]) {
        let channels = self.scale.len();
        let groups = || partials.chunks_exact(2 * channels).zip(counts);
        self.count = counts.iter().sum();
        for c in 0..channels {
            let mean = groups()
                .map(|(partial, count)| partial[c] * count)
                .sum::<f64>()
                / self.count;
            let squares: f64 = groups()
                .map(|(partial, count)| partial[channels + c] + count * (partial[c] - mean).powi(2))
                .sum();
            let variance = squares / self.count;
            let inverse_deviation = 1.0 / (variance + f64::from(BATCH_NORM_EPSILON)).sqrt();
            let scale = f64::from(gamma[c]) * inverse_deviation;
            self.variance[c] = variance;
            self.mean[c] = mean as f32;
            self.inverse_deviation[c] = inverse_deviation as f32;
            self.scale[c] = scale as f32;
            self.shift[c] = (f64::from(beta[c]) - mean * scale) as f32;
        }
    }

    /// Moves running statistics towards the batch's: `running += momentum * (batch - running)`, the variance unbiased.
    pub(crate) fn update_running(&self, momentum: f32, mean: &mut [f32], variance: &mut [f32]) {
        let unbiased = if self.count > 1.0 {
            self.count / (self.count - 1.0)
        } else {
            1.0
        };
        for (running, batch) in mean.iter_mut().zip(&self.mean) {
            *running += momentum * (batch - *running);
        }
        for (running, batch) in variance.iter_mut().zip(&self.variance) {
            *running += momentum * ((batch * unbiased) as f32 - *running);
        }
    }
}

/// Gradient of the raw convolution output: `scale * g + slope * (raw - mean) + offset`, per channel, where `g` is the gradient
/// of the normalized output.
#[derive(Debug, Clone)]
pub(crate) struct GradientForm {
    pub(crate) slope: Vec<f32>,
    pub(crate) offset: Vec<f32>,
}

impl GradientForm {
    pub(crate) fn new(channels: usize) -> Self {
        Self {
            slope: vec![0.0; channels],
            offset: vec![0.0; channels],
        }
    }

    /// Combines the groups' partial sums and fills the gradients of gamma and beta.
    ///
    /// `partials` holds for each group `sum g` and `sum g * (raw - mean)` per channel.
    pub(crate) fn update(
        &mut self,
        normalization: &Normalization,
        partials: &[f64],
        d_gamma: &mut [f32],
        d_beta: &mut [f32],
    ) {
        let channels = self.slope.len();
        for c in 0..channels {
            let total = |at: usize| {
                partials
                    .chunks_exact(2 * channels)
                    .map(|partial| partial[at])
                    .sum::<f64>()
            };
            let inverse_deviation = f64::from(normalization.inverse_deviation[c]);
            let scale = f64::from(normalization.scale[c]);
            let beta_gradient = total(c);
            let gamma_gradient = total(channels + c) * inverse_deviation;
            d_beta[c] = beta_gradient as f32;
            d_gamma[c] = gamma_gradient as f32;
            self.slope[c] =
                (-scale * inverse_deviation * gamma_gradient / normalization.count) as f32;
            self.offset[c] = (-scale * beta_gradient / normalization.count) as f32;
        }
    }
}
