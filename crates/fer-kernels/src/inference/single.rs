//! One image on all threads.

use std::ops::Range;
use std::slice;

use super::{InferencePlan, Layer};
use crate::Threads;
use crate::buffer::SharedMut;
use crate::conv::Path;
use crate::direct::Direct;
use crate::epilogue::BiasRelu;
use crate::threads::Phases;
use crate::winograd::{Planes, Winograd};

/// Pieces of a step for each thread, so that one that is late holds the others up little.
const PIECES_PER_THREAD: usize = 4;

/// A part of a layer, which needs the step before to be complete. Its units may be computed in any order.
enum Step<'a> {
    /// Copies a layer's input into zero padding, as one unit.
    Pad {
        path: &'a Direct,
        input: Shared,
        padded: Shared,
    },
    /// Convolves directly, by rows of squares.
    Convolve {
        path: &'a Direct,
        padded: Shared,
        filters: &'a [f32],
        epilogue: BiasRelu<'a>,
    },
    /// Transforms a layer's input, by tiles.
    TransformInput {
        path: &'a Winograd,
        input: Shared,
        inputs: Planes,
    },
    /// Multiplies transforms, by frequencies and panels.
    Multiply {
        path: &'a Winograd,
        inputs: Planes,
        filters: &'a [f32],
        products: Planes,
    },
    /// Transforms products back, by tiles.
    TransformOutput {
        path: &'a Winograd,
        products: Planes,
        epilogue: BiasRelu<'a>,
    },
}

impl<'a> Step<'a> {
    /// The steps of a layer, which reads `input`, writes `output` and has [`room_len`] values for what comes between.
    fn of(layer: &'a Layer, input: Shared, output: &mut [f32], room: &mut [f32]) -> Vec<Self> {
        let (filters, epilogue) = (&layer.filters[..], layer.epilogue(output));
        match layer.convolution.path() {
            Path::Direct(path) => {
                let padded = Shared::new(&mut room[..path.padded_len()]);
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
            Path::Winograd(path) => {
                let (inputs, products) = path.planes(path.tiling.tiles(), room);
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

    fn units(&self) -> usize {
        match self {
            Self::Pad { .. } => 1,
            Self::Convolve { path, .. } => path.square_rows(),
            Self::Multiply { path, .. } => path.multiplications(),
            Self::TransformInput { path, .. } | Self::TransformOutput { path, .. } => {
                path.tiling.tiles()
            }
        }
    }

    /// Computes some units.
    ///
    /// # Safety
    /// The buffers that the step was made with are still borrowed, the step before is complete, and no other thread computes the same
    /// units.
    unsafe fn run(&self, units: Range<usize>) {
        match *self {
            Self::Pad {
                path,
                input,
                padded,
            } => {
                // SAFETY: the step before has written the input; the only unit of this one is the caller's.
                let (input, padded) = unsafe { (input.read(), padded.write()) };
                path.pad(input, padded);
            }
            Self::Convolve {
                path,
                padded,
                filters,
                epilogue,
            } => {
                // SAFETY: the step before has written the values, and none writes to them until this one is complete.
                let padded = unsafe { padded.read() };
                path.forward_rows(padded, filters, 0, units, epilogue);
            }
            Self::TransformInput {
                path,
                input,
                inputs,
            } => {
                // SAFETY: as for the direct convolution.
                let input = unsafe { input.read() };
                path.transform_input(input, units, 0, inputs);
            }
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

/// Values that one step writes and later ones read.
#[derive(Clone, Copy)]
struct Shared {
    values: SharedMut,
    len: usize,
}

impl Shared {
    fn new(values: &mut [f32]) -> Self {
        let len = values.len();
        let values = SharedMut::new(values);
        Self { values, len }
    }

    /// # Safety
    /// The values are still borrowed, and no thread writes to them meanwhile.
    unsafe fn read<'a>(self) -> &'a [f32] {
        // SAFETY: the caller vouches for the values.
        unsafe { slice::from_raw_parts(self.values.at(0), self.len) }
    }

    /// # Safety
    /// The values are still borrowed, and no other thread uses them meanwhile.
    unsafe fn write<'a>(self) -> &'a mut [f32] {
        // SAFETY: the caller vouches for the values.
        unsafe { slice::from_raw_parts_mut(self.values.at(0), self.len) }
    }
}

/// Values that a layer needs between its input and its output.
fn room_len(layer: &Layer) -> usize {
    match layer.convolution.path() {
        Path::Direct(path) => path.padded_len(),
        Path::Winograd(path) => path.planes_len(path.tiling.tiles()),
    }
}

impl InferencePlan {
    /// Logits of one image.
    pub(super) fn single(&self, input: &[f32], logits: &mut [f32], threads: &Threads) {
        let layers = &self.layers;
        let lens = layers.iter().map(|layer| layer.shape.output_len());
        let largest = lens.max().unwrap_or(0);
        let room = layers.iter().map(room_len).max().unwrap_or(0);
        // The image is copied so that every step reads from a buffer of this plan's.
        let mut image = self.scratch.take(input.len());
        image[..input.len()].copy_from_slice(input);
        let mut outputs = [(); 2].map(|()| self.scratch.take(largest));
        let mut room = self.scratch.take(room);

        let mut steps = Vec::new();
        let mut values = Shared::new(&mut image[..input.len()]);
        for (layer, parity) in layers.iter().zip([0, 1].into_iter().cycle()) {
            let output = &mut outputs[parity][..layer.shape.output_len()];
            steps.extend(Step::of(layer, values, output, &mut room));
            values = Shared::new(output);
        }

        let pieces = |step: &Step<'_>| step.units().min(PIECES_PER_THREAD * threads.count());
        let phases = Phases::new(steps.iter().map(pieces).collect());
        threads.on_each(|| {
            phases.work(|index, piece| {
                let step = &steps[index];
                let (units, pieces) = (step.units(), pieces(step));
                let units = units * piece / pieces..units * (piece + 1) / pieces;
                // SAFETY: the buffers live until this function returns, phases are complete before the next one begins, and pieces
                // cover different units.
                unsafe { step.run(units) };
            });
        });
        // SAFETY: all steps are complete.
        let activation = unsafe { values.read() };
        self.head.logits(activation, logits, &self.scratch);
    }
}
