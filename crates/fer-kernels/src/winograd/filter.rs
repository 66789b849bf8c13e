//! Transforms of filters, `G g G^T`, and of their gradients back, `G^T u G`.

use super::Winograd;
use super::algorithm::{Algorithm, Four, Two, nested};
use super::tiling::TileSize;
use crate::Threads;
use crate::buffer::SharedMut;
use crate::cpu::Kernel;
use crate::gemm::MicroKernel;
use crate::simd::LANES;

const TAPS: usize = 3;

/// Transforms `weight` into `filters`, one panel layout ([`gemm`](crate::gemm)) a frequency.
///
/// `weight` is `[3, 3, C_in, C_out]`; where `transposed`, it is that of the convolution whose transpose `convolution` is, hence
/// `[3, 3, C_out, C_in]` in its terms, and every filter is turned by 180 degrees.
pub(super) fn transform(
    convolution: &Winograd,
    weight: &[f32],
    transposed: bool,
    filters: &mut [f32],
    threads: &Threads,
) {
    let rows = convolution.in_channels;
    let columns = convolution.out_channels;
    assert_eq!(weight.len(), TAPS * TAPS * rows * columns);
    assert!(filters.len() >= convolution.filters_len());
    let filters = SharedMut::new(filters);
    threads.for_each((0..rows).step_by(LANES), |first_row| {
        convolution.cpu.run(TransformRows {
            size: convolution.tiling.size,
            rows,
            columns,
            weight,
            transposed,
            filters,
            first_row,
        });
    });
}

/// Sums `accumulators`, laid out as filters and one after the other, and transforms them back into `d_weight`.
pub(super) fn transform_back(
    convolution: &Winograd,
    accumulators: &[f32],
    d_weight: &mut [f32],
    threads: &Threads,
) {
    let rows = convolution.in_channels;
    let columns = convolution.out_channels;
    assert_eq!(d_weight.len(), TAPS * TAPS * rows * columns);
    assert!(accumulators.len().is_multiple_of(convolution.filters_len()));
    let d_weight = SharedMut::new(d_weight);
    threads.for_each((0..rows).step_by(LANES), |first_row| {
        convolution.cpu.run(TransformRowsBack {
            size: convolution.tiling.size,
            rows,
            columns,
            accumulators,
            d_weight,
            first_row,
        });
    });
}

/// Returns the offset of 16 columns of a row in a matrix of panels.
#[inline(always)]
fn panel_offset<S: MicroKernel>(rows: usize, columns: usize, row: usize, column: usize) -> usize {
    let first = column / S::PANEL * S::PANEL;
    let width = S::PANEL.min(columns - first);
    first * rows + row * width + (column - first)
}

/// [`transform`] for 16 rows, that is input channels.
struct TransformRows<'a> {
    size: TileSize,
    rows: usize,
    columns: usize,
    weight: &'a [f32],
    transposed: bool,
    filters: SharedMut<'a>,
    first_row: usize,
}

impl Kernel for TransformRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        match self.size {
            TileSize::Two => self.transform::<S, Two, 2, 4>(simd),
            TileSize::Four => self.transform::<S, Four, 4, 6>(simd),
        }
    }
}

impl TransformRows<'_> {
    #[inline(always)]
    fn transform<S: MicroKernel, A: Algorithm<OUT, IN>, const OUT: usize, const IN: usize>(
        self,
        simd: S,
    ) {
        for column in (0..self.columns).step_by(LANES) {
            for (row, taps) in self.filters_from(column).iter().enumerate() {
                let mut filter = [[simd.zero(); TAPS]; TAPS];
                for (value, tap) in filter.iter_mut().flatten().zip(taps) {
                    // SAFETY: a tap holds 16 values.
                    *value = unsafe { simd.load(tap.as_ptr()) };
                }
                let transformed = nested::<S, A::Filter, TAPS, IN>(simd, filter);
                let row = self.first_row + row;
                let offset = panel_offset::<S>(self.rows, self.columns, row, column);
                for (frequency, value) in transformed.into_iter().flatten().enumerate() {
                    let offset = frequency * self.rows * self.columns + offset;
                    // SAFETY: `transform` checked the length, and these rows are this call's alone.
                    unsafe { simd.store(self.filters.at(offset), value) };
                }
            }
        }
    }

    /// The filters of 16 rows by 16 columns from `column` on, turned where transposed: `[row][tap][column]`.
    #[inline(always)]
    fn filters_from(&self, column: usize) -> [[[f32; LANES]; TAPS * TAPS]; LANES] {
        let Self { rows, columns, .. } = *self;
        let mut filters = [[[0.0; LANES]; TAPS * TAPS]; LANES];
        for tap in 0..TAPS * TAPS {
            if self.transposed {
                let turned = &self.weight[(TAPS * TAPS - 1 - tap) * rows * columns..];
                for j in 0..LANES {
                    let source = &turned[(column + j) * rows + self.first_row..][..LANES];
                    for (filter, &value) in filters.iter_mut().zip(source) {
                        filter[tap][j] = value;
                    }
                }
            } else {
                let weight = &self.weight[tap * rows * columns..];
                for (i, filter) in filters.iter_mut().enumerate() {
                    let source = &weight[(self.first_row + i) * columns + column..];
                    filter[tap].copy_from_slice(&source[..LANES]);
                }
            }
        }
        filters
    }
}

/// [`transform_back`] for 16 rows, that is input channels.
struct TransformRowsBack<'a> {
    size: TileSize,
    rows: usize,
    columns: usize,
    accumulators: &'a [f32],
    d_weight: SharedMut<'a>,
    first_row: usize,
}

impl Kernel for TransformRowsBack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        match self.size {
            TileSize::Two => self.transform::<S, Two, 2, 4>(simd),
            TileSize::Four => self.transform::<S, Four, 4, 6>(simd),
        }
    }
}

impl TransformRowsBack<'_> {
    #[inline(always)]
    fn transform<S: MicroKernel, A: Algorithm<OUT, IN>, const OUT: usize, const IN: usize>(
        self,
        simd: S,
    ) {
        let plane = self.rows * self.columns;
        for row in self.first_row..self.first_row + LANES {
            for column in (0..self.columns).step_by(LANES) {
                let offset = panel_offset::<S>(self.rows, self.columns, row, column);
                let mut square = [[simd.zero(); IN]; IN];
                for accumulator in self.accumulators.chunks_exact(IN * IN * plane) {
                    for (frequency, sum) in square.iter_mut().flatten().enumerate() {
                        // SAFETY: an accumulator holds a plane for each frequency.
                        let value = unsafe {
                            simd.load(accumulator.as_ptr().add(frequency * plane + offset))
                        };
                        *sum = simd.add(*sum, value);
                    }
                }
                let taps = nested::<S, A::FilterAdjoint, IN, TAPS>(simd, square);
                for (tap, value) in taps.into_iter().flatten().enumerate() {
                    let offset = tap * plane + row * self.columns + column;
                    // SAFETY: `transform_back` checked the length, and these rows are this call's alone.
                    unsafe { simd.store(self.d_weight.at(offset), value) };
                }
            }
        }
    }
}
