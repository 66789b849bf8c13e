//! The gradient of the filters.

use std::array::from_fn;

use super::{Direct, TAPS};
use crate::cpu::Kernel;
use crate::gemm::MicroKernel;
use crate::simd::{LANES, Simd};

/// Adds the gradient of the packed filters for one image.
pub(super) struct AddFilterGradient<'a> {
    convolution: Direct,
    padded: &'a [f32],
    /// One image, dense.
    d_output: &'a [f32],
    accumulator: &'a mut [f32],
}

impl<'a> AddFilterGradient<'a> {
    /// # Safety
    /// `padded` holds at least `padded_len` values of the convolution, `d_output` one image of its size and output channels,
    /// `accumulator` at least `filters_len` values.
    pub(super) unsafe fn new(
        convolution: Direct,
        padded: &'a [f32],
        d_output: &'a [f32],
        accumulator: &'a mut [f32],
    ) -> Self {
        Self {
            convolution,
            padded,
            d_output,
            accumulator,
        }
    }
}

impl Kernel for AddFilterGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(mut self, simd: S) {
        let channels = self.convolution.out_channels;
        for input in 0..self.convolution.in_channels {
            let mut channel = 0;
            if S::PANEL_VECTORS == 2 {
                while channel + 2 * LANES <= channels {
                    self.channels::<S, 2>(simd, input, channel);
                    channel += 2 * LANES;
                }
            }
            while channel < channels {
                self.channels::<S, 1>(simd, input, channel);
                channel += LANES;
            }
        }
    }
}

impl AddFilterGradient<'_> {
    /// One input channel and `V` vectors of output channels, of which only a single one may reach beyond the channels.
    #[inline(always)]
    fn channels<S: Simd, const V: usize>(&mut self, simd: S, input: usize, channel: usize) {
        let Direct {
            height,
            width,
            in_channels,
            out_channels,
            ..
        } = self.convolution;
        let padded_out_channels = self.convolution.padded_out_channels();
        let row_stride = self.convolution.padded_width() * in_channels;
        let full = channel + V * LANES <= out_channels;
        // One sum per row of the image, rather than one over all of it, keeps the rounding errors of long sums down.
        for y in 0..height {
            let mut sums = [[simd.zero(); V]; TAPS];
            for x in 0..width {
                // SAFETY: the pixel is in the image; where fewer than `V` vectors remain, `V` is 1 and only those values are read.
                let gradients: [S::Vector; V] = unsafe {
                    let pixel = (y * width + x) * out_channels + channel;
                    let pixel = self.d_output.as_ptr().add(pixel);
                    if full {
                        from_fn(|v| simd.load(pixel.add(v * LANES)))
                    } else {
                        [simd.load_partial(pixel, out_channels - channel); V]
                    }
                };
                let first = y * row_stride + x * in_channels + input;
                for (tap, sums) in sums.iter_mut().enumerate() {
                    let offset = first + tap / 3 * row_stride + tap % 3 * in_channels;
                    // SAFETY: the padding reaches one pixel beyond the image on every side.
                    let value = simd.splat(unsafe { *self.padded.get_unchecked(offset) });
                    for (sum, &gradient) in sums.iter_mut().zip(&gradients) {
                        *sum = simd.mul_add(value, gradient, *sum);
                    }
                }
            }
            for (tap, sums) in sums.into_iter().enumerate() {
                let offset = (tap * in_channels + input) * padded_out_channels + channel;
                for (v, sum) in sums.into_iter().enumerate() {
                    // SAFETY: `accumulate_gradient` checked that the accumulator has whole vectors for every tap and input channel.
                    unsafe {
                        let target = self.accumulator.as_mut_ptr().add(offset + v * LANES);
                        simd.store(target, simd.add(simd.load(target), sum));
                    }
                }
            }
        }
    }
}
