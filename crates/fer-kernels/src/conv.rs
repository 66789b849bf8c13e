//! Convolution of a group of images on one thread: the path for a shape.

use std::iter::zip;

use crate::Threads;
use crate::buffer::Recycler;
use crate::simd::Cpu;
use crate::spec::BlockShape;

/// A 3x3 convolution (stride 1, padding 1) of a given shape, forward and backward.
///
/// Every pass takes one or more images, one after the other, and runs on the calling thread.
#[derive(Debug)]
pub(crate) struct Convolution {
    shape: BlockShape,
}

impl Convolution {
    pub(crate) fn new(_cpu: Cpu, shape: &BlockShape) -> Self {
        Self { shape: *shape }
    }

    /// Images that a pass should be given at once; depends on nothing but the shape.
    pub(crate) fn group(&self) -> usize {
        1
    }

    /// Values that prepared filters take, of either direction.
    pub(crate) fn filters_len(&self) -> usize {
        self.shape.weight_len()
    }

    /// Values that a weight gradient takes while images are being added to it.
    pub(crate) fn accumulator_len(&self) -> usize {
        self.shape.weight_len()
    }

    /// Prepares a weight `[3, 3, C_in, C_out]` for [`forward`](Self::forward).
    pub(crate) fn prepare(&self, weight: &[f32], filters: &mut [f32], _threads: &Threads) {
        filters[..weight.len()].copy_from_slice(weight);
    }

    /// Prepares a weight `[3, 3, C_in, C_out]` for [`backward_data`](Self::backward_data).
    pub(crate) fn prepare_transposed(
        &self,
        weight: &[f32],
        filters: &mut [f32],
        _threads: &Threads,
    ) {
        filters[..weight.len()].copy_from_slice(weight);
    }

    /// `[N, H, W, C_in]` to `[N, H, W, C_out]`, without bias.
    pub(crate) fn forward(
        &self,
        input: &[f32],
        filters: &[f32],
        output: &mut [f32],
        _scratch: &Recycler,
    ) {
        output.fill(0.0);
        self.for_each_tap(
            input.len() / self.shape.input_len(),
            |source, target, tap| {
                let values = &input[source..source + self.shape.in_channels];
                let sums = &mut output[target..target + self.shape.out_channels];
                for (value, row) in
                    zip(values, filters[tap..].chunks_exact(self.shape.out_channels))
                {
                    zip(&mut *sums, row).for_each(|(sum, weight)| *sum += value * weight);
                }
            },
        );
    }

    /// Gradient of the input from that of the output.
    pub(crate) fn backward_data(
        &self,
        d_output: &[f32],
        filters: &[f32],
        d_input: &mut [f32],
        _scratch: &Recycler,
    ) {
        d_input.fill(0.0);
        self.for_each_tap(
            d_output.len() / self.shape.conv_len(),
            |source, target, tap| {
                let sums = &mut d_input[source..source + self.shape.in_channels];
                let gradients = &d_output[target..target + self.shape.out_channels];
                for (sum, row) in zip(sums, filters[tap..].chunks_exact(self.shape.out_channels)) {
                    *sum += zip(gradients, row)
                        .map(|(gradient, weight)| gradient * weight)
                        .sum::<f32>();
                }
            },
        );
    }

    /// Adds some images' part of the weight gradient to an accumulator that started as zeros.
    pub(crate) fn backward_weights(
        &self,
        input: &[f32],
        d_output: &[f32],
        accumulator: &mut [f32],
        _scratch: &Recycler,
    ) {
        self.for_each_tap(
            input.len() / self.shape.input_len(),
            |source, target, tap| {
                let values = &input[source..source + self.shape.in_channels];
                let gradients = &d_output[target..target + self.shape.out_channels];
                for (value, row) in zip(
                    values,
                    accumulator[tap..].chunks_exact_mut(self.shape.out_channels),
                ) {
                    zip(row, gradients).for_each(|(sum, gradient)| *sum += value * gradient);
                }
            },
        );
    }

    /// The weight gradient `[3, 3, C_in, C_out]` from accumulators that lie one after the other, added in their order.
    pub(crate) fn finish_weights(
        &self,
        accumulators: &[f32],
        d_weight: &mut [f32],
        _threads: &Threads,
    ) {
        d_weight.fill(0.0);
        for accumulator in accumulators.chunks_exact(self.accumulator_len()) {
            zip(&mut *d_weight, accumulator).for_each(|(sum, value)| *sum += value);
        }
    }

    /// Calls `visit(offset in the input, offset in the output, offset in the weight)` for every position and tap.
    fn for_each_tap(&self, images: usize, mut visit: impl FnMut(usize, usize, usize)) {
        let BlockShape {
            height,
            width,
            in_channels,
            out_channels,
            ..
        } = self.shape;
        for (image, y, x) in (0..images * height)
            .flat_map(|row| (0..width).map(move |x| (row / height, row % height, x)))
        {
            for tap in 0..9 {
                let (sy, sx) = ((y + tap / 3).wrapping_sub(1), (x + tap % 3).wrapping_sub(1));
                if sy < height && sx < width {
                    let position = |y: usize, x: usize| (image * height + y) * width + x;
                    visit(
                        position(sy, sx) * in_channels,
                        position(y, x) * out_channels,
                        tap * in_channels * out_channels,
                    );
                }
            }
        }
    }
}
