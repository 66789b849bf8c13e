//! One block in training: its convolution, batch norm, and the raw output that its backward pass starts from.

use std::ops::Range;

use super::partials::Partials;
use crate::batch_norm::{GradientForm, Normalization, activate, gradient, moments};
use crate::buffer::{Buffer, Recycler};
use crate::conv::Convolution;
use crate::simd::Cpu;
use crate::spec::BlockShape;
use crate::{NetworkSpec, Threads};

/// Pieces of the batch whose weight gradients are summed apart. More would share better among many threads, but each needs room
/// for a gradient of the transformed weights.
const PIECES: usize = 8;

/// What every pass runs on.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) cpu: Cpu,
    pub(super) threads: &'a Threads,
    pub(super) scratch: &'a Recycler,
    /// Images in the batch.
    pub(super) images: usize,
}

/// One block's state.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) shape: BlockShape,
    /// Weight, gamma and beta in the parameter buffer.
    pub(super) parameters: Range<usize>,
    /// Running mean and variance in the statistics buffer.
    pub(super) statistics: Range<usize>,
    pub(super) normalization: Normalization,
    form: GradientForm,
    convolution: Convolution,
    /// Raw outputs, later gradients of the input, group by group: a group of images starts at its first image times
    /// [`image_stride`](Self::image_stride), and its images follow one another closely.
    maps: Buffer,
}

/// Where a block's input comes from.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// The images of the batch, `[N, H, W, C]`.
    Images(&'a [f32]),
    /// The block before.
    Block(&'a Layer),
}

/// Where the gradient of a block's output lies.
#[derive(Clone, Copy)]
pub(super) enum OutputGradient<'a> {
    /// In the block after, as the gradient of its input.
    Block(&'a Layer),
    /// In the head, image by image.
    Head(&'a [f32]),
}

/// What a backward pass writes.
pub(super) struct Gradients<'a> {
    /// Gradients of the block's weight, gamma and beta.
    pub(super) parameters: &'a mut [f32],
    /// Room for [`Layer::accumulators_len`] values.
    pub(super) accumulators: &'a mut [f32],
    /// Holds the sums over this block that [`Layer::accumulate`] takes; receives those over the block before.
    pub(super) partials: &'a mut Partials,
}

/// The layers of a network, with room for `max_batch` images.
pub(super) fn layers(spec: &NetworkSpec, cpu: Cpu, max_batch: usize) -> Vec<Layer> {
    let (parameters, statistics) = (spec.parameters(), spec.statistics());
    let slots = parameters.chunks_exact(3).zip(statistics.chunks_exact(2));
    let layer = |(shape, (parameters, statistics)): (BlockShape, (&[_], &[_]))| {
        Layer::new(
            shape,
            cpu,
            max_batch,
            covered(parameters),
            covered(statistics),
        )
    };
    spec.block_shapes().zip(slots).map(layer).collect()
}

/// The range that neighbouring slots cover together.
fn covered(slots: &[crate::Slot]) -> Range<usize> {
    slots[0].range.start..slots[slots.len() - 1].range.end
}

impl Layer {
    fn new(
        shape: BlockShape,
        cpu: Cpu,
        max_batch: usize,
        parameters: Range<usize>,
        statistics: Range<usize>,
    ) -> Self {
        let convolution = Convolution::new(cpu, &shape);
        let images = max_batch.next_multiple_of(convolution.group());
        Self {
            shape,
            parameters,
            statistics,
            normalization: Normalization::new(shape.out_channels),
            form: GradientForm::new(shape.out_channels),
            convolution,
            maps: Buffer::new(images * shape.conv_len().max(shape.input_len())),
        }
    }

    /// Values between the starts of images, for groups to start at.
    fn image_stride(&self) -> usize {
        self.shape.conv_len().max(self.shape.input_len())
    }

    /// Values of room for the weight gradients of all pieces.
    pub(super) fn accumulators_len(&self) -> usize {
        PIECES * self.convolution.accumulator_len()
    }

    /// Images of each piece of a batch: whole groups.
    fn piece(&self, images: usize) -> usize {
        images
            .div_ceil(PIECES)
            .next_multiple_of(self.convolution.group())
    }

    /// Raw output of an image, until the backward pass of this block.
    pub(super) fn raw(&self, image: usize) -> &[f32] {
        self.map(image, self.shape.conv_len())
    }

    /// Gradient of the input of an image, after the backward pass of this block.
    fn input_gradient(&self, image: usize) -> &[f32] {
        self.map(image, self.shape.input_len())
    }

    fn map(&self, image: usize, len: usize) -> &[f32] {
        let within = image % self.convolution.group();
        &self.maps[(image - within) * self.image_stride() + within * len..][..len]
    }

    /// Convolution and the statistics of its output.
    pub(super) fn forward(
        &mut self,
        context: Context<'_>,
        parameters: &[f32],
        input: Input<'_>,
        partials: &mut Partials,
    ) {
        let Context {
            cpu,
            threads,
            scratch,
            images,
        } = context;
        let (shape, convolution, stride) = (self.shape, &self.convolution, self.image_stride());
        let (weight, gamma, beta) = self.split(&parameters[self.parameters.clone()]);
        let mut filters = scratch.take(convolution.filters_len());
        convolution.prepare(weight, &mut filters, threads);

        let group = convolution.group();
        let ranges = || ranges(images, group);
        let maps = self.maps.chunks_mut(group * stride);
        let sums = partials.begin(images.div_ceil(group), shape.out_channels);
        threads.for_each(ranges().zip(maps).zip(sums), |((range, maps), sums)| {
            let mut room = scratch.take(range.len() * shape.input_len());
            let raw = &mut maps[..range.len() * shape.conv_len()];
            let input = input.read(cpu, &shape, range, &mut room);
            convolution.forward(input, &filters, raw, scratch);
            moments::moments(cpu, raw, sums);
        });
        let counts: Vec<f64> = ranges()
            .map(|range| (range.len() * shape.height * shape.width) as f64)
            .collect();
        self.normalization
            .update(gamma, beta, partials.values(), &counts);
    }

    /// Gradients of weight, gamma and beta, and of the input unless that is the images.
    pub(super) fn backward(
        &mut self,
        context: Context<'_>,
        parameters: &[f32],
        input: Input<'_>,
        d_output: OutputGradient<'_>,
        gradients: Gradients<'_>,
    ) {
        let Context {
            cpu,
            threads,
            scratch,
            images,
        } = context;
        let Gradients {
            parameters: d_parameters,
            accumulators,
            partials,
        } = gradients;
        let (d_weight, rest) = d_parameters.split_at_mut(self.shape.weight_len());
        let (d_gamma, d_beta) = rest.split_at_mut(self.shape.out_channels);
        self.form
            .update(&self.normalization, partials.values(), d_gamma, d_beta);

        let (shape, convolution, stride) = (self.shape, &self.convolution, self.image_stride());
        let mut filters = scratch.take(convolution.filters_len());
        if let Input::Block(_) = input {
            let (weight, ..) = self.split(&parameters[self.parameters.clone()]);
            convolution.prepare_transposed(weight, &mut filters, threads);
        }

        let piece = self.piece(images);
        let pieces = images.div_ceil(piece);
        let accumulators = &mut accumulators[..pieces * convolution.accumulator_len()];
        let tasks = ranges(images, piece)
            .zip(self.maps.chunks_mut(piece * stride))
            .zip(accumulators.chunks_exact_mut(convolution.accumulator_len()))
            .zip(partials.begin(pieces, shape.in_channels));
        let (normalization, form) = (&self.normalization, &self.form);
        threads.for_each(tasks, |(((range, maps), accumulator), sums)| {
            accumulator.fill(0.0);
            let groups = ranges(range.len(), convolution.group());
            for (group, maps) in groups.zip(maps.chunks_mut(convolution.group() * stride)) {
                let group = range.start + group.start..range.start + group.end;
                let mut d_raw = scratch.take(group.len() * shape.conv_len());
                let d_raw = &mut d_raw[..group.len() * shape.conv_len()];
                let raw = maps.chunks_exact(shape.conv_len());
                for ((image, raw), d_raw) in group
                    .clone()
                    .zip(raw)
                    .zip(d_raw.chunks_exact_mut(shape.conv_len()))
                {
                    gradient::propagate(
                        cpu,
                        &shape,
                        normalization,
                        form,
                        raw,
                        d_output.read(image, &shape),
                        d_raw,
                    );
                }

                let mut room = scratch.take(group.len() * shape.input_len());
                let values = input.read(cpu, &shape, group.clone(), &mut room);
                convolution.backward_weights(values, d_raw, accumulator, scratch);
                if let Input::Block(before) = input {
                    let d_input = &mut maps[..group.len() * shape.input_len()];
                    convolution.backward_data(d_raw, &filters, d_input, scratch);
                    for (image, d_input) in group.zip(d_input.chunks_exact(shape.input_len())) {
                        before.accumulate(cpu, image, d_input, sums);
                    }
                }
            }
        });
        convolution.finish_weights(accumulators, d_weight, threads);
    }

    /// Adds an image's part of the sums that this block's backward pass begins with.
    pub(super) fn accumulate(&self, cpu: Cpu, image: usize, d_output: &[f32], sums: &mut [f64]) {
        gradient::accumulate(
            cpu,
            &self.shape,
            &self.normalization,
            self.raw(image),
            d_output,
            sums,
        );
    }

    /// Weight, gamma and beta.
    fn split<'a>(&self, parameters: &'a [f32]) -> (&'a [f32], &'a [f32], &'a [f32]) {
        let (weight, rest) = parameters.split_at(self.shape.weight_len());
        let (gamma, beta) = rest.split_at(self.shape.out_channels);
        (weight, gamma, beta)
    }
}

impl Input<'_> {
    /// The input of some images of a block of the given shape, one after the other; in `room` if it has to be computed.
    fn read<'a>(
        &'a self,
        cpu: Cpu,
        shape: &BlockShape,
        images: Range<usize>,
        room: &'a mut [f32],
    ) -> &'a [f32] {
        let len = shape.input_len();
        match self {
            Self::Images(values) => &values[images.start * len..images.end * len],
            Self::Block(before) => {
                let room = &mut room[..images.len() * len];
                for (image, output) in images.zip(room.chunks_exact_mut(len)) {
                    activate::activate(
                        cpu,
                        &before.shape,
                        &before.normalization,
                        before.raw(image),
                        output,
                    );
                }
                room
            }
        }
    }
}

impl<'a> OutputGradient<'a> {
    /// The gradient of an image's output.
    fn read(self, image: usize, shape: &BlockShape) -> &'a [f32] {
        match self {
            Self::Block(after) => after.input_gradient(image),
            Self::Head(values) => &values[image * shape.output_len()..][..shape.output_len()],
        }
    }
}

/// Cuts the images of a batch into ranges of `len`, the last perhaps shorter.
fn ranges(images: usize, len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..images)
        .step_by(len)
        .map(move |start| start..images.min(start + len))
}
