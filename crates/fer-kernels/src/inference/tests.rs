use proptest::prelude::*;

use super::*;
use crate::testing::oracle::{Dims, conv, max_pool, noise, parameters, relative_error, widen};
use crate::{BATCH_NORM_EPSILON, BlockSpec};

fn network(size: [usize; 2], in_channels: usize, blocks: &[(usize, bool)]) -> NetworkSpec {
    let block = |&(out_channels, pool)| BlockSpec { out_channels, pool };
    NetworkSpec {
        height: size[0],
        width: size[1],
        in_channels,
        blocks: blocks.iter().map(block).collect(),
        classes: 4,
    }
}

/// Two blocks per stage, pooled after each pair, as on 48x48 faces.
fn reference() -> NetworkSpec {
    let stages = [32, 64, 128, 256].map(|channels| [(channels, false), (channels, true)]);
    network([48, 48], 1, stages.as_flattened())
}

/// A network with parameters, statistics and some images.
struct Case {
    spec: NetworkSpec,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    input: Vec<f32>,
    images: usize,
}

impl Case {
    fn new(spec: NetworkSpec, images: usize) -> Self {
        let mut statistics = noise(spec.statistics_count(), 5);
        for slot in spec.statistics() {
            if slot.role == crate::Role::RunningVar {
                let variances = &mut statistics[slot.range];
                variances
                    .iter_mut()
                    .for_each(|value| *value = 0.3 + value.abs());
            }
        }
        Self {
            parameters: parameters(&spec, 4),
            statistics,
            input: noise(images * spec.input_len(), 6),
            images,
            spec,
        }
    }

    fn plan(&self, set: InstructionSet) -> InferencePlan {
        InferencePlan::new(&self.spec, &self.parameters, &self.statistics, set).unwrap()
    }

    fn logits(&self, set: InstructionSet, threads: usize) -> Vec<f32> {
        let mut logits = vec![f32::NAN; self.images * self.spec.classes];
        let threads = Threads::new(threads).unwrap();
        let plan = self.plan(set);
        plan.logits(&self.input, &mut logits, &threads).unwrap();
        logits
    }

    /// The definition: batch norm as it is written, in f64.
    fn truth(&self) -> Vec<f64> {
        let (parameters, statistics) = (widen(&self.parameters), widen(&self.statistics));
        let (slots, running) = (self.spec.parameters(), self.spec.statistics());
        let mut values = widen(&self.input);
        let blocks = slots.chunks_exact(3).zip(running.chunks_exact(2));
        for (shape, (block, running)) in self.spec.block_shapes().zip(blocks) {
            let [weight, gamma, beta] = [0, 1, 2].map(|i| &parameters[block[i].range.clone()]);
            let [mean, variance] = [0, 1].map(|i| &statistics[running[i].range.clone()]);
            let mut dims = Dims {
                images: self.images,
                height: shape.height,
                width: shape.width,
                channels: shape.in_channels,
            };
            values = conv(dims, shape.out_channels, &values, weight);
            dims.channels = shape.out_channels;
            for (index, value) in values.iter_mut().enumerate() {
                let c = index % shape.out_channels;
                let deviation = (variance[c] + f64::from(BATCH_NORM_EPSILON)).sqrt();
                *value = ((*value - mean[c]) / deviation * gamma[c] + beta[c]).max(0.0);
            }
            if shape.pool {
                values = max_pool(dims, &values);
            }
        }
        let channels = self.spec.features();
        let positions = values.len() / self.images / channels;
        let [weight, bias] = [2, 1].map(|i| &parameters[slots[slots.len() - i].range.clone()]);
        let logit = |image: &[f64], class: usize| {
            let products = (0..image.len())
                .map(|index| image[index] * weight[class * channels + index % channels]);
            bias[class] + products.sum::<f64>() / positions as f64
        };
        let images = values.chunks_exact(positions * channels);
        images
            .flat_map(|image| (0..self.spec.classes).map(move |class| logit(image, class)))
            .collect()
    }

    fn check(&self, set: InstructionSet, threads: usize) {
        self.check_within(1e-5, set, threads);
    }

    fn check_within(&self, bound: f64, set: InstructionSet, threads: usize) {
        let error = relative_error(&self.logits(set, threads), &self.truth());
        assert!(
            error < bound,
            "{:?} with {set}: relative error {error:e}",
            self.spec
        );
    }
}

#[test]
fn the_reference_network_equals_its_definition() {
    let case = Case::new(reference(), 3);
    for set in InstructionSet::available() {
        case.check(set, 1);
    }
}

#[test]
fn a_small_network_equals_its_definition_on_any_path() {
    // One image for each thread takes the path of many images, fewer take the path of one.
    let case = Case::new(network([3, 5], 1, &[(16, false), (12, true)]), 2);
    for set in InstructionSet::available() {
        case.check(set, 2);
        case.check(set, 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_networks_equal_their_definition(
        size in [8usize..20, 8usize..20],
        in_channels in prop_oneof![1usize..4, Just(16)],
        blocks in proptest::collection::vec((1usize..40, any::<bool>()), 1..4),
        images in 1usize..5,
        threads in 1usize..4,
        set in proptest::sample::select(InstructionSet::available()),
    ) {
        // With few channels the logits cancel now and then: the bound is that of a kernel for each block.
        let bound = 1e-5 * blocks.len() as f64;
        Case::new(network(size, in_channels, &blocks), images).check_within(bound, set, threads);
    }
}

#[test]
fn the_number_of_threads_and_the_company_change_nothing() {
    let batch = Case::new(reference(), 19);
    for set in InstructionSet::available() {
        let alone = batch.logits(set, 1);
        for threads in [2, 3, 8, 24] {
            assert!(
                batch.logits(set, threads) == alone,
                "{set}, {threads} threads"
            );
        }
        let plan = batch.plan(set);
        let threads = [1, 2, 3, 8].map(|count| Threads::new(count).unwrap());
        for (image, expected) in batch.input.chunks_exact(48 * 48).zip(alone.chunks_exact(4)) {
            for threads in &threads {
                let mut logits = [f32::NAN; 4];
                plan.logits(image, &mut logits, threads).unwrap();
                assert!(logits == expected, "{set}, {} threads", threads.count());
            }
        }
    }
}

#[test]
fn plans_are_shared_between_threads() {
    let case = Case::new(reference(), 4);
    let expected = case.logits(InstructionSet::best(), 1);
    let plan = case.plan(InstructionSet::best());
    let threads = Threads::new(2).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (image, expected) in case.input.chunks_exact(48 * 48).zip(expected.chunks(4)) {
                    let mut logits = [f32::NAN; 4];
                    plan.logits(image, &mut logits, &threads).unwrap();
                    assert!(logits == expected);
                }
            });
        }
    });
}

#[test]
fn lengths_are_checked() {
    let case = Case::new(network([8, 8], 1, &[(16, true)]), 2);
    let set = InstructionSet::best();
    let kind = |parameters: &[f32], statistics: &[f32]| {
        let plan = InferencePlan::new(&case.spec, parameters, statistics, set);
        plan.unwrap_err().kind()
    };
    assert_eq!(
        kind(&case.parameters[1..], &case.statistics),
        "length_mismatch"
    );
    assert_eq!(
        kind(&case.parameters, &case.statistics[1..]),
        "length_mismatch"
    );

    let (plan, threads) = (case.plan(set), Threads::single());
    let mut logits = [0.0; 8];
    assert!(
        plan.logits(&case.input[1..], &mut logits, &threads)
            .is_err()
    );
    assert!(
        plan.logits(&case.input, &mut logits[1..], &threads)
            .is_err()
    );
    assert!(plan.logits(&[], &mut [], &threads).is_ok());
}

#[test]
fn chunks_cover_all_images_evenly() {
    for (images, threads) in [(1, 1), (64, 2), (65, 2), (40, 2), (7, 3), (16, 1), (17, 1)] {
        let (input, mut logits) = (vec![0.0; images * 5], vec![0.0; images * 4]);
        let sizes: Vec<_> = chunks(images, threads, &input, &mut logits)
            .map(|chunk| (chunk.input.len() / 5, chunk.logits.len() / 4))
            .collect();
        assert!(sizes.iter().all(|(input, logits)| input == logits));
        assert_eq!(sizes.iter().map(|(size, _)| size).sum::<usize>(), images);
        let (largest, smallest) = (sizes.iter().max().unwrap(), sizes.iter().min().unwrap());
        assert!(largest.0 - smallest.0 <= 1 && largest.0 <= MAX_CHUNK);
    }
}
