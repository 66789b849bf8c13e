use super::*;
use crate::testing::oracle::{self, noise, relative_error, widen};
use crate::{BlockSpec, Role};

fn spec(
    height: usize,
    width: usize,
    in_channels: usize,
    blocks: &[(usize, bool)],
    classes: usize,
) -> NetworkSpec {
    let blocks = blocks
        .iter()
        .map(|&(out_channels, pool)| BlockSpec { out_channels, pool })
        .collect();
    NetworkSpec {
        height,
        width,
        in_channels,
        blocks,
        classes,
    }
}

/// Inputs of one step, made up.
struct Case {
    spec: NetworkSpec,
    images: usize,
    parameters: Vec<f32>,
    input: Vec<f32>,
    targets: Vec<f32>,
    dropout: Option<Vec<f32>>,
}

impl Case {
    fn new(spec: NetworkSpec, images: usize, seed: u64) -> Self {
        let targets = noise(images * spec.classes, seed + 2)
            .iter()
            .map(|v| v.abs())
            .collect();
        let keep = |v: &f32| if *v > -0.5 { 1.25 } else { 0.0 };
        let dropout = noise(images * spec.features(), seed + 3)
            .iter()
            .map(keep)
            .collect();
        Self {
            parameters: oracle::parameters(&spec, seed),
            input: noise(images * spec.input_len(), seed + 1),
            targets,
            dropout: seed.is_multiple_of(2).then_some(dropout),
            images,
            spec,
        }
    }

    fn batch(&self) -> Batch<'_> {
        Batch {
            input: &self.input,
            targets: &self.targets,
            dropout: self.dropout.as_deref(),
        }
    }

    fn plan(&self, set: InstructionSet, threads: usize) -> TrainPlan {
        TrainPlan::new(&self.spec, self.images, set, Threads::new(threads).unwrap()).unwrap()
    }

    fn truth(&self) -> oracle::NetworkResult {
        let dropout = self.dropout.as_deref().map(widen);
        oracle::network(
            &self.spec,
            &widen(&self.parameters),
            &widen(&self.input),
            &widen(&self.targets),
            dropout.as_deref(),
        )
    }

    /// Runs one step and compares everything with the oracle.
    fn check(&self, set: InstructionSet, threads: usize) {
        let truth = self.truth();
        let mut plan = self.plan(set, threads);
        let mut statistics = vec![0.0; self.spec.statistics_count()];
        let loss = plan
            .step(&self.parameters, &mut statistics, 1.0, &self.batch())
            .unwrap();
        let context = format!("{:?}, {} images, {set}", self.spec, self.images);
        assert!(
            (f64::from(loss) - truth.loss).abs() < 1e-5 * truth.loss.abs(),
            "{loss} {} {context}",
            truth.loss
        );
        assert!(
            relative_error(plan.logits(), &truth.logits) < 2e-5,
            "logits, {context}"
        );
        for slot in self.spec.parameters() {
            let range = slot.range;
            let error = relative_error(&plan.gradients()[range.clone()], &truth.gradients[range]);
            assert!(error < 2e-4, "{}: {error}, {context}", slot.name);
        }
        self.check_statistics(&statistics, &truth.batch_statistics, &context);
    }

    /// With momentum 1 the running statistics are the batch's, the variance unbiased.
    fn check_statistics(&self, found: &[f32], batch: &[f64], context: &str) {
        let shapes: Vec<_> = self.spec.block_shapes().collect();
        for (index, slot) in self.spec.statistics().into_iter().enumerate() {
            let shape = shapes[index / 2];
            let count = (self.images * shape.height * shape.width) as f64;
            let unbiased = if slot.role == Role::RunningVar {
                count / (count - 1.0)
            } else {
                1.0
            };
            let truth: Vec<f64> = batch[slot.range.clone()]
                .iter()
                .map(|v| v * unbiased)
                .collect();
            let error = relative_error(&found[slot.range], &truth);
            assert!(error < 2e-5, "{}: {error}, {context}", slot.name);
        }
    }
}

#[test]
fn steps_agree_with_the_oracle() {
    let cases = [
        spec(8, 8, 1, &[(16, false), (16, true)], 4),
        spec(12, 12, 16, &[(32, true), (48, true)], 3),
        spec(7, 9, 3, &[(5, false), (20, true), (17, true)], 2),
        spec(5, 5, 2, &[(40, false), (24, false), (8, true)], 7),
        spec(2, 3, 1, &[(1, true)], 2),
        spec(6, 6, 64, &[(96, true)], 4),
    ];
    for (seed, spec) in cases.into_iter().enumerate() {
        for images in [2, 5] {
            let case = Case::new(spec.clone(), images, seed as u64);
            for set in InstructionSet::available() {
                case.check(set, 2);
            }
        }
    }
}

/// Several groups of images and several pieces of the batch.
#[test]
fn large_batches_agree_with_the_oracle() {
    Case::new(spec(6, 6, 1, &[(16, false), (16, true)], 4), 150, 1)
        .check(InstructionSet::best(), 2);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = Case::new(
        spec(12, 10, 1, &[(16, false), (32, true), (48, false)], 4),
        37,
        2,
    );
    for set in InstructionSet::available() {
        let run = |threads: usize| {
            let mut plan = case.plan(set, threads);
            let mut statistics = vec![0.0; case.spec.statistics_count()];
            let loss = plan
                .step(&case.parameters, &mut statistics, 0.1, &case.batch())
                .unwrap();
            let values = [plan.gradients(), plan.logits(), &statistics, &[loss]].concat();
            values.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let expected = run(1);
        for threads in [2, 3, 8] {
            assert!(run(threads) == expected, "{set}, {threads} threads");
        }
    }
}

/// Nothing of an earlier, larger batch shows in a later one.
#[test]
fn steps_do_not_remember() {
    let spec = spec(9, 8, 1, &[(16, true), (32, false)], 4);
    let (large, small) = (
        Case::new(spec.clone(), 21, 3),
        Case::new(spec.clone(), 5, 4),
    );
    let run = |plan: &mut TrainPlan| {
        let mut statistics = vec![0.0; spec.statistics_count()];
        plan.step(&small.parameters, &mut statistics, 0.1, &small.batch())
            .unwrap();
        [plan.gradients(), plan.logits(), &statistics].concat()
    };
    let mut plan = large.plan(InstructionSet::best(), 2);
    let fresh = run(&mut plan);
    plan.step(
        &large.parameters,
        &mut vec![0.0; spec.statistics_count()],
        0.1,
        &large.batch(),
    )
    .unwrap();
    assert_eq!(run(&mut plan), fresh);
    assert_eq!(plan.logits().len(), 5 * spec.classes);
}

/// A large mean beside a small deviation, where E[x^2] - E[x]^2 in f32 would have no digit left.
#[test]
fn statistics_survive_values_far_from_zero() {
    let mut case = Case::new(spec(8, 8, 1, &[(16, false), (16, false)], 2), 6, 5);
    case.input.iter_mut().for_each(|v| *v = 300.0 + *v * 0.05);
    let truth = case.truth();
    let mut statistics = vec![0.0; case.spec.statistics_count()];
    let mut plan = case.plan(InstructionSet::best(), 2);
    plan.step(&case.parameters, &mut statistics, 1.0, &case.batch())
        .unwrap();
    // The border pads with zeros, so only the input's own rounding remains as an error.
    let error = relative_error(&statistics[..32], &truth.batch_statistics[..32]);
    assert!(error < 1e-2, "{error}");
}

#[test]
fn running_statistics_move_by_the_momentum() {
    let case = Case::new(spec(6, 6, 1, &[(16, true)], 2), 4, 6);
    let run = |start: f32, momentum: f32| {
        let mut statistics = vec![start; case.spec.statistics_count()];
        case.plan(InstructionSet::best(), 1)
            .step(&case.parameters, &mut statistics, momentum, &case.batch())
            .unwrap();
        statistics
    };
    let (batch, moved) = (run(0.0, 1.0), run(2.0, 0.25));
    for (batch, moved) in zip(batch, moved) {
        assert!((moved - (2.0 + 0.25 * (batch - 2.0))).abs() < 1e-6);
    }
}

#[test]
fn wrong_batches_are_errors_and_change_nothing() {
    let case = Case::new(spec(6, 6, 1, &[(16, true)], 2), 4, 7);
    let mut plan = case.plan(InstructionSet::best(), 1);
    let mut statistics = vec![0.5; case.spec.statistics_count()];
    let Case {
        parameters,
        input,
        targets,
        ..
    } = &case;
    let batch = |input, targets, dropout| Batch {
        input,
        targets,
        dropout,
    };
    let mut kind = |parameters: &[f32], batch: Batch<'_>| {
        plan.step(parameters, &mut statistics, 1.0, &batch)
            .unwrap_err()
            .kind()
    };
    assert_eq!(kind(&parameters[1..], case.batch()), "length_mismatch");
    assert_eq!(
        kind(parameters, batch(&input[1..], targets, None)),
        "length_mismatch"
    );
    assert_eq!(
        kind(parameters, batch(input, &targets[1..], None)),
        "length_mismatch"
    );
    assert_eq!(
        kind(parameters, batch(input, targets, Some(&[1.0]))),
        "length_mismatch"
    );
    assert_eq!(kind(parameters, batch(&[], &[], None)), "batch_size");
    let (input, targets) = (input.repeat(2), targets.repeat(2));
    assert_eq!(
        kind(parameters, batch(&input, &targets, None)),
        "batch_size"
    );
    assert!(statistics.iter().all(|&v| v == 0.5));
    let plan = |max_batch| {
        TrainPlan::new(
            &case.spec,
            max_batch,
            InstructionSet::best(),
            Threads::new(1).unwrap(),
        )
    };
    assert_eq!(plan(0).unwrap_err().kind(), "batch_size");
    assert_eq!(plan(usize::MAX).unwrap_err().kind(), "batch_size");
}

/// The gradient of every parameter under the smooth L1 loss is the slope of the loss between two near points.
#[test]
fn smooth_l1_gradients_are_slopes_of_the_loss() {
    let mut case = Case::new(spec(6, 6, 1, &[(16, false), (16, true)], 3), 5, 1);
    case.targets = noise(case.targets.len(), 11);
    assert!(
        case.plan(InstructionSet::best(), 1)
            .with_loss(Loss::SmoothL1 { beta: 0.0 })
            .is_err()
    );
    let mut plan = case
        .plan(InstructionSet::best(), 1)
        .with_loss(Loss::SmoothL1 { beta: 0.3 })
        .unwrap();
    let mut loss = |parameters: &[f32]| {
        let mut statistics = vec![0.0; case.spec.statistics_count()];
        let loss = plan.step(parameters, &mut statistics, 1.0, &case.batch());
        (f64::from(loss.unwrap()), plan.gradients().to_vec())
    };
    let (_, gradients) = loss(&case.parameters);
    for slot in case.spec.parameters() {
        let parts = slot.range.step_by(7);
        let direction: Vec<usize> = parts.collect();
        let (width, mut ends) = (2e-3, [0.0; 2]);
        for (end, sign) in zip(&mut ends, [-1.0, 1.0]) {
            let mut moved = case.parameters.clone();
            for &index in &direction {
                moved[index] += sign * width * gradients[index].signum();
            }
            *end = loss(&moved).0;
        }
        let slope = (ends[1] - ends[0]) / (2.0 * f64::from(width));
        let expected: f64 = direction
            .iter()
            .map(|&index| f64::from(gradients[index].abs()))
            .sum();
        assert!(
            (slope - expected).abs() < 0.05 * expected + 1e-3,
            "{}: {slope}, {expected}",
            slot.name
        );
    }
}
