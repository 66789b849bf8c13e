//! One block in training: its convolution, batch norm, and the raw output that its backward pass starts from.

use std::ops::Range;

use super::context::Context;
use super::partials::Partials;
use crate::batch_norm::{GradientForm, Normalization, activate, gradient, moments};
use crate::block_shape::BlockShape;
use crate::buffer::Buffer;
use crate::conv::Convolution;
use crate::cpu::Cpu;

/// Pieces of the batch whose weight gradients are summed apart. More would share better among many threads, but each needs room
/// for a gradient of the transformed weights.
const PIECES: usize = 8;

/// One block's state.
#[derive(Debug)]
pub(crate) struct TrainLayer {
    pub(crate) shape: BlockShape,
    pub(crate) normalization: Normalization,
    form: GradientForm,
    convolution: Convolution,
    /// Raw outputs, later gradients of the input, group by group: a group of images starts at its first image times
    /// [`image_stride`](Self::image_stride), and its images follow one another closely.
    maps: Buffer,
}

/// The source of a block's input.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    /// The images of the batch, `[N, H, W, C]`.
    Images(&'a [f32]),
    /// The block before.
    Block(&'a TrainLayer),
}

/// The source of the gradient of a block's output.
#[derive(Clone, Copy)]
pub(crate) enum OutputGradient<'a> {
    /// In the block after, as the gradient of its input.
    Block(&'a TrainLayer),
    /// Image by image, `[N, H, W, C]`.
    Images(&'a [f32]),
}

/// A block's parameters.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a> {
    /// `[3, 3, C_in, C_out]`
    pub(crate) weight: &'a [f32],
    /// `[C_out]`
    pub(crate) gamma: &'a [f32],
    /// `[C_out]`
    pub(crate) beta: &'a [f32],
}

/// The targets of the gradients of a block's parameters, and if wanted of its input.
pub(crate) struct Gradients<'a> {
    pub(crate) weight: &'a mut [f32],
    pub(crate) gamma: &'a mut [f32],
    pub(crate) beta: &'a mut [f32],
    /// `true` if the raw outputs shall make way for gradients of the input.
    pub(crate) input: bool,
}

/// Sums of parts of the batch, before they are combined.
pub(crate) struct Sums<'a> {
    /// Gradients of transformed weights: [`TrainLayer::accumulators_len`] values.
    pub(crate) accumulators: &'a mut [f32],
    /// Holds what [`TrainLayer::accumulate`] took over this block; receives that over the block before.
    pub(crate) partials: &'a mut Partials,
}

impl TrainLayer {
    /// A layer with room for `max_batch` images.
    pub(crate) fn new(shape: BlockShape, cpu: Cpu, max_batch: usize) -> Self {
        let convolution = Convolution::new(cpu, &shape);
        let images = max_batch.next_multiple_of(convolution.group());
        Self {
            shape,
            normalization: Normalization::new(shape.out_channels),
            form: GradientForm::new(shape.out_channels),
            convolution,
            maps: Buffer::new(images * shape.conv_len().max(shape.input_len())),
        }
    }

    /// Returns `true` if the layer can process so many images of a shape.
    #[cfg(feature = "candle")]
    pub(crate) fn fits(&self, shape: &BlockShape, images: usize) -> bool {
        let images = images.next_multiple_of(self.convolution.group());
        self.shape == *shape && self.maps.len() >= images * self.image_stride()
    }

    /// Values between the starts of images, for groups to start at.
    fn image_stride(&self) -> usize {
        self.shape.conv_len().max(self.shape.input_len())
    }

    /// Values of scratch memory for the weight gradients of all pieces.
    pub(crate) fn accumulators_len(&self) -> usize {
        PIECES * self.convolution.accumulator_len()
    }

    /// Images of each piece of a batch: whole groups.
    fn piece(&self, images: usize) -> usize {
        images
            .div_ceil(PIECES)
            .next_multiple_of(self.convolution.group())
    }

    /// Raw output of an image, until the backward pass of this block.
    pub(crate) fn raw(&self, image: usize) -> &[f32] {
        self.map(image, self.shape.conv_len())
    }

    /// Gradient of the input of an image, after the backward pass of this block.
    pub(crate) fn input_gradient(&self, image: usize) -> &[f32] {
        self.map(image, self.shape.input_len())
    }

    fn map(&self, image: usize, len: usize) -> &[f32] {
        let within = image % self.convolution.group();
        &self.maps[(image - within) * self.image_stride() + within * len..][..len]
    }

    /// Convolution and the statistics of its output.
    pub(crate) fn forward(
        &mut self,
        context: Context<'_>,
        parameters: Parameters<'_>,
        input: Input<'_>,
        partials: &mut Partials,
    ) {
        let Context {
            cpu,
            threads,
            scratch_pool,
            images,
            ..
        } = context;
        let (shape, convolution, stride) = (self.shape, &self.convolution, self.image_stride());
        let mut filters = scratch_pool.take(convolution.filters_len());
        convolution.prepare(parameters.weight, &mut filters, threads);

        let group = convolution.group();
        let ranges = || ranges(0..images, group);
        let maps = self.maps.chunks_mut(group * stride);
        let sums = partials.begin(images.div_ceil(group), shape.out_channels);
        context.run(ranges().zip(maps).zip(sums), |((range, maps), sums)| {
            let mut scratch = scratch_pool.take(range.len() * shape.input_len());
            let raw = &mut maps[..range.len() * shape.conv_len()];
            let input = input.read(cpu, &shape, range, &mut scratch);
            convolution.forward(input, &filters, raw, scratch_pool);
            moments::moments(cpu, raw, sums);
        });
        let counts: Vec<f64> = ranges()
            .map(|range| (range.len() * shape.height * shape.width) as f64)
            .collect();
        self.normalization.update(
            parameters.gamma,
            parameters.beta,
            partials.values(),
            &counts,
        );
    }

    /// Gradients of weight, gamma and beta, and of the input if it is wanted.
    pub(crate) fn backward(
        &mut self,
        context: Context<'_>,
        weight: &[f32],
        input: Input<'_>,
        d_output: OutputGradient<'_>,
        gradients: Gradients<'_>,
        sums: Sums<'_>,
    ) {
        let Context {
            threads,
            scratch_pool,
            images,
            ..
        } = context;
        let Sums {
            accumulators,
            partials,
        } = sums;
        self.form.update(
            &self.normalization,
            partials.values(),
            gradients.gamma,
            gradients.beta,
        );
        let convolution = &self.convolution;
        let mut filters = scratch_pool.take(convolution.filters_len());
        if gradients.input {
            convolution.prepare_transposed(weight, &mut filters, threads);
        }

        let (piece, stride) = (self.piece(images), self.image_stride());
        let accumulators =
            &mut accumulators[..images.div_ceil(piece) * convolution.accumulator_len()];
        let tasks = ranges(0..images, piece)
            .zip(self.maps.chunks_mut(piece * stride))
            .zip(accumulators.chunks_exact_mut(convolution.accumulator_len()))
            .zip(partials.begin(images.div_ceil(piece), self.shape.in_channels));
        let pass = BackwardPass {
            context,
            shape: self.shape,
            normalization: &self.normalization,
            form: &self.form,
            convolution,
            filters: gradients.input.then_some(&filters),
            input,
            d_output,
        };
        context.run(tasks, |(((piece, maps), accumulator), sums)| {
            accumulator.fill(0.0);
            let groups = ranges(piece, convolution.group());
            for (group, maps) in groups.zip(maps.chunks_mut(convolution.group() * stride)) {
                pass.run(group, maps, accumulator, sums);
            }
        });
        convolution.finish_weights(accumulators, gradients.weight, threads);
    }

    /// Adds an image's part of the sums that this block's backward pass begins with.
    pub(crate) fn accumulate(&self, cpu: Cpu, image: usize, d_output: &[f32], sums: &mut [f64]) {
        gradient::accumulate(
            cpu,
            &self.shape,
            &self.normalization,
            self.raw(image),
            d_output,
            sums,
        );
    }
}

/// The inputs of the backward pass of a group of images.
struct BackwardPass<'a> {
    context: Context<'a>,
    shape: BlockShape,
    normalization: &'a Normalization,
    form: &'a GradientForm,
    convolution: &'a Convolution,
    /// Transposed filters, if the gradient of the input is wanted.
    filters: Option<&'a [f32]>,
    input: Input<'a>,
    d_output: OutputGradient<'a>,
}

impl BackwardPass<'_> {
    /// Adds a group's part of the weight gradient to `accumulator`, turns its raw outputs in `maps` into gradients of its input, and
    /// adds its part of the sums over the block before to `sums`.
    fn run(
        &self,
        group: Range<usize>,
        maps: &mut [f32],
        accumulator: &mut [f32],
        sums: &mut [f64],
    ) {
        let Context {
            cpu, scratch_pool, ..
        } = self.context;
        let (shape, images) = (&self.shape, group.len());
        let mut d_raw = scratch_pool.take(images * shape.conv_len());
        let d_raw = &mut d_raw[..images * shape.conv_len()];
        let maps_of_images = maps
            .chunks_exact(shape.conv_len())
            .zip(d_raw.chunks_exact_mut(shape.conv_len()));
        for (image, (raw, d_raw)) in group.clone().zip(maps_of_images) {
            let d_output = self.d_output.read(image, shape);
            gradient::propagate(
                cpu,
                shape,
                self.normalization,
                self.form,
                raw,
                d_output,
                d_raw,
            );
        }

        let mut scratch = scratch_pool.take(images * shape.input_len());
        let input = self.input.read(cpu, shape, group.clone(), &mut scratch);
        self.convolution
            .backward_weights(input, d_raw, accumulator, scratch_pool);

        let Some(filters) = self.filters else { return };
        let d_input = &mut maps[..images * shape.input_len()];
        self.convolution
            .backward_data(d_raw, filters, d_input, scratch_pool);
        if let Input::Block(before) = self.input {
            for (image, d_input) in group.zip(d_input.chunks_exact(shape.input_len())) {
                before.accumulate(cpu, image, d_input, sums);
            }
        }
    }
}

impl Input<'_> {
    /// The input of some images of a block of the given shape, one after the other; in `scratch` if it has to be computed.
    fn read<'a>(
        &'a self,
        cpu: Cpu,
        shape: &BlockShape,
        images: Range<usize>,
        scratch: &'a mut [f32],
    ) -> &'a [f32] {
        let len = shape.input_len();
        match self {
            Self::Images(values) => &values[images.start * len..images.end * len],
            Self::Block(before) => {
                let scratch = &mut scratch[..images.len() * len];
                for (image, output) in images.zip(scratch.chunks_exact_mut(len)) {
                    activate::activate(
                        cpu,
                        &before.shape,
                        &before.normalization,
                        before.raw(image),
                        output,
                    );
                }
                scratch
            }
        }
    }
}

impl<'a> OutputGradient<'a> {
    /// The gradient of an image's output.
    fn read(self, image: usize, shape: &BlockShape) -> &'a [f32] {
        match self {
            Self::Block(after) => after.input_gradient(image),
            Self::Images(values) => &values[image * shape.output_len()..][..shape.output_len()],
        }
    }
}

/// Cuts a range of images into ranges of `len`, the last perhaps shorter.
fn ranges(images: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
    let end = images.end;
    images
        .step_by(len)
        .map(move |start| start..end.min(start + len))
}
