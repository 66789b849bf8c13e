//! Transforms of products back to results: `A^T m A`.

use std::ops::Range;

use super::Planes;
use super::algorithm::{Algorithm, Four, Two, nested};
use super::tiling::{TileSize, Tiling};
use crate::cpu::Kernel;
use crate::epilogue::{Epilogue, TilePlace};
use crate::gemm::MicroKernel;
use crate::simd::{LANES, Simd};

/// Transforms the products of `tiles` in `planes`, which begin with tile `first`, and hands the results to `epilogue`.
pub(super) struct TransformOutput<'a, E> {
    tiling: Tiling,
    planes: Planes<'a>,
    tiles: Range<usize>,
    first: usize,
    epilogue: E,
}

impl<'a, E: Epilogue> TransformOutput<'a, E> {
    /// # Safety
    /// - `planes` have the frequencies of `tiling` and hold the tiles from `first` to the last of `tiles`, `first` being none after them;
    ///   no thread writes to these meanwhile.
    /// - The epilogue accepts the images of `tiles`, of the size of `tiling` and with the channels of `planes`, and no other thread
    ///   stores results of the same tiles.
    pub(super) unsafe fn new(
        tiling: Tiling,
        planes: Planes<'a>,
        tiles: Range<usize>,
        first: usize,
        epilogue: E,
    ) -> Self {
        Self {
            tiling,
            planes,
            tiles,
            first,
            epilogue,
        }
    }
}

impl<E: Epilogue> Kernel for TransformOutput<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        match self.tiling.size {
            TileSize::Two => self.transform::<S, Two, 2, 4>(simd),
            TileSize::Four => self.transform::<S, Four, 4, 6>(simd),
        }
    }
}

impl<E: Epilogue> TransformOutput<'_, E> {
    #[inline(always)]
    fn transform<S: Simd, A: Algorithm<OUT, IN>, const OUT: usize, const IN: usize>(self, simd: S) {
        let planes = self.planes;
        for index in self.tiles {
            let tile = self.tiling.tile(index);
            for channel in (0..planes.channels()).step_by(LANES) {
                let mut products = [[simd.zero(); IN]; IN];
                for (row, values) in products.iter_mut().enumerate() {
                    for (column, value) in values.iter_mut().enumerate() {
                        // SAFETY: the tile is one of the planes'.
                        *value = unsafe {
                            simd.load(planes.at(row * IN + column, channel, index - self.first))
                        };
                    }
                }
                let results = nested::<S, A::Output, IN, OUT>(simd, products);
                let place = TilePlace {
                    image: tile.image,
                    y: tile.y,
                    x: tile.x,
                    channel,
                };
                // SAFETY: the tile is in the images, and only this call stores its results.
                unsafe { self.epilogue.store(simd, &results, place) };
            }
        }
    }
}
