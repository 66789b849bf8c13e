//! A block with its batch norm folded away.

use crate::block_shape::BlockShape;
use crate::buffer::{Buffer, ScratchPool, SharedMut};
use crate::conv::Convolution;
use crate::cpu::Cpu;
use crate::epilogue::{BiasRelu, Target};
use crate::simd::LANES;
use crate::{BATCH_NORM_EPSILON, NetworkSpec, Threads};

/// A convolution with bias, ReLU and perhaps a 2x2 max-pool.
#[derive(Debug)]
pub(super) struct InferenceLayer {
    /// Channels are rounded up to whole vectors, except those of the images.
    pub(super) shape: BlockShape,
    pub(super) convolution: Convolution,
    pub(super) filters: Buffer,
    pub(super) bias: Buffer,
}

/// The layers of a network.
pub(super) fn layers(
    spec: &NetworkSpec,
    parameters: &[f32],
    statistics: &[f32],
    cpu: Cpu,
) -> Vec<InferenceLayer> {
    let (parameter_slots, statistic_slots) = (spec.parameters(), spec.statistics());
    let slots = parameter_slots
        .chunks_exact(3)
        .zip(statistic_slots.chunks_exact(2));
    let blocks = spec.block_shapes().zip(slots).enumerate();
    let mut folded = Vec::new();
    let layer = |(index, (shape, (block, running))): (usize, (BlockShape, (&[_], &[_])))| {
        let parameter = |slot: &crate::Slot| &parameters[slot.range.clone()];
        let statistic = |slot: &crate::Slot| &statistics[slot.range.clone()];
        let block = Block {
            weight: parameter(&block[0]),
            gamma: parameter(&block[1]),
            beta: parameter(&block[2]),
            mean: statistic(&running[0]),
            variance: statistic(&running[1]),
        };
        let padded = BlockShape {
            in_channels: match index {
                0 => shape.in_channels,
                _ => shape.in_channels.next_multiple_of(LANES),
            },
            out_channels: shape.out_channels.next_multiple_of(LANES),
            ..shape
        };
        InferenceLayer::new(cpu, shape.in_channels, padded, &block, &mut folded)
    };
    blocks.map(layer).collect()
}

/// The parameters and running statistics of a block.
struct Block<'a> {
    weight: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    mean: &'a [f32],
    variance: &'a [f32],
}

impl Block<'_> {
    /// Returns the factor of batch norm for each channel.
    fn scales(&self) -> Vec<f32> {
        let scale =
            |(gamma, variance): (&f32, &f32)| gamma / (variance + BATCH_NORM_EPSILON).sqrt();
        self.gamma.iter().zip(self.variance).map(scale).collect()
    }
}

impl InferenceLayer {
    /// `shape` has its channels rounded up; the block's weight has `in_channels` as they were. `folded` is memory that is used again.
    fn new(
        cpu: Cpu,
        in_channels: usize,
        shape: BlockShape,
        block: &Block<'_>,
        folded: &mut Vec<f32>,
    ) -> Self {
        let scales = block.scales();
        let mut bias = Buffer::new(shape.out_channels);
        let shifts = block.beta.iter().zip(block.mean).zip(&scales);
        for (bias, ((beta, mean), scale)) in bias.iter_mut().zip(shifts) {
            *bias = beta - mean * scale;
        }

        // Channels that are only there to fill a vector have weights of 0, in and out.
        folded.clear();
        folded.resize(shape.weight_len(), 0.0);
        let taps = folded.chunks_exact_mut(shape.in_channels * shape.out_channels);
        for (tap, rows) in taps.zip(block.weight.chunks_exact(in_channels * scales.len())) {
            let padded = tap.chunks_exact_mut(shape.out_channels);
            for (padded, row) in padded.zip(rows.chunks_exact(scales.len())) {
                for ((product, weight), scale) in padded.iter_mut().zip(row).zip(&scales) {
                    *product = weight * scale;
                }
            }
        }
        let convolution = Convolution::new(cpu, &shape);
        let mut filters = Buffer::new(convolution.filters_len());
        convolution.prepare(folded, &mut filters, &Threads::single());
        Self {
            shape,
            convolution,
            filters,
            bias,
        }
    }

    /// Computes the block for some images on the calling thread.
    pub(super) fn run(&self, input: &[f32], output: &mut [f32], scratch_pool: &ScratchPool) {
        let epilogue = self.epilogue(SharedMut::new(output));
        self.convolution
            .forward_into(input, &self.filters, epilogue, scratch_pool);
    }

    /// Bias, ReLU and pooling on the way to `output`.
    pub(super) fn epilogue<'a>(&'a self, output: SharedMut<'a>) -> BiasRelu<'a> {
        let (height, width) = self.shape.out_size();
        BiasRelu {
            target: Target::new(output, height, width, self.shape.out_channels),
            bias: &self.bias,
            pool: self.shape.pool,
        }
    }
}
