//! Backward through max-pool, ReLU and batch norm, from a block's raw convolution output alone.
//!
//! Which value won its window and which were cut off by ReLU is found again from the raw output, exactly as the forward pass saw
//! it, so nothing but that output has to be kept.

use super::{
    GradientForm, Normalization,
    lanes::{Lanes, for_each_lanes},
};
use crate::block_shape::BlockShape;
use crate::cpu::{Cpu, Kernel};
use crate::gemm::MicroKernel;
use crate::pooling::{dropped_offsets, first_maximum, window_offsets};
use crate::simd::Simd;

/// Adds to `partial` (`[2, C]`), for one image, `sum g` and `sum g * (raw - mean)`, where `g` is the gradient of the normalized
/// output and `d_output` that of the block's output.
pub(crate) fn accumulate(
    cpu: Cpu,
    shape: &BlockShape,
    normalization: &Normalization,
    raw: &[f32],
    d_output: &[f32],
    partial: &mut [f64],
) {
    cpu.run(AddGradientSums {
        image: Image {
            shape,
            normalization,
            raw,
            d_output,
        },
        partial,
    });
}

/// Writes the gradient of one image's raw convolution output.
pub(crate) fn propagate(
    cpu: Cpu,
    shape: &BlockShape,
    normalization: &Normalization,
    form: &GradientForm,
    raw: &[f32],
    d_output: &[f32],
    d_raw: &mut [f32],
) {
    assert_eq!(d_raw.len(), raw.len());
    cpu.run(Propagate {
        image: Image {
            shape,
            normalization,
            raw,
            d_output,
        },
        form,
        d_raw,
    });
}

struct AddGradientSums<'a> {
    image: Image<'a>,
    partial: &'a mut [f64],
}

impl Kernel for AddGradientSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let channels = self.image.shape.out_channels;
        let (gradients, products) = self.partial.split_at_mut(channels);
        for_each_lanes!(channels, lanes => {
            let mean = lanes.read(simd, &self.image.normalization.mean);
            let (mut gradient_sum, mut product_sum) = (simd.zero(), simd.zero());
            for row in 0..self.image.rows() {
                self.image
                    .for_each_gradient(simd, row, lanes, |_, raw, gradient| {
                        gradient_sum = simd.add(gradient_sum, gradient);
                        product_sum = simd.mul_add(gradient, simd.sub(raw, mean), product_sum);
                    });
            }
            lanes.add_to(simd, gradient_sum, gradients);
            lanes.add_to(simd, product_sum, products);
        });
    }
}

struct Propagate<'a> {
    image: Image<'a>,
    form: &'a GradientForm,
    d_raw: &'a mut [f32],
}

impl Kernel for Propagate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        // Row by row, because here the maps come from memory.
        for row in 0..self.image.rows() {
            for_each_lanes!(self.image.shape.out_channels, lanes => {
                let scale = lanes.read(simd, &self.image.normalization.scale);
                let mean = lanes.read(simd, &self.image.normalization.mean);
                let slope = lanes.read(simd, &self.form.slope);
                let offset = lanes.read(simd, &self.form.offset);
                self.image
                    .for_each_gradient(simd, row, lanes, |at, raw, gradient| {
                        let through_statistics = simd.mul_add(slope, simd.sub(raw, mean), offset);
                        let result = simd.mul_add(scale, gradient, through_statistics);
                        // SAFETY: `at` is an offset of `lanes` within the raw output, and `d_raw` is as long.
                        unsafe { lanes.store(simd, self.d_raw.as_mut_ptr().add(at), result) };
                    });
            });
        }
    }
}

/// One image of a block's raw output, and the gradient of the block's output.
struct Image<'a> {
    shape: &'a BlockShape,
    normalization: &'a Normalization,
    raw: &'a [f32],
    d_output: &'a [f32],
}

impl Image<'_> {
    /// Rows of positions, or of windows and what is left beside and below them.
    #[inline(always)]
    fn rows(&self) -> usize {
        if self.shape.pool {
            self.shape.height.div_ceil(2)
        } else {
            self.shape.height
        }
    }

    /// Calls `visit(offset, raw value, gradient of the normalized value)` at every position of a row, for some channels.
    #[inline(always)]
    fn for_each_gradient<S: Simd>(
        &self,
        simd: S,
        row: usize,
        lanes: impl Lanes,
        mut visit: impl FnMut(usize, S::Vector, S::Vector),
    ) {
        let BlockShape {
            height,
            width,
            out_channels: channels,
            pool,
            ..
        } = *self.shape;
        assert!(
            row < self.rows()
                && self.raw.len() == self.shape.conv_len()
                && self.d_output.len() == self.shape.output_len()
        );
        let scale = lanes.read(simd, &self.normalization.scale);
        let shift = lanes.read(simd, &self.normalization.shift);
        // SAFETY: the offsets below are those of `lanes` at a position of the raw output, whose length was checked.
        let raw_at = |offset: usize| unsafe { lanes.load(simd, self.raw.as_ptr().add(offset)) };
        // SAFETY: as above, for the block's output.
        let gradient_at =
            |offset: usize| unsafe { lanes.load(simd, self.d_output.as_ptr().add(offset)) };
        let normalize = |raw: S::Vector| simd.mul_add(raw, scale, shift);
        let zero = simd.zero();

        if !pool {
            for x in 0..width {
                let offset = (row * width + x) * channels + lanes.first();
                let raw = raw_at(offset);
                let passes = simd.greater(normalize(raw), zero);
                visit(offset, raw, simd.select(passes, gradient_at(offset), zero));
            }
            return;
        }
        if 2 * row + 1 < height {
            for (target, window) in window_offsets(row, width, channels) {
                let window = window.map(|offset| offset + lanes.first());
                let raw = window.map(raw_at);
                let (maximum, winners) = first_maximum(simd, raw.map(normalize));
                let passes = simd.greater(maximum, zero);
                let gradient = simd.select(passes, gradient_at(target + lanes.first()), zero);
                for i in 0..4 {
                    visit(window[i], raw[i], simd.select(winners[i], gradient, zero));
                }
            }
        }
        // An odd last row or column reaches the output only through the batch's statistics.
        for offset in dropped_offsets(row, height, width, channels) {
            visit(offset + lanes.first(), raw_at(offset + lanes.first()), zero);
        }
    }
}
