//! 3x3 convolution by its definition, for any number of channels. Meant for the first layer, which has few input channels.
//!
//! Each image is copied into zero padding first, so that the loops know no borders. Results come in squares of 2 by 2, as many
//! channels at a time as the set has registers for.

mod forward;
mod gradient;

use std::ops::Range;

use crate::buffer::ScratchPool;
use crate::cpu::Cpu;
use crate::epilogue::Epilogue;
use crate::simd::LANES;

const TAPS: usize = 9;

/// Results of a square in each dimension.
const SQUARE: usize = 2;

/// The convolution of maps of one size with given numbers of channels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct {
    pub(crate) cpu: Cpu,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
}

impl Direct {
    /// The convolution that maps gradients of the output to gradients of the input.
    pub(crate) fn transposed(self) -> Self {
        Self {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            ..self
        }
    }

    /// Values of the packed filters `[3, 3, C_in, C_out]`, where `C_out` is rounded up to whole vectors.
    pub(crate) fn filters_len(&self) -> usize {
        TAPS * self.in_channels * self.padded_out_channels()
    }

    fn padded_out_channels(&self) -> usize {
        self.out_channels.next_multiple_of(LANES)
    }

    /// Packs filters `[3, 3, C_in, C_out]`.
    pub(crate) fn pack_filters(&self, weight: &[f32], filters: &mut [f32]) {
        let packed = filters.chunks_exact_mut(self.padded_out_channels());
        for (packed, row) in packed.zip(weight.chunks_exact(self.out_channels)) {
            let (values, padding) = packed.split_at_mut(self.out_channels);
            values.copy_from_slice(row);
            padding.fill(0.0);
        }
    }

    /// Packs the filters of the convolution that this one is the [`transposed`](Self::transposed) of: `[3, 3, C_out, C_in]` in terms
    /// of this one. Every filter is turned by 180 degrees.
    pub(crate) fn pack_transposed_filters(&self, weight: &[f32], filters: &mut [f32]) {
        let (rows, columns) = (self.in_channels, self.out_channels);
        let packed = filters.chunks_exact_mut(rows * self.padded_out_channels());
        let turned = weight.chunks_exact(rows * columns).rev();
        for (packed, tap) in packed.zip(turned) {
            let packed = packed.chunks_exact_mut(self.padded_out_channels());
            for (row, packed) in packed.enumerate() {
                let (values, padding) = packed.split_at_mut(columns);
                for (value, column) in values.iter_mut().zip(tap.chunks_exact(rows)) {
                    *value = column[row];
                }
                padding.fill(0.0);
            }
        }
    }

    /// Convolves dense images with packed filters, on the calling thread.
    pub(crate) fn forward<E: Epilogue>(
        &self,
        input: &[f32],
        filters: &[f32],
        epilogue: E,
        scratch_pool: &ScratchPool,
    ) {
        let mut scratch = scratch_pool.take(self.padded_len());
        let padded = &mut scratch[..self.padded_len()];
        let images = input.chunks_exact(self.height * self.width * self.in_channels);
        assert!(epilogue.accepts(images.len(), self.height, self.width, self.out_channels));
        for (image, pixels) in images.enumerate() {
            self.pad(pixels, padded);
            // SAFETY: the epilogue accepts all images, and this thread alone has its target.
            unsafe { self.forward_rows(padded, filters, image, 0..self.square_rows(), epilogue) };
        }
    }

    /// Rows of squares in an image.
    pub(crate) fn square_rows(&self) -> usize {
        self.height.div_ceil(SQUARE)
    }

    /// Convolves some rows of squares of a padded image.
    ///
    /// # Safety
    /// The image is one of those that the epilogue accepts, and no other thread computes the same rows meanwhile.
    pub(crate) unsafe fn forward_rows<E: Epilogue>(
        &self,
        padded: &[f32],
        filters: &[f32],
        image: usize,
        rows: Range<usize>,
        epilogue: E,
    ) {
        assert!(padded.len() >= self.padded_len() && filters.len() >= self.filters_len());
        assert!(rows.end <= self.square_rows());
        // SAFETY: the lengths and rows are checked above; the caller guarantees the rest.
        let kernel =
            unsafe { forward::Forward::new(*self, padded, filters, image, rows, epilogue) };
        self.cpu.run(kernel);
    }

    /// Adds the gradient of the packed filters for some dense images, on the calling thread.
    ///
    /// `accumulator` is laid out as packed filters; [`finish_gradient`](Self::finish_gradient) unpacks it.
    pub(crate) fn accumulate_gradient(
        &self,
        input: &[f32],
        d_output: &[f32],
        accumulator: &mut [f32],
        scratch_pool: &ScratchPool,
    ) {
        let pixels = self.height * self.width;
        assert_eq!(accumulator.len(), self.filters_len());
        let mut scratch = scratch_pool.take(self.padded_len());
        let padded = &mut scratch[..self.padded_len()];
        assert_eq!(self.images(input), self.transposed().images(d_output));
        let images = input.chunks_exact(pixels * self.in_channels);
        for (input, d_output) in images.zip(d_output.chunks_exact(pixels * self.out_channels)) {
            self.pad(input, padded);
            // SAFETY: `padded` and `accumulator` have these lengths, and `d_output` is one image of a whole number of them.
            let kernel = unsafe {
                gradient::AddFilterGradient::new(*self, padded, d_output, &mut *accumulator)
            };
            self.cpu.run(kernel);
        }
    }

    /// Sums accumulators, one after the other, into the gradient of the filters `[3, 3, C_in, C_out]`.
    pub(crate) fn finish_gradient(&self, accumulators: &[f32], d_weight: &mut [f32]) {
        d_weight.fill(0.0);
        for accumulator in accumulators.chunks_exact(self.filters_len()) {
            let rows = accumulator.chunks_exact(self.padded_out_channels());
            for (sums, row) in d_weight.chunks_exact_mut(self.out_channels).zip(rows) {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += value;
                }
            }
        }
    }

    /// Returns the number of whole images in an input.
    fn images(&self, input: &[f32]) -> usize {
        let len = self.height * self.width * self.in_channels;
        assert!(input.len().is_multiple_of(len));
        input.len() / len
    }

    /// Values of an image in zero padding: one pixel before, and after it as much as the last square of 2 by 2 reaches.
    pub(crate) fn padded_len(&self) -> usize {
        (self.height.next_multiple_of(SQUARE) + 2) * self.padded_width() * self.in_channels
    }

    fn padded_width(&self) -> usize {
        self.width.next_multiple_of(SQUARE) + 2
    }

    /// Copies an image into zero padding.
    pub(crate) fn pad(&self, pixels: &[f32], padded: &mut [f32]) {
        let row_len = self.width * self.in_channels;
        padded.fill(0.0);
        let rows = padded.chunks_exact_mut(self.padded_width() * self.in_channels);
        for (row, pixels) in rows.skip(1).zip(pixels.chunks_exact(row_len)) {
            row[self.in_channels..][..row_len].copy_from_slice(pixels);
        }
    }
}
