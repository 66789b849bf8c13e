//! One block of the network: 3x3 convolution, batch norm, ReLU and 2x2 max-pool.

use candle_core::{Result as CandleResult, Tensor, Var};
use fer_kernels::BATCH_NORM_EPSILON;
use fer_kernels::candle::{BatchStatistics, ConvBlock, max_pool2x2};

const EPSILON: f64 = BATCH_NORM_EPSILON as f64;

/// The variables of one block, in the shapes of their slots.
pub(super) struct Block<'a> {
    pub(super) weight: &'a Var,
    pub(super) gamma: &'a Var,
    pub(super) beta: &'a Var,
    pub(super) running_mean: &'a Var,
    pub(super) running_var: &'a Var,
    pub(super) pool: bool,
}

impl Block<'_> {
    /// The block's maps, batch norm by its running statistics.
    pub(super) fn forward(&self, input: &Tensor) -> CandleResult<Tensor> {
        let raw = conv3x3(input, self.weight)?;
        let deviation = (self.running_var.as_tensor() + EPSILON)?.sqrt()?;
        let scale = self.gamma.div(&deviation)?;
        let centered = raw.broadcast_sub(self.running_mean)?;
        self.activate(&centered, &scale)
    }

    /// The block's maps, batch norm by the statistics of the batch, on Candle's own operations.
    pub(super) fn forward_train(&self, input: &Tensor, momentum: f32) -> CandleResult<Tensor> {
        let raw = conv3x3(input, self.weight)?;
        let mean = mean_of_channels(&raw)?;
        let centered = raw.broadcast_sub(&mean)?;
        let variance = mean_of_channels(&centered.sqr()?)?;

        let count = (raw.elem_count() / variance.elem_count()) as f64;
        let unbiased = (variance.detach() * (count / (count - 1.0).max(1.0)))?;
        move_towards(self.running_mean, &mean.detach(), momentum)?;
        move_towards(self.running_var, &unbiased, momentum)?;

        let scale = self.gamma.div(&(variance + EPSILON)?.sqrt()?)?;
        self.activate(&centered, &scale)
    }

    /// As [`Block::forward_train`], on the CPU in `f32`, by one custom operation.
    pub(super) fn forward_train_on(
        &self,
        kernel: &ConvBlock,
        input: &Tensor,
        momentum: f32,
    ) -> CandleResult<Tensor> {
        let gamma_beta = Tensor::stack(&[self.gamma.as_tensor(), self.beta], 0)?;
        let output = kernel.forward(input, self.weight, &gamma_beta)?;
        let BatchStatistics { mean, variance } = output.statistics;
        let device = input.device();
        move_towards(self.running_mean, &Tensor::new(mean, device)?, momentum)?;
        move_towards(self.running_var, &Tensor::new(variance, device)?, momentum)?;
        Ok(output.activation)
    }

    /// Ends the block: `centered * scale + beta`, ReLU, pool.
    fn activate(&self, centered: &Tensor, scale: &Tensor) -> CandleResult<Tensor> {
        let normalized = centered.broadcast_mul(scale)?.broadcast_add(self.beta)?;
        let activated = normalized.relu()?;
        if self.pool {
            max_pool2x2(&activated)
        } else {
            Ok(activated)
        }
    }
}

/// 3x3 convolution, padding 1, of `[N, H, W, C_in]` with `[3, 3, C_in, C_out]` on Candle's channels-first operation.
fn conv3x3(input: &Tensor, weight: &Tensor) -> CandleResult<Tensor> {
    let input = input.permute((0, 3, 1, 2))?.contiguous()?;
    let weight = weight.permute((3, 2, 0, 1))?.contiguous()?;
    let output = input.conv2d(&weight, 1, 1, 1, 1)?;
    output.permute((0, 2, 3, 1))?.contiguous()
}

/// Means `[C]` of maps `[N, H, W, C]`.
fn mean_of_channels(maps: &Tensor) -> CandleResult<Tensor> {
    maps.flatten_to(2)?.mean(0)
}

fn move_towards(running: &Var, batch: &Tensor, momentum: f32) -> CandleResult<()> {
    let step = (batch.sub(running)? * f64::from(momentum))?;
    running.set(&running.add(&step)?)
}
