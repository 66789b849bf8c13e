//! Results from padded inputs.

use std::array::from_fn;
use std::ops::Range;

use super::{Direct, SQUARE};
use crate::cpu::Kernel;
use crate::epilogue::{Epilogue, TilePlace};
use crate::gemm::MicroKernel;
use crate::simd::{LANES, Simd};

/// Inputs of a square in each dimension.
const PATCH: usize = SQUARE + 2;

/// Convolves some rows of squares of an image.
pub(super) struct Forward<'a, E> {
    convolution: Direct,
    padded: &'a [f32],
    filters: &'a [f32],
    image: usize,
    rows: Range<usize>,
    epilogue: E,
}

impl<'a, E: Epilogue> Forward<'a, E> {
    /// # Safety
    /// - `padded` holds at least `padded_len` values of the convolution, `filters` at least `filters_len`.
    /// - `rows` are rows of squares of the image, and no other thread computes them meanwhile.
    /// - The epilogue accepts `image`, of the size and with the output channels of the convolution.
    pub(super) unsafe fn new(
        convolution: Direct,
        padded: &'a [f32],
        filters: &'a [f32],
        image: usize,
        rows: Range<usize>,
        epilogue: E,
    ) -> Self {
        Self {
            convolution,
            padded,
            filters,
            image,
            rows,
            epilogue,
        }
    }
}

impl<E: Epilogue> Kernel for Forward<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let channels = self.convolution.padded_out_channels();
        let mut channel = 0;
        if S::PANEL_VECTORS == 2 {
            while channel + 2 * LANES <= channels {
                self.channels::<S, 2>(simd, channel);
                channel += 2 * LANES;
            }
        }
        while channel < channels {
            self.channels::<S, 1>(simd, channel);
            channel += LANES;
        }
    }
}

impl<E: Epilogue> Forward<'_, E> {
    /// `V` vectors of output channels.
    #[inline(always)]
    fn channels<S: Simd, const V: usize>(&self, simd: S, channel: usize) {
        for row in self.rows.clone() {
            for x in (0..self.convolution.width).step_by(SQUARE) {
                let y = row * SQUARE;
                let squares = self.squares::<S, V>(simd, y, x, channel);
                for (v, square) in squares.iter().enumerate() {
                    let place = TilePlace {
                        image: self.image,
                        y,
                        x,
                        channel: channel + v * LANES,
                    };
                    // SAFETY: the square is in the image, and the rows are this call's alone.
                    unsafe { self.epilogue.store(simd, square, place) };
                }
            }
        }
    }

    /// The 2 by 2 results from row `y` and column `x` on, for `V` vectors of channels.
    #[inline(always)]
    fn squares<S: Simd, const V: usize>(
        &self,
        simd: S,
        y: usize,
        x: usize,
        channel: usize,
    ) -> [[[S::Vector; SQUARE]; SQUARE]; V] {
        let Direct { in_channels, .. } = self.convolution;
        let row_stride = self.convolution.padded_width() * in_channels;
        let tap_stride = in_channels * self.convolution.padded_out_channels();
        let mut squares = [[[simd.zero(); SQUARE]; SQUARE]; V];
        for input in 0..in_channels {
            let first = y * row_stride + x * in_channels + input;
            let mut patch = [[simd.zero(); PATCH]; PATCH];
            for (i, row) in patch.iter_mut().enumerate() {
                for (j, value) in row.iter_mut().enumerate() {
                    // SAFETY: a square that starts in the image has its patch in the padded image (`forward_rows` checked its size).
                    *value = simd.splat(unsafe {
                        *self
                            .padded
                            .get_unchecked(first + i * row_stride + j * in_channels)
                    });
                }
            }
            let filter = input * self.convolution.padded_out_channels() + channel;
            for tap_y in 0..3 {
                for tap_x in 0..3 {
                    let offset = (tap_y * 3 + tap_x) * tap_stride + filter;
                    // SAFETY: `forward_rows` checked that there is a filter for every tap and pair of channels.
                    let weights: [S::Vector; V] = unsafe {
                        let weights = self.filters.as_ptr().add(offset);
                        from_fn(|v| simd.load(weights.add(v * LANES)))
                    };
                    for (square, &weight) in squares.iter_mut().zip(&weights) {
                        for (i, row) in square.iter_mut().enumerate() {
                            for (j, sum) in row.iter_mut().enumerate() {
                                *sum = simd.mul_add(patch[tap_y + i][tap_x + j], weight, *sum);
                            }
                        }
                    }
                }
            }
        }
        squares
    }
}
