//! Matrix products of Winograd's transformed tiles: small register tiles over operands that lie in the order in which they are read.
//!
//! Two layouts, both made of rows of [`LANES`] values, so that a register tile reads and writes whole cache lines:
//! - *blocked*: `[channels / 16][rows][16]`, for transformed inputs and outputs, a row being a tile of the image;
//! - *panels*: `[columns / P][rows][P]`, for transformed filters, `P` being the width of the set's register tile
//!   ([`MicroKernel::PANEL_VECTORS`] vectors); the last panel is narrower where 16 columns remain.
//!
//! A row of a result is computed in the same order whatever the number of rows, so results do not depend on how rows are cut.

use std::array::from_fn;

#[cfg(target_arch = "aarch64")]
use crate::simd::Neon;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{LANES, Portable, Simd};

/// `C = A B`, one panel of `B`, hence one or a few channel blocks of `C`.
#[derive(Clone, Copy)]
pub(crate) struct PanelProduct {
    /// Rows of `A` and `C` to compute.
    pub(crate) rows: usize,
    /// Columns of `A`, rows of `B`: a multiple of [`LANES`].
    pub(crate) depth: usize,
    /// Values between the channel blocks of `A` and of `C`: [`LANES`] times the rows that they hold.
    pub(crate) block_stride: usize,
    /// Blocked, from the first row to compute.
    pub(crate) a: *const f32,
    /// One panel.
    pub(crate) b: *const f32,
    /// Blocked, from the first row to compute, first channel block of the panel.
    pub(crate) c: *mut f32,
}

/// `C += A^T B`, one panel of `C`, hence one or a few channel blocks of `B`.
#[derive(Clone, Copy)]
pub(crate) struct PanelAccumulation {
    /// Rows of `A` and `B`, over which the sums run.
    pub(crate) rows: usize,
    /// Columns of `A`, rows of `C`: a multiple of [`LANES`].
    pub(crate) depth: usize,
    /// Values between the channel blocks of `A` and of `B`: [`LANES`] times the rows that they hold.
    pub(crate) block_stride: usize,
    /// Blocked, from the first row of the sums.
    pub(crate) a: *const f32,
    /// Blocked, from the first row of the sums, first channel block of the panel.
    pub(crate) b: *const f32,
    /// One panel.
    pub(crate) c: *mut f32,
}

/// Register tiles sized for a set's registers.
pub(crate) trait MicroKernel: Simd {
    /// Vectors in a row of a full panel.
    const PANEL_VECTORS: usize;

    /// Computes a product with a panel of `vectors` vectors, 1 to [`PANEL_VECTORS`](Self::PANEL_VECTORS).
    ///
    /// # Safety
    /// The operands are valid for the sizes in `product`, and `c` overlaps neither `a` nor `b`.
    unsafe fn multiply(self, vectors: usize, product: PanelProduct);

    /// Adds a product to a panel of `vectors` vectors, 1 to [`PANEL_VECTORS`](Self::PANEL_VECTORS).
    ///
    /// # Safety
    /// As for [`multiply`](Self::multiply).
    unsafe fn accumulate(self, vectors: usize, product: PanelAccumulation);

    /// Values in a row of a full panel.
    const PANEL: usize = Self::PANEL_VECTORS * LANES;
}

/// Implements [`MicroKernel`] with tiles of the given numbers of rows, largest first and 1 at the end, by each of the given numbers of
/// vectors, and with tiles of `$depth` rows for sums over rows, a divisor of [`LANES`].
macro_rules! micro_kernel {
    ($set:ty, panel: $panel:literal, rows: $rows:tt, vectors: [$($vectors:literal),+], depth: $depth:literal) => {
        impl MicroKernel for $set {
            const PANEL_VECTORS: usize = $panel;

            #[inline(always)]
            unsafe fn multiply(self, vectors: usize, mut product: PanelProduct) {
                debug_assert!(vectors <= $panel);
                match vectors {
                    // SAFETY: the caller guarantees the operands.
                    $($vectors => unsafe { micro_kernel!(@rows self, product, $vectors, $rows) },)+
                    _ => {}
                }
            }

            #[inline(always)]
            unsafe fn accumulate(self, vectors: usize, product: PanelAccumulation) {
                debug_assert!(vectors <= $panel);
                match vectors {
                    // SAFETY: the caller guarantees the operands.
                    $($vectors => unsafe { accumulate_panel::<_, $depth, $vectors>(self, product) },)+
                    _ => {}
                }
            }
        }
    };
    (@rows $simd:ident, $product:ident, $vectors:literal, [$($rows:literal),+]) => {{
        $(while $product.rows >= $rows {
            multiply_tile::<_, $rows, $vectors>($simd, $product);
            $product.rows -= $rows;
            $product.a = $product.a.add($rows * LANES);
            $product.c = $product.c.add($rows * LANES);
        })+
    }};
}

// A tile of R rows by V vectors keeps R * V sums, V columns of B and one value of A in registers: 24 + 2 + 1 of 32 with AVX-512,
// 12 + 2 + 1 of 16 with AVX2, 24 + 4 + 1 of 32 with NEON, 12 + 1 + 1 of the 16 registers of SSE2. Engines of WebAssembly keep all of
// B's vector: 8 + 4 + 1 of 16, 1.2 times as fast in V8 as with three rows.
#[cfg(target_arch = "x86_64")]
micro_kernel!(Avx512, panel: 2, rows: [12, 9, 6, 3, 1], vectors: [2, 1], depth: 8);
#[cfg(target_arch = "x86_64")]
micro_kernel!(Avx2, panel: 1, rows: [6, 3, 1], vectors: [1], depth: 4);
#[cfg(target_arch = "aarch64")]
micro_kernel!(Neon, panel: 1, rows: [6, 3, 1], vectors: [1], depth: 4);
#[cfg(not(target_arch = "wasm32"))]
micro_kernel!(Portable, panel: 1, rows: [3, 1], vectors: [1], depth: 2);
#[cfg(target_arch = "wasm32")]
micro_kernel!(Portable, panel: 1, rows: [2, 1], vectors: [1], depth: 2);

/// `R` rows and `V` vectors of a product.
///
/// # Safety
/// As for [`MicroKernel::multiply`], and the product has at least `R` rows.
#[inline(always)]
unsafe fn multiply_tile<S: Simd, const R: usize, const V: usize>(simd: S, product: PanelProduct) {
    let mut sums = [[simd.zero(); V]; R];
    let mut b = product.b;
    for block in 0..product.depth / LANES {
        // SAFETY: `a` has `depth / LANES` blocks.
        let a = unsafe { product.a.add(block * product.block_stride) };
        for channel in 0..LANES {
            // SAFETY: `b` has `depth` rows of `V` vectors, and a block of `a` at least `R` rows of `LANES` values.
            unsafe {
                let columns: [S::Vector; V] = from_fn(|v| simd.load(b.add(v * LANES)));
                for (row, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat(*a.add(row * LANES + channel));
                    for (sum, &column) in sums.iter_mut().zip(&columns) {
                        *sum = simd.mul_add(value, column, *sum);
                    }
                }
                b = b.add(V * LANES);
            }
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: `c` has `V` blocks of at least `R` rows.
            unsafe { simd.store(product.c.add(v * product.block_stride + row * LANES), sum) };
        }
    }
}

/// All rows of a panel of `V` vectors, `R` at a time.
///
/// # Safety
/// As for [`MicroKernel::accumulate`].
#[inline(always)]
unsafe fn accumulate_panel<S: Simd, const R: usize, const V: usize>(
    simd: S,
    product: PanelAccumulation,
) {
    const { assert!(LANES.is_multiple_of(R)) };
    for first in (0..product.depth).step_by(R) {
        let mut sums = [[simd.zero(); V]; R];
        // SAFETY: `a` has `depth / LANES` blocks of `rows` rows, `b` has `V` of them, `c` has `depth` rows of `V` vectors.
        unsafe {
            let a = product
                .a
                .add(first / LANES * product.block_stride + first % LANES);
            let c = product.c.add(first * V * LANES);
            // What the sums are added to lies further away than the operands.
            for vector in 0..R * V {
                simd.prefetch(c.add(vector * LANES));
            }
            for row in 0..product.rows {
                let columns: [S::Vector; V] =
                    from_fn(|v| simd.load(product.b.add(v * product.block_stride + row * LANES)));
                for (channel, sums) in sums.iter_mut().enumerate() {
                    let value = simd.splat(*a.add(row * LANES + channel));
                    for (sum, &column) in sums.iter_mut().zip(&columns) {
                        *sum = simd.mul_add(value, column, *sum);
                    }
                }
            }
            for (channel, sums) in sums.iter().enumerate() {
                for (v, &sum) in sums.iter().enumerate() {
                    let target = c.add((channel * V + v) * LANES);
                    simd.store(target, simd.add(simd.load(target), sum));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
