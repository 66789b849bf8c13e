//! From a raw convolution output to a block's output: batch norm, ReLU, and the 2x2 max-pool if the block has one.

use super::{
    Normalization,
    lanes::{Lanes, for_each_lanes},
};
use crate::block_shape::BlockShape;
use crate::cpu::{Cpu, Kernel};
use crate::gemm::MicroKernel;
use crate::pooling::window_offsets;

/// Writes a block's output for one image, given its raw convolution output.
pub(crate) fn activate(
    cpu: Cpu,
    shape: &BlockShape,
    normalization: &Normalization,
    raw: &[f32],
    output: &mut [f32],
) {
    assert!(raw.len() == shape.conv_len() && output.len() == shape.output_len());
    cpu.run(Activate {
        shape,
        normalization,
        raw,
        output,
    });
}

struct Activate<'a> {
    shape: &'a BlockShape,
    normalization: &'a Normalization,
    raw: &'a [f32],
    output: &'a mut [f32],
}

impl Kernel for Activate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let BlockShape {
            width,
            out_channels: channels,
            pool,
            ..
        } = *self.shape;
        // Row by row, because the raw output comes from memory.
        for row in 0..self.shape.out_size().0 {
            for_each_lanes!(channels, lanes => {
                let scale = lanes.read(simd, &self.normalization.scale);
                let shift = lanes.read(simd, &self.normalization.shift);
                let normalized = |offset: usize| {
                    // SAFETY: the loops below pass offsets of `lanes` at a position of `raw`, whose length was checked.
                    let value = unsafe { lanes.load(simd, self.raw.as_ptr().add(offset)) };
                    simd.mul_add(value, scale, shift)
                };
                let mut store = |offset: usize, value: S::Vector| {
                    // In this order NaN stays NaN, so that a step that went wrong shows in its loss.
                    let rectified = simd.max(simd.zero(), value);
                    // SAFETY: as above, for `output`.
                    unsafe { lanes.store(simd, self.output.as_mut_ptr().add(offset), rectified) };
                };
                if pool {
                    for (target, window) in window_offsets(row, width, channels) {
                        let [a, b, c, d] = window.map(|offset| normalized(offset + lanes.first()));
                        store(
                            target + lanes.first(),
                            simd.max(simd.max(a, b), simd.max(c, d)),
                        );
                    }
                } else {
                    for x in 0..width {
                        let offset = (row * width + x) * channels + lanes.first();
                        store(offset, normalized(offset));
                    }
                }
            });
        }
    }
}
