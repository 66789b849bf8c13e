//! One image on all threads.

use super::{InferenceLayer, InferencePlan};
use crate::Threads;
use crate::block_shape::BlockShape;
use crate::buffer::SharedMut;
use crate::conv::Path;
use crate::direct::Direct;
use crate::epilogue::{BiasRelu, Epilogue};
use crate::threads::Phases;
use crate::winograd::{Planes, Winograd};

/// Pieces of a step for each thread, so that one that is late holds the others up little.
const PIECES_PER_THREAD: usize = 4;

/// The fewest tiles in a piece, unless threads would go without.
const MIN_TILES: usize = 12;

/// A part of a layer, which needs the step before to be complete. It is cut into pieces that may be computed in any order.
///
/// Values that one thread writes and another one reads have to move from one core's cache to the other's. A Winograd convolution is cut by
/// tiles from beginning to end where its transforms are larger than its filters, so that transforms stay put and every core reads
/// all filters; otherwise its passes are cut one by one, the multiplications by filters, so that these stay put.
enum Step<'a> {
    /// Copies a layer's input into zero padding, as one unit.
    Pad {
        path: &'a Direct,
        input: SharedMut<'a>,
        padded: SharedMut<'a>,
    },
    /// Convolves directly, by rows of squares.
    Convolve {
        path: &'a Direct,
        padded: SharedMut<'a>,
        filters: &'a [f32],
        epilogue: BiasRelu<'a>,
    },
    /// Convolves by Winograd's method, by tiles.
    ConvolveTiles {
        path: &'a Winograd,
        input: SharedMut<'a>,
        filters: &'a [f32],
        /// Planes for each piece.
        scratch: SharedMut<'a>,
        epilogue: BiasRelu<'a>,
    },
    /// Transforms a layer's input, by tiles.
    TransformInput {
        path: &'a Winograd,
        input: SharedMut<'a>,
        inputs: Planes<'a>,
    },
    /// Multiplies transforms, by frequencies and panels.
    Multiply {
        path: &'a Winograd,
        inputs: Planes<'a>,
        filters: &'a [f32],
        products: Planes<'a>,
    },
    /// Transforms products back, by tiles.
    TransformOutput {
        path: &'a Winograd,
        products: Planes<'a>,
        epilogue: BiasRelu<'a>,
    },
}

impl<'a> Step<'a> {
    /// The steps of a layer, which reads `input`, writes `output` and has [`scratch_len`] values for what comes between.
    fn of(
        layer: &'a InferenceLayer,
        input: SharedMut<'a>,
        output: SharedMut<'a>,
        scratch: SharedMut<'a>,
    ) -> Vec<Self> {
        let (filters, epilogue) = (&layer.filters[..], layer.epilogue(output));
        let BlockShape {
            height,
            width,
            out_channels,
            ..
        } = layer.shape;
        assert!(epilogue.accepts(1, height, width, out_channels));
        match layer.convolution.path() {
            Path::Direct(path) => {
                let (padded, _) = scratch.split_at(path.padded_len());
                vec![
                    Self::Pad {
                        path,
                        input,
                        padded,
                    },
                    Self::Convolve {
                        path,
                        padded,
                        filters,
                        epilogue,
                    },
                ]
            }
            Path::Winograd(path) if by_tiles(path) => vec![Self::ConvolveTiles {
                path,
                input,
                filters,
                scratch,
                epilogue,
            }],
            Path::Winograd(path) => {
                let (inputs, products) = path.planes(path.tiling.tiles(), scratch);
                vec![
                    Self::TransformInput {
                        path,
                        input,
                        inputs,
                    },
                    Self::Multiply {
                        path,
                        inputs,
                        filters,
                        products,
                    },
                    Self::TransformOutput {
                        path,
                        products,
                        epilogue,
                    },
                ]
            }
        }
    }

    /// Counts the smallest parts of the step: rows, tiles, or parts of products.
    fn units(&self) -> usize {
        match self {
            Self::Pad { .. } => 1,
            Self::Convolve { path, .. } => path.square_rows(),
            Self::Multiply { path, .. } => path.multiplications(),
            Self::ConvolveTiles { path, .. }
            | Self::TransformInput { path, .. }
            | Self::TransformOutput { path, .. } => path.tiling.tiles(),
        }
    }

    /// Returns the number of pieces that the step is cut into.
    fn pieces(&self, threads: usize) -> usize {
        match self {
            Self::ConvolveTiles { path, .. } => tile_pieces(path, threads),
            _ => self.units().min(PIECES_PER_THREAD * threads),
        }
    }

    /// Computes one of so many pieces.
    ///
    /// # Safety
    /// The step before is complete, the next one has not begun, and no other thread computes the same piece.
    unsafe fn run(&self, piece: usize, pieces: usize) {
        let units = self.units() * piece / pieces..self.units() * (piece + 1) / pieces;
        // SAFETY: what a step reads, steps before it have written; what it writes, other steps do not use until it is complete, and
        // each piece writes to places of its own. Tiles and rows are those of one image, which `of` checked the epilogue for.
        unsafe {
            match *self {
                Self::Pad {
                    path,
                    input,
                    padded,
                } => path.pad(input.read(), padded.write()),
                Self::Convolve {
                    path,
                    padded,
                    filters,
                    epilogue,
                } => path.forward_rows(padded.read(), filters, 0, units, epilogue),
                Self::ConvolveTiles {
                    path,
                    input,
                    filters,
                    scratch,
                    epilogue,
                } => {
                    let (_, scratch) = scratch.split_at(piece * piece_scratch_len(path, pieces));
                    path.forward_tiles(input.read(), filters, units, scratch, epilogue);
                }
                Self::TransformInput {
                    path,
                    input,
                    inputs,
                } => path.transform_input(input.read(), units, 0, inputs),
                Self::Multiply {
                    path,
                    inputs,
                    filters,
                    products,
                } => path.multiply(inputs, filters, products, units),
                Self::TransformOutput {
                    path,
                    products,
                    epilogue,
                } => path.transform_output(products, units, 0, epilogue),
            }
        }
    }
}

/// Returns `true` if a convolution is cut by tiles.
fn by_tiles(path: &Winograd) -> bool {
    path.planes_len(path.tiling.tiles()) >= path.filters_len()
}

/// Pieces of a convolution that is cut by tiles: as many for each thread.
fn tile_pieces(path: &Winograd, threads: usize) -> usize {
    let tiles = path.tiling.tiles();
    let pieces = (tiles / MIN_TILES).min(PIECES_PER_THREAD * threads);
    pieces.next_multiple_of(threads).clamp(1, tiles)
}

/// Values for the planes of one of so many pieces.
fn piece_scratch_len(path: &Winograd, pieces: usize) -> usize {
    path.planes_len(path.tiling.tiles().div_ceil(pieces))
}

/// Values that a layer needs between its input and its output.
fn scratch_len(layer: &InferenceLayer, threads: usize) -> usize {
    match layer.convolution.path() {
        Path::Direct(path) => path.padded_len(),
        Path::Winograd(path) if by_tiles(path) => {
            let pieces = tile_pieces(path, threads);
            pieces * piece_scratch_len(path, pieces)
        }
        Path::Winograd(path) => path.planes_len(path.tiling.tiles()),
    }
}

impl InferencePlan {
    /// Logits of one image.
    pub(super) fn single(&self, input: &[f32], logits: &mut [f32], threads: &Threads) {
        let count = threads.count();
        let output_lens = self.layers.iter().map(|layer| layer.shape.output_len());
        let output_len = output_lens.max().unwrap_or(0);
        let scratch_lens = self.layers.iter().map(|layer| scratch_len(layer, count));
        let scratch_len = scratch_lens.max().unwrap_or(0);

        // The image is copied so that every step reads from a buffer that is the plan's own.
        let mut image = self.scratch_pool.take(input.len());
        image[..input.len()].copy_from_slice(input);
        let mut outputs = [(); 2].map(|()| self.scratch_pool.take(output_len));
        let mut scratch = self.scratch_pool.take(scratch_len);

        let (mut values, _) = SharedMut::new(&mut image).split_at(input.len());
        let outputs = outputs.each_mut().map(|output| SharedMut::new(output));
        let scratch = SharedMut::new(&mut scratch);
        let mut steps = Vec::new();
        for (layer, output) in self.layers.iter().zip(outputs.into_iter().cycle()) {
            let (output, _) = output.split_at(layer.shape.output_len());
            steps.extend(Step::of(layer, values, output, scratch));
            values = output;
        }

        let phases = Phases::new(steps.iter().map(|step| step.pieces(count)).collect());
        threads.on_each(|| {
            phases.work(|index, piece| {
                let step = &steps[index];
                // SAFETY: a phase is complete before the next one begins, and each piece is claimed once.
                unsafe { step.run(piece, step.pieces(count)) };
            });
        });
        // SAFETY: all steps are complete.
        let activation = unsafe { values.read() };
        self.head.logits(activation, logits, &self.scratch_pool);
    }
}
