use proptest::prelude::*;

use super::*;
use crate::InstructionSet;
use crate::testing::oracle::{
    Dims, conv, conv_backward_data, conv_backward_weights, noise, relative_error, widen,
};

/// Bounds a kernel's largest error relative to the largest result.
const TOLERANCE: f64 = 1e-5;

/// Input, weight and output gradient of a convolution, and what becomes of them.
struct Case {
    shape: BlockShape,
    images: usize,
    input: Vec<f32>,
    weight: Vec<f32>,
    d_output: Vec<f32>,
}

/// Output, gradient of the input, and gradient of the weight.
struct Results {
    output: Vec<f32>,
    d_input: Vec<f32>,
    d_weight: Vec<f32>,
}

impl Case {
    fn new(
        images: usize,
        height: usize,
        width: usize,
        in_channels: usize,
        out_channels: usize,
    ) -> Self {
        let shape = BlockShape {
            height,
            width,
            in_channels,
            out_channels,
            pool: false,
        };
        Self {
            shape,
            images,
            input: noise(images * shape.input_len(), 1),
            weight: noise(shape.weight_len(), 2),
            d_output: noise(images * shape.conv_len(), 3),
        }
    }

    /// Runs every pass; weight gradients are accumulated in `pieces` of the batch.
    fn run(&self, set: InstructionSet, threads: usize, pieces: usize) -> Results {
        let threads = &Threads::new(threads).unwrap();
        let scratch_pool = &ScratchPool::default();
        let convolution = Convolution::new(Cpu::new(set).unwrap(), &self.shape);
        let mut results = Results {
            output: vec![f32::NAN; self.images * self.shape.conv_len()],
            d_input: vec![f32::NAN; self.images * self.shape.input_len()],
            d_weight: vec![f32::NAN; self.shape.weight_len()],
        };
        let mut filters = vec![f32::NAN; convolution.filters_len()];
        convolution.prepare(&self.weight, &mut filters, threads);
        convolution.forward(&self.input, &filters, &mut results.output, scratch_pool);

        convolution.prepare_transposed(&self.weight, &mut filters, threads);
        convolution.backward_data(&self.d_output, &filters, &mut results.d_input, scratch_pool);

        let len = convolution.accumulator_len();
        let mut accumulators = vec![0.0; pieces * len];
        let images = self.images.div_ceil(pieces);
        let inputs = self.input.chunks(images * self.shape.input_len());
        let gradients = self.d_output.chunks(images * self.shape.conv_len());
        for ((input, gradient), accumulator) in inputs
            .zip(gradients)
            .zip(accumulators.chunks_exact_mut(len))
        {
            convolution.backward_weights(input, gradient, accumulator, scratch_pool);
        }
        convolution.finish_weights(&accumulators, &mut results.d_weight, threads);
        results
    }

    /// Compares every pass with its definition.
    fn check(&self, set: InstructionSet) {
        let Self { shape, images, .. } = self;
        let dims = Dims {
            images: *images,
            height: shape.height,
            width: shape.width,
            channels: shape.in_channels,
        };
        let out_channels = shape.out_channels;
        let (input, weight) = (widen(&self.input), widen(&self.weight));
        let d_output = widen(&self.d_output);
        let results = self.run(set, 1, 2.min(*images));
        let truths = [
            (results.output, conv(dims, out_channels, &input, &weight)),
            (
                results.d_input,
                conv_backward_data(dims, out_channels, &weight, &d_output),
            ),
            (
                results.d_weight,
                conv_backward_weights(dims, out_channels, &input, &d_output),
            ),
        ];
        for (pass, (found, truth)) in ["forward", "data", "weights"].iter().zip(truths) {
            let error = relative_error(&found, &truth);
            assert!(
                error < TOLERANCE,
                "{pass} of {images} x {shape:?} with {set}: relative error {error:e}"
            );
        }
    }
}

/// Images, height, width, channels in and out: both tile sizes and the direct path, whole and clipped tiles, several blocks of tiles.
const SHAPES: &[[usize; 5]] = &[
    [1, 48, 48, 1, 32],
    [1, 48, 48, 32, 32],
    [3, 24, 24, 32, 64],
    [2, 12, 12, 64, 128],
    [5, 6, 6, 128, 64],
    [1, 6, 6, 128, 256],
    [2, 7, 5, 16, 48],
    [3, 1, 1, 16, 16],
    [1, 1, 9, 48, 16],
    [2, 2, 3, 32, 80],
    [1, 13, 30, 16, 32],
    [1, 5, 5, 3, 16],
    [2, 4, 7, 17, 20],
    [1, 3, 2, 16, 1],
    [1, 2, 2, 5, 50],
];

/// Small ones, with which Miri ends the same day.
const SMALL_SHAPES: &[[usize; 5]] = &[[2, 2, 2, 16, 16], [1, 3, 5, 16, 16], [1, 3, 3, 2, 5]];

#[test]
fn every_pass_of_small_shapes_equals_its_definition() {
    for &[images, height, width, in_channels, out_channels] in SMALL_SHAPES {
        let case = Case::new(images, height, width, in_channels, out_channels);
        for set in InstructionSet::available() {
            case.check(set);
        }
    }
}

#[test]
fn every_pass_equals_its_definition() {
    for &[images, height, width, in_channels, out_channels] in SHAPES {
        let case = Case::new(images, height, width, in_channels, out_channels);
        for set in InstructionSet::available() {
            case.check(set);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_shapes_equal_their_definition(
        images in 1usize..4,
        height in 1usize..15,
        width in 1usize..15,
        channels in prop_oneof![(1usize..20, 1usize..20), (1usize..3, 1usize..4).prop_map(|(i, o)| (i * LANES, o * LANES))],
        set in proptest::sample::select(InstructionSet::available()),
    ) {
        Case::new(images, height, width, channels.0, channels.1).check(set);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for [images, height, width, in_channels, out_channels] in
        [[9, 12, 12, 64, 96], [4, 8, 8, 3, 20]]
    {
        let case = Case::new(images, height, width, in_channels, out_channels);
        for set in InstructionSet::available() {
            let alone = case.run(set, 1, 4);
            for threads in [2, 3, 8] {
                let together = case.run(set, threads, 4);
                assert!(alone.output == together.output, "{set} {threads}");
                assert!(alone.d_input == together.d_input, "{set} {threads}");
                assert!(alone.d_weight == together.d_weight, "{set} {threads}");
            }
        }
    }
}

#[test]
fn images_do_not_depend_on_their_neighbors() {
    for [height, width, in_channels, out_channels] in
        [[12, 12, 64, 96], [6, 6, 128, 64], [8, 9, 1, 32]]
    {
        let batch = Case::new(40, height, width, in_channels, out_channels);
        let mut single = Case::new(1, height, width, in_channels, out_channels);
        let (input_len, output_len) = (single.shape.input_len(), single.shape.conv_len());
        for set in InstructionSet::available() {
            let all = batch.run(set, 1, 1);
            for image in [0, 1, 17, 39] {
                single
                    .input
                    .copy_from_slice(&batch.input[image * input_len..][..input_len]);
                let one = single.run(set, 1, 1);
                assert!(
                    one.output == all.output[image * output_len..][..output_len],
                    "{set}"
                );
            }
        }
    }
}
