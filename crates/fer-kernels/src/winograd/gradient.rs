//! Transforms of output gradients: `A dy A^T`, the adjoint of the output transform.

use std::ops::Range;

use super::Planes;
use super::algorithm::{Algorithm, Four, Two, nested};
use super::tiling::{TileSize, Tiling};
use crate::cpu::Kernel;
use crate::gemm::MicroKernel;
use crate::simd::{LANES, Simd};

/// Transforms the output gradients of `tiles` into `planes`, which begin with the first of them.
pub(super) struct TransformGradient<'a> {
    tiling: Tiling,
    /// Dense images.
    d_output: &'a [f32],
    tiles: Range<usize>,
    planes: Planes<'a>,
}

impl<'a> TransformGradient<'a> {
    /// # Safety
    /// - `tiles` are tiles of whole images in `d_output`, which have the size of `tiling` and the channels of `planes`.
    /// - `planes` have the frequencies of `tiling` and at least as many tiles, and no other thread uses them meanwhile.
    pub(super) unsafe fn new(
        tiling: Tiling,
        d_output: &'a [f32],
        tiles: Range<usize>,
        planes: Planes<'a>,
    ) -> Self {
        Self {
            tiling,
            d_output,
            tiles,
            planes,
        }
    }
}

impl Kernel for TransformGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        match self.tiling.size {
            TileSize::Two => self.transform::<S, Two, 2, 4>(simd),
            TileSize::Four => self.transform::<S, Four, 4, 6>(simd),
        }
    }
}

impl TransformGradient<'_> {
    #[inline(always)]
    fn transform<S: Simd, A: Algorithm<OUT, IN>, const OUT: usize, const IN: usize>(self, simd: S) {
        let Self { tiling, planes, .. } = self;
        for (position, index) in self.tiles.enumerate() {
            let tile = tiling.tile(index);
            let rows = OUT.min(tiling.height - tile.y);
            let columns = OUT.min(tiling.width - tile.x);
            let pixel = (tile.image * tiling.height + tile.y) * tiling.width + tile.x;
            for channel in (0..planes.channels()).step_by(LANES) {
                let mut square = [[simd.zero(); OUT]; OUT];
                for (i, values) in square.iter_mut().enumerate() {
                    for (j, value) in values.iter_mut().enumerate() {
                        if i < rows && j < columns {
                            let pixel = pixel + i * tiling.width + j;
                            // SAFETY: the pixel is in the images, and has as many channels as the planes.
                            *value = unsafe {
                                let pixel = self.d_output.as_ptr().add(pixel * planes.channels());
                                simd.load(pixel.add(channel))
                            };
                        }
                    }
                }
                let transformed = nested::<S, A::OutputAdjoint, OUT, IN>(simd, square);
                for (row, values) in transformed.into_iter().enumerate() {
                    for (column, value) in values.into_iter().enumerate() {
                        // SAFETY: the position is one of the planes', and only this call writes to it.
                        unsafe {
                            simd.store(planes.at(row * IN + column, channel, position), value);
                        }
                    }
                }
            }
        }
    }
}
