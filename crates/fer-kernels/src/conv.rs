//! 3x3 convolution with padding 1 and no bias, on the path that suits its shape.
//!
//! Each call works on the calling thread and on the images it is given, unless it takes [`Threads`].

use crate::Threads;
use crate::block_shape::BlockShape;
use crate::buffer::{ScratchPool, SharedMut};
use crate::cpu::Cpu;
use crate::direct::Direct;
use crate::epilogue::{Epilogue, Raw, Target};
use crate::simd::LANES;
use crate::winograd::{Tiling, Winograd};

/// Tiles that a group of images comes to: enough to reuse transformed filters, few enough to stay in the cache.
const GROUP_TILES: usize = 144;

/// The most images in a group.
const MAX_GROUP: usize = 16;

/// A convolution of a given shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution {
    height: usize,
    width: usize,
    in_channels: usize,
    out_channels: usize,
    path: Path,
}

/// The way that a convolution is computed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path {
    /// Channels in whole vectors on both sides.
    Winograd(Winograd),
    /// Any channels.
    Direct(Direct),
}

impl Convolution {
    pub(crate) fn new(cpu: Cpu, shape: &BlockShape) -> Self {
        let BlockShape {
            height,
            width,
            in_channels,
            out_channels,
            ..
        } = *shape;
        let path = if in_channels.is_multiple_of(LANES) && out_channels.is_multiple_of(LANES) {
            Path::Winograd(Winograd {
                cpu,
                tiling: Tiling::new(height, width),
                in_channels,
                out_channels,
            })
        } else {
            Path::Direct(Direct {
                cpu,
                height,
                width,
                in_channels,
                out_channels,
            })
        };
        Self {
            height,
            width,
            in_channels,
            out_channels,
            path,
        }
    }

    /// Returns the way that it is computed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Images that are best processed together on one thread; depends on the shape only.
    pub(crate) fn group(&self) -> usize {
        let tiles = Tiling::new(self.height, self.width).tiles();
        (GROUP_TILES / tiles).clamp(1, MAX_GROUP)
    }

    /// Values of prepared filters, transposed ones as well.
    pub(crate) fn filters_len(&self) -> usize {
        match &self.path {
            Path::Winograd(path) => path.filters_len(),
            Path::Direct(path) => path.filters_len().max(path.transposed().filters_len()),
        }
    }

    /// Prepares filters `[3, 3, C_in, C_out]` for [`forward`](Self::forward).
    pub(crate) fn prepare(&self, weight: &[f32], filters: &mut [f32], threads: &Threads) {
        match &self.path {
            Path::Winograd(path) => path.transform_filters(weight, filters, threads),
            Path::Direct(path) => path.pack_filters(weight, filters),
        }
    }

    /// Prepares filters `[3, 3, C_in, C_out]` for [`backward_data`](Self::backward_data).
    pub(crate) fn prepare_transposed(
        &self,
        weight: &[f32],
        filters: &mut [f32],
        threads: &Threads,
    ) {
        match &self.path {
            Path::Winograd(path) => {
                let transposed = path.transposed();
                transposed.transform_transposed_filters(weight, filters, threads);
            }
            Path::Direct(path) => path.transposed().pack_transposed_filters(weight, filters),
        }
    }

    /// Output `[N, H, W, C_out]` of input `[N, H, W, C_in]`, for prepared filters.
    pub(crate) fn forward(
        &self,
        input: &[f32],
        filters: &[f32],
        output: &mut [f32],
        scratch_pool: &ScratchPool,
    ) {
        let output = SharedMut::new(output);
        let epilogue = Raw(Target::new(
            output,
            self.height,
            self.width,
            self.out_channels,
        ));
        self.forward_into(input, filters, epilogue, scratch_pool);
    }

    /// As [`forward`](Self::forward), but hands the results to an epilogue.
    pub(crate) fn forward_into<E: Epilogue>(
        &self,
        input: &[f32],
        filters: &[f32],
        epilogue: E,
        scratch_pool: &ScratchPool,
    ) {
        match &self.path {
            Path::Winograd(path) => path.forward(input, filters, epilogue, scratch_pool),
            Path::Direct(path) => path.forward(input, filters, epilogue, scratch_pool),
        }
    }

    /// Gradient of the input `[N, H, W, C_in]` from that of the output `[N, H, W, C_out]`, for filters prepared transposed.
    pub(crate) fn backward_data(
        &self,
        d_output: &[f32],
        filters: &[f32],
        d_input: &mut [f32],
        scratch_pool: &ScratchPool,
    ) {
        let d_input = SharedMut::new(d_input);
        let epilogue = Raw(Target::new(
            d_input,
            self.height,
            self.width,
            self.in_channels,
        ));
        match &self.path {
            Path::Winograd(path) => {
                path.transposed()
                    .forward(d_output, filters, epilogue, scratch_pool)
            }
            Path::Direct(path) => {
                path.transposed()
                    .forward(d_output, filters, epilogue, scratch_pool)
            }
        }
    }

    /// Values of an accumulator of [`backward_weights`](Self::backward_weights).
    pub(crate) fn accumulator_len(&self) -> usize {
        match &self.path {
            Path::Winograd(path) => path.filters_len(),
            Path::Direct(path) => path.filters_len(),
        }
    }

    /// Adds the gradient of the weight, in a form of this convolution's own, to `accumulator`.
    pub(crate) fn backward_weights(
        &self,
        input: &[f32],
        d_output: &[f32],
        accumulator: &mut [f32],
        scratch_pool: &ScratchPool,
    ) {
        match &self.path {
            Path::Winograd(path) => {
                path.accumulate_gradient(input, d_output, accumulator, scratch_pool)
            }
            Path::Direct(path) => {
                path.accumulate_gradient(input, d_output, accumulator, scratch_pool)
            }
        }
    }

    /// Gradient of the weight `[3, 3, C_in, C_out]`: the sum of one or more accumulators, which lie one after the other.
    pub(crate) fn finish_weights(
        &self,
        accumulators: &[f32],
        d_weight: &mut [f32],
        threads: &Threads,
    ) {
        match &self.path {
            Path::Winograd(path) => path.finish_gradient(accumulators, d_weight, threads),
            Path::Direct(path) => path.finish_gradient(accumulators, d_weight),
        }
    }
}

#[cfg(test)]
mod tests;
