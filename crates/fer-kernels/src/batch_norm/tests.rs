use proptest::prelude::*;

use super::*;
use crate::InstructionSet;
use crate::block_shape::BlockShape;
use crate::cpu::Cpu;
use crate::testing::oracle::{self, Dims, noise, relative_error, relative_error_of_terms, widen};

/// Height, width, channels, images: even and odd maps, full and partial vectors, fewer positions than accumulators.
const SHAPES: [(usize, usize, usize, usize); 9] = [
    (8, 8, 16, 2),
    (6, 4, 32, 3),
    (7, 5, 48, 1),
    (5, 6, 3, 4),
    (3, 3, 17, 2),
    (2, 2, 1, 1),
    (1, 3, 5, 2),
    (2, 1, 40, 2),
    (24, 24, 64, 1),
];

fn cpus() -> impl Iterator<Item = Cpu> {
    InstructionSet::available()
        .into_iter()
        .map(|set| Cpu::new(set).unwrap())
}

/// A block after its convolution, every image a group of its own.
struct Case {
    shape: BlockShape,
    dims: Dims,
    raw: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    d_output: Vec<f32>,
}

impl Case {
    fn new(
        (height, width, channels, images): (usize, usize, usize, usize),
        pool: bool,
        seed: u64,
    ) -> Self {
        let shape = BlockShape {
            height,
            width,
            in_channels: 1,
            out_channels: channels,
            pool,
        };
        Self {
            shape,
            dims: Dims {
                images,
                height,
                width,
                channels,
            },
            raw: noise(images * shape.conv_len(), seed)
                .iter()
                .map(|v| 0.3 + 2.0 * v)
                .collect(),
            gamma: noise(channels, seed + 1)
                .iter()
                .map(|v| 1.0 + 0.5 * v)
                .collect(),
            beta: noise(channels, seed + 2),
            d_output: noise(images * shape.output_len(), seed + 3),
        }
    }

    fn normalization(&self, cpu: Cpu) -> Normalization {
        let channels = self.shape.out_channels;
        let mut partials = vec![0.0; self.dims.images * 2 * channels];
        let images = self.raw.chunks_exact(self.shape.conv_len());
        images
            .zip(partials.chunks_exact_mut(2 * channels))
            .for_each(|(raw, partial)| moments::moments(cpu, raw, partial));
        let counts = vec![(self.shape.height * self.shape.width) as f64; self.dims.images];
        let mut normalization = Normalization::new(channels);
        normalization.update(&self.gamma, &self.beta, &partials, &counts);
        normalization
    }

    fn check_forward(&self, cpu: Cpu) {
        let normalization = self.normalization(cpu);
        let (mean, variance) = oracle::batch_statistics(self.shape.out_channels, &widen(&self.raw));
        // A single channel's mean may cancel to nearly nothing.
        let largest = self
            .raw
            .iter()
            .fold(0.0, |max: f64, &v| max.max(f64::from(v).abs()));
        assert!(
            relative_error_of_terms(&normalization.mean, &mean, largest) < 1e-6,
            "mean, {:?} {cpu:?}",
            self.dims
        );
        let found: Vec<f32> = normalization.variance.iter().map(|&v| v as f32).collect();
        assert!(
            relative_error(&found, &variance) < 1e-6,
            "variance, {:?} {cpu:?}",
            self.dims
        );

        let mut output = vec![f32::NAN; self.d_output.len()];
        let images = self
            .raw
            .chunks_exact(self.shape.conv_len())
            .zip(output.chunks_exact_mut(self.shape.output_len()));
        images.for_each(|(raw, output)| {
            activate::activate(cpu, &self.shape, &normalization, raw, output)
        });
        let rectified = self.rectified();
        let truth = if self.shape.pool {
            oracle::max_pool(self.dims, &rectified)
        } else {
            rectified
        };
        assert!(
            relative_error(&output, &truth) < 1e-5,
            "output, {:?} {cpu:?}",
            self.dims
        );
    }

    fn rectified(&self) -> Vec<f64> {
        let normalized =
            oracle::batch_norm(&widen(&self.raw), &widen(&self.gamma), &widen(&self.beta));
        normalized.iter().map(|v| v.max(0.0)).collect()
    }

    /// Gradients of raw output, gamma and beta.
    fn backward(&self, cpu: Cpu) -> [Vec<f32>; 3] {
        let channels = self.shape.out_channels;
        let normalization = self.normalization(cpu);
        let mut partial = vec![0.0; 2 * channels];
        let images = || self.raw.chunks_exact(self.shape.conv_len()).enumerate();
        let d_output = |image: usize| {
            &self.d_output[image * self.shape.output_len()..][..self.shape.output_len()]
        };
        for (image, raw) in images() {
            gradient::accumulate(
                cpu,
                &self.shape,
                &normalization,
                raw,
                d_output(image),
                &mut partial,
            );
        }
        let (mut d_gamma, mut d_beta) = (vec![0.0; channels], vec![0.0; channels]);
        let mut form = GradientForm::new(channels);
        form.update(&normalization, &partial, &mut d_gamma, &mut d_beta);
        let mut d_raw = vec![f32::NAN; self.raw.len()];
        for ((image, raw), d_raw) in images().zip(d_raw.chunks_exact_mut(self.shape.conv_len())) {
            gradient::propagate(
                cpu,
                &self.shape,
                &normalization,
                &form,
                raw,
                d_output(image),
                d_raw,
            );
        }
        [d_raw, d_gamma, d_beta]
    }

    fn check_backward(&self, cpu: Cpu) {
        let rectified = self.rectified();
        let d_output = widen(&self.d_output);
        let d_rectified = if self.shape.pool {
            oracle::max_pool_backward(self.dims, &rectified, &d_output)
        } else {
            d_output
        };
        let d_normalized: Vec<f64> = d_rectified
            .iter()
            .zip(&rectified)
            .map(|(g, v)| if *v > 0.0 { *g } else { 0.0 })
            .collect();
        let truth =
            oracle::batch_norm_backward(&widen(&self.raw), &widen(&self.gamma), &d_normalized);
        // With one or two positions per channel the true gradient cancels to nearly nothing; its terms set the scale then.
        let terms = d_normalized
            .iter()
            .fold(f64::MIN_POSITIVE, |max, g| max.max(g.abs()));
        for (found, truth) in self.backward(cpu).iter().zip([truth.0, truth.1, truth.2]) {
            let error = relative_error_of_terms(found, &truth, terms);
            assert!(error < 1e-5, "{error}, {:?} {cpu:?}", self.dims);
        }
    }
}

#[test]
fn forward_and_backward_agree_with_the_oracle() {
    for (seed, shape) in SHAPES.into_iter().enumerate() {
        for pool in [false, true]
            .into_iter()
            .take(1 + usize::from(shape.0.min(shape.1) > 1))
        {
            let case = Case::new(shape, pool, 10 * seed as u64);
            for cpu in cpus() {
                case.check_forward(cpu);
                case.check_backward(cpu);
            }
        }
    }
}

proptest! {
    #[test]
    fn random_shapes_agree_with_the_oracle(
        height in 1usize..12,
        width in 1usize..12,
        channels in 1usize..70,
        images in 1usize..4,
        pool: bool,
        seed: u64,
    ) {
        // A few values of a channel may be equal but for rounding, which dividing by their deviation would lay bare. Eight are not, and
        // the table above has the maps of fewer.
        prop_assume!(height * width * images >= 8);
        // A network spec refuses to pool a map of one row or column.
        let pool = pool && height.min(width) > 1;
        let case = Case::new((height, width, channels, images), pool, seed >> 8);
        for cpu in cpus() {
            case.check_forward(cpu);
            case.check_backward(cpu);
        }
    }
}

/// The whole gradient goes to the first of several equal maxima, as PyTorch has it.
#[test]
fn ties_go_to_the_first_maximum() {
    let mut case = Case::new((4, 4, 16, 1), true, 1);
    case.gamma.fill(1.0);
    case.beta.fill(0.0);
    // Two of each window's values share its maximum: the second and the third.
    for (i, value) in case.raw.iter_mut().enumerate() {
        let (y, x) = (i / 16 / 4 % 2, i / 16 % 2);
        *value = if y != x { 1.0 } else { -1.0 };
    }
    case.d_output.fill(1.0);
    for cpu in cpus() {
        let normalization = case.normalization(cpu);
        // A form of zeros leaves only the direct part of the gradient.
        let mut d_raw = vec![f32::NAN; case.raw.len()];
        let form = GradientForm::new(16);
        gradient::propagate(
            cpu,
            &case.shape,
            &normalization,
            &form,
            &case.raw,
            &case.d_output,
            &mut d_raw,
        );
        for (i, &gradient) in d_raw.iter().enumerate() {
            let (y, x) = (i / 16 / 4 % 2, i / 16 % 2);
            assert_eq!(
                gradient > 0.5,
                (y, x) == (0, 1),
                "{gradient} at {i}, {cpu:?}"
            );
        }
    }
}

/// The moments keep nearly all digits where E[x^2] - E[x]^2 in f32 has none left.
#[test]
fn statistics_survive_a_large_mean() {
    let mut case = Case::new((24, 24, 20, 3), false, 1);
    case.raw = noise(case.raw.len(), 9)
        .iter()
        .map(|v| 4096.0 + v)
        .collect();
    let (mean, variance) = oracle::batch_statistics(20, &widen(&case.raw));
    for cpu in cpus() {
        let normalization = case.normalization(cpu);
        assert!(relative_error(&normalization.mean, &mean) < 1e-7);
        let found: Vec<f32> = normalization.variance.iter().map(|&v| v as f32).collect();
        assert!(relative_error(&found, &variance) < 1e-6);
    }
}
