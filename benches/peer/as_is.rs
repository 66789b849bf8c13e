//! The same network on Candle's own operations, as its documentation would have one write it.

use candle_core::{D, Device, Tensor, Var};
use fer_kernels::{BATCH_NORM_EPSILON, Batch};

use super::{CLASSES, Data, Result};

/// Channels first, as Candle's convolution wants it.
pub(crate) struct Net {
    blocks: Vec<Block>,
    head: (Var, Var),
    image: (usize, usize, usize),
}

struct Block {
    weight: Var,
    gamma: Var,
    beta: Var,
    mean: Tensor,
    variance: Tensor,
    pool: bool,
}

impl Net {
    /// Candle runs on rayon's global threads, whose number is fixed with the first use.
    pub(crate) fn new(data: &Data, threads: usize) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        if pool.build_global().is_err() && rayon::current_num_threads() != threads {
            return Err("Candle already runs on another number of threads".into());
        }
        let parameters = data.spec.parameters();
        let values = |index: usize| {
            let slot = &parameters[index];
            Tensor::from_slice(
                &data.parameters[slot.range.clone()],
                slot.shape.as_slice(),
                &Device::Cpu,
            )
        };
        let statistics = data.spec.statistics();
        let running = |index: usize| {
            let range = statistics[index].range.clone();
            Tensor::from_slice(
                &data.statistics[range.clone()],
                (1, range.len(), 1, 1),
                &Device::Cpu,
            )
        };
        let mut blocks = Vec::new();
        for (index, block) in data.spec.blocks.iter().enumerate() {
            let channels = (1, block.out_channels, 1, 1);
            let weight = values(3 * index)?.permute((3, 2, 0, 1))?.contiguous()?;
            blocks.push(Block {
                weight: Var::from_tensor(&weight)?,
                gamma: Var::from_tensor(&values(3 * index + 1)?.reshape(channels)?)?,
                beta: Var::from_tensor(&values(3 * index + 2)?.reshape(channels)?)?,
                mean: running(2 * index)?,
                variance: running(2 * index + 1)?,
                pool: block.pool,
            });
        }
        let head = parameters.len() - 2;
        Ok(Self {
            blocks,
            head: (
                Var::from_tensor(&values(head)?)?,
                Var::from_tensor(&values(head + 1)?)?,
            ),
            image: (data.spec.in_channels, data.spec.height, data.spec.width),
        })
    }

    fn forward(&self, input: &[f32], train: bool) -> Result<Tensor> {
        let (channels, height, width) = self.image;
        let images = input.len() / (channels * height * width);
        let shape = (images, height, width, channels);
        let x = Tensor::from_slice(input, shape, &Device::Cpu)?;
        let mut x = x.permute((0, 3, 1, 2))?.contiguous()?;
        for block in &self.blocks {
            let raw = x.conv2d(&block.weight, 1, 1, 1, 1)?;
            let (mean, variance) = if train {
                let mean = raw.mean_keepdim((0, 2, 3))?;
                let variance = raw.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2, 3))?;
                (mean, variance)
            } else {
                (block.mean.clone(), block.variance.clone())
            };
            let deviation = (variance + f64::from(BATCH_NORM_EPSILON))?.sqrt()?;
            let scale = block.gamma.broadcast_div(&deviation)?;
            let normalized = raw.broadcast_sub(&mean)?.broadcast_mul(&scale)?;
            x = normalized.broadcast_add(&block.beta)?.relu()?;
            if block.pool {
                x = x.max_pool2d(2)?;
            }
        }
        let features = x.mean((2, 3))?;
        Ok(features
            .matmul(&self.head.0.t()?)?
            .broadcast_add(&self.head.1)?)
    }

    pub(crate) fn logits(&self, input: &[f32]) -> Result<Vec<f32>> {
        Ok(self.forward(input, false)?.flatten_all()?.to_vec1()?)
    }

    /// Forward and backward, without an update.
    pub(crate) fn gradients(&self, batch: &Batch<'_>) -> Result<()> {
        let logits = self.forward(batch.input, true)?;
        let images = batch.targets.len() / CLASSES;
        let targets = Tensor::from_slice(batch.targets, (images, CLASSES), &Device::Cpu)?;
        let log_sum = logits.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let loss = (logits.broadcast_sub(&log_sum)? * targets)?
            .sum(1)?
            .mean(0)?
            .neg()?;
        loss.backward()?;
        Ok(())
    }
}
