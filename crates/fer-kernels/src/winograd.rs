//! 3x3 convolution by Winograd's minimal filtering, for channels in multiples of [`LANES`].
//!
//! An image is cut into tiles of `m` by `m` results, `m` being 2 or 4. Each tile needs `m + 2` by `m + 2` inputs, which are transformed
//! (`input`) into as many *frequencies*; at each frequency, tiles times channels is a matrix to be multiplied by one of transformed
//! filters (`filter`, `gemm`); the products are transformed back (`output`). The gradient of the filters is the same path walked
//! backwards (`gradient`): transformed inputs times transformed output gradients, summed over all tiles, and transformed back.
//!
//! Tiles are processed in blocks whose transforms fit the cache. All passes over a block run on one thread unless the caller cuts
//! them; a tile's result does not depend on the block that it is in.

mod algorithm;
mod filter;
mod gradient;
mod input;
mod output;
mod planes;
mod product;
mod tiling;

use std::ops::Range;

use crate::Threads;
use crate::buffer::{ScratchPool, SharedMut};
use crate::cpu::Cpu;
use crate::epilogue::Epilogue;
pub(crate) use planes::Planes;
pub(crate) use tiling::Tiling;

/// Bytes of transforms in a block, so that they stay in a second-level cache.
const BLOCK_BYTES: usize = 1 << 20;

/// The fewest tiles in a full block: each block reads all transformed filters.
const MIN_BLOCK_TILES: usize = 96;

/// Tiles in a block are a multiple of this, so that register tiles are full: the least common multiple of their rows.
const TILE_MULTIPLE: usize = 12;

/// The convolution of maps of one size with given numbers of channels, each a multiple of [`LANES`](crate::simd::LANES).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Winograd {
    pub(crate) cpu: Cpu,
    pub(crate) tiling: Tiling,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
}

impl Winograd {
    /// The convolution that maps gradients of the output to gradients of the input.
    pub(crate) fn transposed(self) -> Self {
        Self {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            ..self
        }
    }

    /// Values of the transformed filters.
    pub(crate) fn filters_len(&self) -> usize {
        self.tiling.size.frequencies() * self.in_channels * self.out_channels
    }

    /// Transforms filters `[3, 3, C_in, C_out]`.
    pub(crate) fn transform_filters(&self, weight: &[f32], filters: &mut [f32], threads: &Threads) {
        filter::transform(self, weight, false, filters, threads);
    }

    /// Transforms the filters of the convolution that this one is the [`transposed`](Self::transposed) of.
    pub(crate) fn transform_transposed_filters(
        &self,
        weight: &[f32],
        filters: &mut [f32],
        threads: &Threads,
    ) {
        filter::transform(self, weight, true, filters, threads);
    }

    /// Convolves dense images with transformed filters, on the calling thread.
    pub(crate) fn forward<E: Epilogue>(
        &self,
        input: &[f32],
        filters: &[f32],
        epilogue: E,
        scratch_pool: &ScratchPool,
    ) {
        let Tiling { height, width, .. } = self.tiling;
        let images = self.images(input);
        assert!(epilogue.accepts(images, height, width, self.out_channels));
        let tiles = images * self.tiling.tiles();
        let block = self.block_tiles().min(tiles);
        let mut scratch = scratch_pool.take(self.planes_len(block));
        let scratch = SharedMut::new(&mut scratch);
        for tiles in blocks(tiles, block) {
            // SAFETY: the epilogue accepts all images, and this thread alone has the scratch memory and the target.
            unsafe { self.forward_tiles(input, filters, tiles, scratch, epilogue) };
        }
    }

    /// Adds the gradient of the transformed filters for some dense images, on the calling thread.
    ///
    /// `accumulator` is laid out as transformed filters; [`finish_gradient`](Self::finish_gradient) transforms it back.
    pub(crate) fn accumulate_gradient(
        &self,
        input: &[f32],
        d_output: &[f32],
        accumulator: &mut [f32],
        scratch_pool: &ScratchPool,
    ) {
        let images = self.images(input);
        assert_eq!(images, self.transposed().images(d_output));
        assert_eq!(accumulator.len(), self.filters_len());
        let tiles = images * self.tiling.tiles();
        let block = self.block_tiles().min(tiles);
        let mut scratch = scratch_pool.take(self.planes_len(block));
        let scratch = SharedMut::new(&mut scratch);
        for tiles in blocks(tiles, block) {
            let (inputs, gradients) = self.planes(tiles.len(), scratch);
            // SAFETY: this thread alone has the planes.
            unsafe { self.transform_input(input, tiles.clone(), tiles.start, inputs) };
            // SAFETY: `d_output` holds as many images as `input`, and this thread alone has the planes, which `planes` laid out for the tiles.
            let kernel = unsafe {
                gradient::TransformGradient::new(self.tiling, d_output, tiles, gradients)
            };
            self.cpu.run(kernel);
            // SAFETY: both planes are those of these tiles, and the length of the accumulator is checked above.
            let kernel = unsafe { product::AddProducts::new(inputs, gradients, &mut *accumulator) };
            self.cpu.run(kernel);
        }
    }

    /// Sums accumulators, one after the other, and transforms them back into the gradient of the filters `[3, 3, C_in, C_out]`.
    pub(crate) fn finish_gradient(
        &self,
        accumulators: &[f32],
        d_weight: &mut [f32],
        threads: &Threads,
    ) {
        filter::transform_back(self, accumulators, d_weight, threads);
    }
}

/// The passes of a convolution, for callers that cut them among threads.
impl Winograd {
    /// Values of the [`planes`](Self::planes) of a block.
    pub(crate) fn planes_len(&self, tiles: usize) -> usize {
        let len = |channels| Planes::len(self.tiling.size, tiles, channels);
        len(self.in_channels) + len(self.out_channels)
    }

    /// Lays out the transforms of a block: those of the input and those of the output.
    pub(crate) fn planes<'a>(
        &self,
        tiles: usize,
        scratch: SharedMut<'a>,
    ) -> (Planes<'a>, Planes<'a>) {
        let size = self.tiling.size;
        let (inputs, outputs) = scratch.split_at(Planes::len(size, tiles, self.in_channels));
        (
            Planes::new(inputs, size, tiles, self.in_channels),
            Planes::new(outputs, size, tiles, self.out_channels),
        )
    }

    /// Convolves some tiles, in scratch memory for their [`planes`](Self::planes).
    ///
    /// # Safety
    /// The tiles lie in images that the epilogue accepts. No other thread uses the scratch memory, nor computes the same tiles.
    pub(crate) unsafe fn forward_tiles<E: Epilogue>(
        &self,
        input: &[f32],
        filters: &[f32],
        tiles: Range<usize>,
        scratch: SharedMut<'_>,
        epilogue: E,
    ) {
        let (inputs, products) = self.planes(tiles.len(), scratch);
        let first = tiles.start;
        // SAFETY: the planes are in this thread's scratch memory; the caller guarantees the tiles.
        unsafe {
            self.transform_input(input, tiles.clone(), first, inputs);
            self.multiply(inputs, filters, products, 0..self.multiplications());
            self.transform_output(products, tiles, first, epilogue);
        }
    }

    /// Transforms the inputs of some tiles; `first` is the tile that `planes` begin with.
    ///
    /// # Safety
    /// The tiles lie in the planes, and no other thread uses them there meanwhile.
    pub(crate) unsafe fn transform_input(
        &self,
        input: &[f32],
        tiles: Range<usize>,
        first: usize,
        planes: Planes<'_>,
    ) {
        assert!(tiles.end <= self.images(input) * self.tiling.tiles());
        // SAFETY: the tiles are in the input, as checked above; the caller guarantees the planes.
        let kernel =
            unsafe { input::TransformInput::new(self.tiling, input, tiles, first, planes) };
        self.cpu.run(kernel);
    }

    /// Independent parts of the products of a block.
    pub(crate) fn multiplications(&self) -> usize {
        self.tiling.size.frequencies() * self.cpu.run(product::PanelCount(self.out_channels))
    }

    /// Computes some of the [`multiplications`](Self::multiplications) of a block.
    ///
    /// # Safety
    /// The planes are those of this convolution. Nothing writes to the inputs meanwhile, and no other thread computes the same parts.
    pub(crate) unsafe fn multiply(
        &self,
        inputs: Planes<'_>,
        filters: &[f32],
        products: Planes<'_>,
        parts: Range<usize>,
    ) {
        assert!(filters.len() >= self.filters_len() && parts.end <= self.multiplications());
        // SAFETY: filters and parts are checked above; the caller guarantees the planes.
        let kernel = unsafe { product::Multiply::new(inputs, filters, products, parts) };
        self.cpu.run(kernel);
    }

    /// Transforms products back and hands the results of some tiles to the epilogue; `first` is the tile that `planes` begin with.
    ///
    /// # Safety
    /// The tiles lie in the planes and in images that the epilogue accepts. Nothing writes to the planes meanwhile, and no other thread
    /// transforms the same tiles.
    pub(crate) unsafe fn transform_output<E: Epilogue>(
        &self,
        planes: Planes<'_>,
        tiles: Range<usize>,
        first: usize,
        epilogue: E,
    ) {
        // SAFETY: the caller guarantees the planes, the tiles and the epilogue.
        let kernel =
            unsafe { output::TransformOutput::new(self.tiling, planes, tiles, first, epilogue) };
        self.cpu.run(kernel);
    }

    /// Whole images in an input.
    fn images(&self, input: &[f32]) -> usize {
        let len = self.tiling.height * self.tiling.width * self.in_channels;
        assert!(input.len().is_multiple_of(len));
        input.len() / len
    }

    /// Tiles in a full block.
    fn block_tiles(&self) -> usize {
        let channels = self.in_channels + self.out_channels;
        let tile_bytes = self.tiling.size.frequencies() * channels * size_of::<f32>();
        let tiles = (BLOCK_BYTES / tile_bytes).max(MIN_BLOCK_TILES);
        tiles.next_multiple_of(TILE_MULTIPLE)
    }
}

/// Cuts `tiles` into blocks.
fn blocks(tiles: usize, block: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..tiles).step_by(block.max(1));
    starts.map(move |start| start..tiles.min(start + block))
}
