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

use std::ops::Range;

use crate::Threads;
use crate::buffer::Recycler;
use crate::epilogue::Epilogue;
use crate::gemm::{MicroKernel, PanelAccumulation, PanelProduct};
use crate::simd::{Cpu, Kernel, LANES};

/// Bytes of transforms in a block, so that they stay in a second-level cache.
const BLOCK_BYTES: usize = 1 << 20;

/// The fewest tiles in a full block: each reads all transformed filters.
const MIN_BLOCK_TILES: usize = 96;

/// Tiles in a block are a multiple of this, so that register tiles are full: the least common multiple of their rows.
const TILE_MULTIPLE: usize = 12;

/// Results of a tile in each dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TileSize {
    /// F(2x2, 3x3)
    Two,
    /// F(4x4, 3x3)
    Four,
}

impl TileSize {
    /// The size that takes fewer multiplications for a map of the given size; the smaller and more exact one when equal.
    fn cheapest(height: usize, width: usize) -> Self {
        let products = |size: Self| {
            height.div_ceil(size.outputs()) * width.div_ceil(size.outputs()) * size.frequencies()
        };
        if products(Self::Two) <= products(Self::Four) {
            Self::Two
        } else {
            Self::Four
        }
    }

    /// Results in each dimension.
    const fn outputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Products of a tile.
    const fn frequencies(self) -> usize {
        let inputs = self.outputs() + 2;
        inputs * inputs
    }
}

/// How images are cut into tiles, row by row and image by image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiling {
    height: usize,
    width: usize,
    size: TileSize,
}

/// A tile: its image and the first row and column of its results.
#[derive(Clone, Copy, Debug)]
struct Tile {
    image: usize,
    y: usize,
    x: usize,
}

impl Tiling {
    pub(crate) fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            size: TileSize::cheapest(height, width),
        }
    }

    /// Tiles of an image.
    pub(crate) fn tiles(&self) -> usize {
        self.rows() * self.columns()
    }

    fn rows(&self) -> usize {
        self.height.div_ceil(self.size.outputs())
    }

    fn columns(&self) -> usize {
        self.width.div_ceil(self.size.outputs())
    }

    fn tile(&self, index: usize) -> Tile {
        let (row, column) = (index / self.columns(), index % self.columns());
        Tile {
            image: row / self.rows(),
            y: row % self.rows() * self.size.outputs(),
            x: column * self.size.outputs(),
        }
    }
}

/// The transforms of a block of tiles: `[frequency][channels / 16][tiles][16]`.
///
/// Frequencies are a cache line further apart than they have to be: at a multiple of 4 KiB they would compete for the same few lines
/// of the first-level cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes {
    start: *mut f32,
    tiles: usize,
    channels: usize,
}

// SAFETY: planes point into a buffer that outlives them; their users write to places of their own.
unsafe impl Send for Planes {}
// SAFETY: as above.
unsafe impl Sync for Planes {}

impl Planes {
    /// Lays planes out in `room`.
    fn new(room: &mut [f32], size: TileSize, tiles: usize, channels: usize) -> Self {
        assert!(room.len() >= Self::len(size, tiles, channels));
        let start = room.as_mut_ptr();
        Self {
            start,
            tiles,
            channels,
        }
    }

    /// Values that planes take.
    fn len(size: TileSize, tiles: usize, channels: usize) -> usize {
        size.frequencies() * (tiles * channels + LANES)
    }

    /// Values from one frequency to the next.
    #[inline(always)]
    fn frequency_stride(self) -> usize {
        self.tiles * self.channels + LANES
    }

    /// Values from one block of channels to the next.
    #[inline(always)]
    fn block_stride(self) -> usize {
        self.tiles * LANES
    }

    /// The 16 values of a tile.
    ///
    /// # Safety
    /// The indices lie in the planes; `channel` is a multiple of [`LANES`].
    #[inline(always)]
    unsafe fn at(self, frequency: usize, channel: usize, tile: usize) -> *mut f32 {
        debug_assert!(channel < self.channels && tile < self.tiles);
        let offset = frequency * self.frequency_stride() + channel * self.tiles + tile * LANES;
        // SAFETY: the caller vouches for the indices.
        unsafe { self.start.add(offset) }
    }
}

/// The convolution of maps of one size with given numbers of channels, each a multiple of [`LANES`].
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
        scratch: &Recycler,
    ) {
        let tiles = self.tiles(input);
        let block = self.block_tiles().min(tiles);
        let mut room = scratch.take(self.planes_len(block));
        for tiles in blocks(tiles, block) {
            let (inputs, products) = self.planes(tiles.len(), &mut room);
            self.transform_input(input, tiles.clone(), tiles.start, inputs);
            self.multiply(inputs, filters, products, 0..self.multiplications());
            self.transform_output(products, tiles.clone(), tiles.start, epilogue);
        }
    }

    /// Tiles of dense images.
    fn tiles(&self, input: &[f32]) -> usize {
        let image_len = self.tiling.height * self.tiling.width * self.in_channels;
        input.len() / image_len * self.tiling.tiles()
    }

    /// Tiles in a full block.
    fn block_tiles(&self) -> usize {
        let channels = self.in_channels + self.out_channels;
        let tile_bytes = self.tiling.size.frequencies() * channels * size_of::<f32>();
        let tiles = (BLOCK_BYTES / tile_bytes).max(MIN_BLOCK_TILES);
        tiles.next_multiple_of(TILE_MULTIPLE)
    }

    /// Values of the [`planes`](Self::planes) of a block.
    pub(crate) fn planes_len(&self, tiles: usize) -> usize {
        let len = |channels| Planes::len(self.tiling.size, tiles, channels);
        len(self.in_channels) + len(self.out_channels)
    }

    /// Lays out the transforms of a block: those of the input and those of the output.
    pub(crate) fn planes(&self, tiles: usize, room: &mut [f32]) -> (Planes, Planes) {
        let size = self.tiling.size;
        let (inputs, outputs) = room.split_at_mut(Planes::len(size, tiles, self.in_channels));
        (
            Planes::new(inputs, size, tiles, self.in_channels),
            Planes::new(outputs, size, tiles, self.out_channels),
        )
    }

    /// Transforms the inputs of some tiles; `first` is the tile that `planes` begin with.
    pub(crate) fn transform_input(
        &self,
        input: &[f32],
        tiles: Range<usize>,
        first: usize,
        planes: Planes,
    ) {
        self.cpu.run(input::TransformInput {
            tiling: self.tiling,
            input,
            tiles,
            first,
            planes,
        });
    }

    /// Independent parts of the products of a block.
    pub(crate) fn multiplications(&self) -> usize {
        self.tiling.size.frequencies() * self.cpu.run(Panels(self.out_channels))
    }

    /// Computes some of the [`multiplications`](Self::multiplications) of a block.
    pub(crate) fn multiply(
        &self,
        inputs: Planes,
        filters: &[f32],
        products: Planes,
        parts: Range<usize>,
    ) {
        assert!(filters.len() >= self.filters_len());
        self.cpu.run(Multiply {
            inputs,
            filters,
            products,
            parts,
        });
    }

    /// Transforms products back and hands the results of some tiles to the epilogue.
    pub(crate) fn transform_output<E: Epilogue>(
        &self,
        planes: Planes,
        tiles: Range<usize>,
        first: usize,
        epilogue: E,
    ) {
        self.cpu.run(output::TransformOutput {
            tiling: self.tiling,
            planes,
            tiles,
            first,
            epilogue,
        });
    }

    /// Adds the gradient of the transformed filters for some dense images, on the calling thread.
    ///
    /// `accumulator` has as many values as the transformed filters; it is transformed back by
    /// [`finish_gradient`](Self::finish_gradient).
    pub(crate) fn accumulate_gradient(
        &self,
        input: &[f32],
        d_output: &[f32],
        accumulator: &mut [f32],
        scratch: &Recycler,
    ) {
        assert!(accumulator.len() >= self.filters_len());
        assert_eq!(
            input.len() / self.in_channels,
            d_output.len() / self.out_channels
        );
        let tiles = self.tiles(input);
        let block = self.block_tiles().min(tiles);
        let mut room = scratch.take(self.planes_len(block));
        for tiles in blocks(tiles, block) {
            let (inputs, gradients) = self.planes(tiles.len(), &mut room);
            self.transform_input(input, tiles.clone(), tiles.start, inputs);
            self.cpu.run(gradient::TransformGradient {
                tiling: self.tiling,
                d_output,
                tiles,
                planes: gradients,
            });
            self.cpu.run(Accumulate {
                inputs,
                gradients,
                accumulator: &mut *accumulator,
                frequencies: self.tiling.size.frequencies(),
            });
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

/// Cuts `tiles` into blocks.
fn blocks(tiles: usize, block: usize) -> impl Iterator<Item = Range<usize>> {
    let starts = (0..tiles).step_by(block.max(1));
    starts.map(move |start| start..tiles.min(start + block))
}

/// How many panels a number of columns makes.
struct Panels(usize);

impl Kernel for Panels {
    type Output = usize;

    #[inline(always)]
    fn run<S: MicroKernel>(self, _: S) -> usize {
        self.0.div_ceil(S::PANEL)
    }
}

/// Products of transformed inputs and filters; part `i` is panel `i % panels` of frequency `i / panels`.
struct Multiply<'a> {
    inputs: Planes,
    filters: &'a [f32],
    products: Planes,
    parts: Range<usize>,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let (rows, depth, columns) = (
            self.inputs.tiles,
            self.inputs.channels,
            self.products.channels,
        );
        let panels = columns.div_ceil(S::PANEL);
        for part in self.parts {
            let (frequency, column) = (part / panels, part % panels * S::PANEL);
            let filters = (frequency * columns + column) * depth;
            // SAFETY: `multiply` checked that the filters are there for every frequency; the planes hold `rows` tiles with `depth` and
            // `columns` channels, and a part is computed by one thread only.
            unsafe {
                let product = PanelProduct {
                    rows,
                    depth,
                    block_stride: self.inputs.block_stride(),
                    a: self.inputs.at(frequency, 0, 0),
                    b: self.filters.as_ptr().add(filters),
                    c: self.products.at(frequency, column, 0),
                };
                simd.multiply((columns - column).min(S::PANEL) / LANES, product);
            }
        }
    }
}

/// Adds products of transformed inputs and output gradients to an accumulator, laid out as transformed filters.
struct Accumulate<'a> {
    inputs: Planes,
    gradients: Planes,
    accumulator: &'a mut [f32],
    frequencies: usize,
}

impl Kernel for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let (rows, depth, columns) = (
            self.inputs.tiles,
            self.inputs.channels,
            self.gradients.channels,
        );
        for frequency in 0..self.frequencies {
            for column in (0..columns).step_by(S::PANEL) {
                let accumulator = (frequency * columns + column) * depth;
                // SAFETY: `accumulate_gradient` checked the accumulator's length; the planes hold `rows` tiles with `depth` and
                // `columns` channels.
                unsafe {
                    let product = PanelAccumulation {
                        rows,
                        depth,
                        block_stride: self.inputs.block_stride(),
                        a: self.inputs.at(frequency, 0, 0),
                        b: self.gradients.at(frequency, column, 0),
                        c: self.accumulator.as_mut_ptr().add(accumulator),
                    };
                    simd.accumulate((columns - column).min(S::PANEL) / LANES, product);
                }
            }
        }
    }
}
