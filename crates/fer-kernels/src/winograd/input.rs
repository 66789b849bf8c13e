//! Transforms of the inputs of tiles: `B^T d B`.

use std::ops::Range;

use super::Planes;
use super::algorithm::{Algorithm, Four, Two, nested};
use super::tiling::{Tile, TileSize, Tiling};
use crate::cpu::Kernel;
use crate::gemm::MicroKernel;
use crate::simd::{LANES, Simd};

/// Transforms the inputs of `tiles` into `planes`, which begin with tile `first`.
pub(super) struct TransformInput<'a> {
    tiling: Tiling,
    /// Dense images.
    input: &'a [f32],
    tiles: Range<usize>,
    first: usize,
    planes: Planes<'a>,
}

impl<'a> TransformInput<'a> {
    /// # Safety
    /// - `tiles` are tiles of whole images in `input`, which have the size of `tiling` and the channels of `planes`.
    /// - `planes` have the frequencies of `tiling` and hold the tiles from `first` to the last of `tiles`, `first` being none after them.
    /// - No other thread uses these tiles of `planes` meanwhile.
    pub(super) unsafe fn new(
        tiling: Tiling,
        input: &'a [f32],
        tiles: Range<usize>,
        first: usize,
        planes: Planes<'a>,
    ) -> Self {
        Self {
            tiling,
            input,
            tiles,
            first,
            planes,
        }
    }
}

impl Kernel for TransformInput<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        match self.tiling.size {
            TileSize::Two => self.transform::<S, Two, 2, 4>(simd),
            TileSize::Four => self.transform::<S, Four, 4, 6>(simd),
        }
    }
}

impl TransformInput<'_> {
    #[inline(always)]
    fn transform<S: Simd, A: Algorithm<OUT, IN>, const OUT: usize, const IN: usize>(self, simd: S) {
        let planes = self.planes;
        for index in self.tiles {
            let patch = Patch::<IN>::new(&self.tiling, planes.channels(), self.tiling.tile(index));
            for channel in (0..planes.channels()).step_by(LANES) {
                // SAFETY: the tile is in the images.
                let square = unsafe { patch.load(simd, self.input, channel) };
                let transformed = nested::<S, A::Input, IN, IN>(simd, square);
                for (row, values) in transformed.into_iter().enumerate() {
                    for (column, value) in values.into_iter().enumerate() {
                        // SAFETY: the tile is one of the planes', and only this call writes to it.
                        unsafe {
                            let target = planes.at(row * IN + column, channel, index - self.first);
                            simd.store(target, value);
                        }
                    }
                }
            }
        }
    }
}

/// The inputs of a tile: `IN` by `IN` pixels, of which some may lie in the padding around the image.
struct Patch<const IN: usize> {
    /// Position of the first pixel in the images; outside them where it lies in the padding.
    start: isize,
    /// Values from one row to the next, and from one pixel to the next.
    strides: [isize; 2],
    /// The rows and columns of the patch that lie in the image.
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<const IN: usize> Patch<IN> {
    #[inline(always)]
    fn new(tiling: &Tiling, channels: usize, tile: Tile) -> Self {
        let inside = |first: usize, len: usize| usize::from(first == 0)..IN.min(len + 1 - first);
        let row = (tile.image * tiling.height + tile.y) as isize - 1;
        let strides = [tiling.width * channels, channels].map(|stride| stride as isize);
        Self {
            start: row * strides[0] + (tile.x as isize - 1) * strides[1],
            strides,
            rows: inside(tile.y, tiling.height),
            columns: inside(tile.x, tiling.width),
        }
    }

    /// The values of 16 channels, 0 in the padding.
    ///
    /// # Safety
    /// `images` holds the tile's image, and 16 values from `channel` on at every pixel.
    #[inline(always)]
    unsafe fn load<S: Simd>(
        &self,
        simd: S,
        images: &[f32],
        channel: usize,
    ) -> [[S::Vector; IN]; IN] {
        let mut square = [[simd.zero(); IN]; IN];
        let interior = self.rows == (0..IN) && self.columns == (0..IN);
        let first = images
            .as_ptr()
            .wrapping_offset(self.start)
            .wrapping_add(channel);
        for (i, row) in square.iter_mut().enumerate() {
            for (j, value) in row.iter_mut().enumerate() {
                if interior || self.rows.contains(&i) && self.columns.contains(&j) {
                    let offset = i as isize * self.strides[0] + j as isize * self.strides[1];
                    // SAFETY: the pixel is inside the image, which the caller guarantees.
                    *value = unsafe { simd.load(first.wrapping_offset(offset)) };
                }
            }
        }
        square
    }
}
