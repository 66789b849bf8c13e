//! Training: forward and backward of each block of the reference network, whole steps, and the optimiser.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fer_kernels::{
    AdamW, AdamWConfig, Batch, BlockSpec, InferencePlan, InstructionSet, KernelError, NetworkSpec,
    Role, Threads, TrainPlan,
};

const CLASSES: usize = 4;

fn block(out_channels: usize, pool: bool) -> BlockSpec {
    BlockSpec { out_channels, pool }
}

/// 48x48 grey images, two blocks a stage, each stage ending in a pool.
fn reference() -> NetworkSpec {
    let stages = [32, 64, 128, 256].into_iter();
    NetworkSpec {
        height: 48,
        width: 48,
        in_channels: 1,
        blocks: stages
            .flat_map(|c| [block(c, false), block(c, true)])
            .collect(),
        classes: CLASSES,
    }
}

/// Each block of the reference network as a network of its own.
fn blocks() -> Vec<NetworkSpec> {
    let mut alone = Vec::new();
    let (mut side, mut in_channels) = (48, 1);
    for block in reference().blocks {
        let after = if block.pool { side / 2 } else { side };
        alone.push(NetworkSpec {
            height: side,
            width: side,
            in_channels,
            blocks: vec![block.clone()],
            classes: CLASSES,
        });
        (side, in_channels) = (after, block.out_channels);
    }
    alone
}

fn values(count: usize) -> Vec<f32> {
    let hash = |i: usize| (i as u32).wrapping_mul(2_654_435_761) >> 16;
    (0..count).map(|i| hash(i) as f32 / 32768.0 - 1.0).collect()
}

/// Parameters that keep activations in range.
fn parameters(spec: &NetworkSpec) -> Vec<f32> {
    let mut buffer = values(spec.parameter_count());
    for slot in spec.parameters() {
        let fan_in: usize = match slot.role {
            Role::ConvWeight => slot.shape[..3].iter().product(),
            _ => slot.shape.iter().skip(1).product(),
        };
        let spread = (6.0 / fan_in as f32).sqrt();
        let centre = if slot.role == Role::Gamma { 1.0 } else { 0.0 };
        let spread = if slot.role.is_decayed() { spread } else { 0.1 };
        buffer[slot.range]
            .iter_mut()
            .for_each(|v| *v = centre + *v * spread);
    }
    buffer
}

/// A plan with all that a step needs.
struct Step {
    plan: TrainPlan,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    input: Vec<f32>,
    targets: Vec<f32>,
}

impl Step {
    fn new(spec: &NetworkSpec, images: usize, threads: &Threads) -> Result<Self, KernelError> {
        let target = |i: usize| {
            if i % CLASSES == i / CLASSES % CLASSES {
                1.0
            } else {
                0.0
            }
        };
        Ok(Self {
            plan: TrainPlan::new(spec, images, InstructionSet::best(), threads.clone())?,
            parameters: parameters(spec),
            statistics: vec![1.0; spec.statistics_count()],
            input: values(images * spec.input_len()),
            targets: (0..images * CLASSES).map(target).collect(),
        })
    }

    fn run(&mut self) -> Result<f32, KernelError> {
        let batch = Batch {
            input: &self.input,
            targets: &self.targets,
            dropout: None,
        };
        self.plan
            .step(&self.parameters, &mut self.statistics, 0.1, &batch)
    }
}

fn each_block(criterion: &mut Criterion) {
    const IMAGES: usize = 64;
    let Ok(threads) = Threads::new(2) else { return };
    let mut group = criterion.benchmark_group("block, batch 64, 2 threads");
    group
        .throughput(Throughput::Elements(IMAGES as u64))
        .sample_size(10);
    for spec in blocks() {
        let (side, channels) = (spec.height, (spec.in_channels, spec.features()));
        let name = format!("{side}x{side}, {} to {}", channels.0, channels.1);
        let (weights, statistics) = (parameters(&spec), vec![1.0; spec.statistics_count()]);
        let plan = InferencePlan::new(&spec, &weights, &statistics, InstructionSet::best());
        let (Ok(plan), Ok(mut step)) = (plan, Step::new(&spec, IMAGES, &threads)) else {
            continue;
        };
        let mut logits = vec![0.0; IMAGES * CLASSES];
        group.bench_function(BenchmarkId::new("inference", &name), |bencher| {
            bencher.iter(|| plan.logits(&step.input, &mut logits, &threads));
        });
        group.bench_function(BenchmarkId::new("forward and backward", &name), |bencher| {
            bencher.iter(|| step.run());
        });
    }
    group.finish();
}

fn whole_steps(criterion: &mut Criterion) {
    let spec = reference();
    let mut group = criterion.benchmark_group("train step");
    group.sample_size(10);
    for (images, count) in [(64, 1), (64, 2), (128, 1), (128, 2)] {
        let Ok(threads) = Threads::new(count) else {
            continue;
        };
        let Ok(mut step) = Step::new(&spec, images, &threads) else {
            continue;
        };
        group.throughput(Throughput::Elements(images as u64));
        let id = BenchmarkId::new(format!("batch {images}"), format!("{count} threads"));
        group.bench_function(id, |bencher| bencher.iter(|| step.run()));
    }
    group.finish();
}

fn optimizer(criterion: &mut Criterion) {
    let spec = reference();
    let Ok(threads) = Threads::new(2) else { return };
    let Ok(mut adamw) = AdamW::new(&spec, AdamWConfig::default()) else {
        return;
    };
    let (mut weights, gradients) = (parameters(&spec), values(spec.parameter_count()));
    criterion.bench_function("AdamW, 2 threads", |bencher| {
        bencher.iter(|| adamw.step(&mut weights, &gradients, 1e-6, &threads));
    });
}

criterion_group!(benches, each_block, whole_steps, optimizer);
criterion_main!(benches);
