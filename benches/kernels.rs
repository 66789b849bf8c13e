//! The kernels alone: blocks by layer, whole networks by batch and threads, training steps.
//!
//! Whatever is measured has run once before, so that errors surface and memory is in place.

use std::error::Error;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use fer_kernels::{
    AdamW, AdamWConfig, Batch, BlockSpec, InferencePlan, InstructionSet, NetworkSpec, Threads,
    TrainPlan,
};

type Outcome = Result<(), Box<dyn Error>>;

/// Height and width, channels in and out, and pooling of every block of the reference network.
const BLOCKS: [(usize, usize, usize, bool); 8] = [
    (48, 1, 32, false),
    (48, 32, 32, true),
    (24, 32, 64, false),
    (24, 64, 64, true),
    (12, 64, 128, false),
    (12, 128, 128, true),
    (6, 128, 256, false),
    (6, 256, 256, true),
];

const CLASSES: usize = 4;

/// Two blocks a stage on 48x48 faces, pooled after each pair.
fn reference() -> NetworkSpec {
    let block = |&(_, _, out_channels, pool): &_| BlockSpec { out_channels, pool };
    NetworkSpec {
        height: 48,
        width: 48,
        in_channels: 1,
        blocks: BLOCKS.iter().map(block).collect(),
        classes: CLASSES,
    }
}

/// Values in [-scale, scale) that no pattern makes easy.
fn values(len: usize, scale: f32) -> Vec<f32> {
    let hash = |index: usize| (index as u32).wrapping_mul(2_654_435_761) >> 8;
    (0..len)
        .map(|index| (hash(index) as f32 / (1 << 23) as f32 - 1.0) * scale)
        .collect()
}

/// A plan and what it takes to run it.
struct Inference {
    plan: InferencePlan,
    input: Vec<f32>,
    logits: Vec<f32>,
}

impl Inference {
    fn new(spec: &NetworkSpec, images: usize, set: InstructionSet) -> Result<Self, Box<dyn Error>> {
        let parameters = values(spec.parameter_count(), 0.05);
        let statistics = vec![1.0; spec.statistics_count()];
        Ok(Self {
            plan: InferencePlan::new(spec, &parameters, &statistics, set)?,
            input: values(images * spec.input_len(), 1.0),
            logits: vec![0.0; images * spec.classes],
        })
    }

    fn run(&mut self, threads: &Threads) -> Outcome {
        let input = black_box(&self.input);
        Ok(self.plan.logits(input, &mut self.logits, threads)?)
    }
}

/// A training plan with its optimizer and what it takes to step.
struct Training {
    plan: TrainPlan,
    optimizer: AdamW,
    threads: Threads,
    parameters: Vec<f32>,
    statistics: Vec<f32>,
    input: Vec<f32>,
    targets: Vec<f32>,
}

impl Training {
    fn new(spec: &NetworkSpec, images: usize, threads: usize) -> Result<Self, Box<dyn Error>> {
        let threads = Threads::new(threads)?;
        let target = |index| f32::from(u8::from(index % CLASSES == index / CLASSES % CLASSES));
        Ok(Self {
            plan: TrainPlan::new(spec, images, InstructionSet::best(), threads.clone())?,
            optimizer: AdamW::new(spec, AdamWConfig::default())?,
            threads,
            parameters: values(spec.parameter_count(), 0.05),
            statistics: vec![1.0; spec.statistics_count()],
            input: values(images * spec.input_len(), 1.0),
            targets: (0..images * CLASSES).map(target).collect(),
        })
    }

    /// Forward and backward.
    fn gradients(&mut self) -> Outcome {
        let batch = Batch {
            input: black_box(&self.input),
            targets: &self.targets,
            dropout: None,
        };
        let (parameters, statistics) = (&self.parameters, &mut self.statistics);
        self.plan.step(parameters, statistics, 0.1, &batch)?;
        Ok(())
    }

    /// Forward, backward and update.
    fn step(&mut self) -> Outcome {
        self.gradients()?;
        let (parameters, gradients) = (&mut self.parameters, self.plan.gradients());
        Ok(self
            .optimizer
            .step(parameters, gradients, 1e-3, &self.threads)?)
    }
}

/// Each block of the reference network alone, forward as in inference and forward with backward as in training, on one thread.
fn blocks(criterion: &mut Criterion) -> Outcome {
    const IMAGES: usize = 16;
    let threads = Threads::new(1)?;
    let mut group = criterion.benchmark_group("block");
    group.throughput(Throughput::Elements(IMAGES as u64));
    for (size, in_channels, out_channels, pool) in BLOCKS {
        let spec = NetworkSpec {
            height: size,
            width: size,
            in_channels,
            blocks: vec![BlockSpec { out_channels, pool }],
            classes: CLASSES,
        };
        let name = format!("{size}x{size} {in_channels}-{out_channels}");
        let mut inference = Inference::new(&spec, IMAGES, InstructionSet::best())?;
        inference.run(&threads)?;
        group.bench_function(BenchmarkId::new("forward", &name), |bencher| {
            bencher.iter(|| inference.run(&threads));
        });
        let mut training = Training::new(&spec, IMAGES, 1)?;
        training.gradients()?;
        group.bench_function(BenchmarkId::new("forward and backward", &name), |bencher| {
            bencher.iter(|| training.gradients());
        });
    }
    group.finish();
    Ok(())
}

/// The reference network by batch size, threads and instruction set.
fn inference(criterion: &mut Criterion) -> Outcome {
    let mut group = criterion.benchmark_group("inference");
    for (images, count) in [(1, 1), (1, 2), (8, 1), (8, 2), (64, 1), (64, 2)] {
        let threads = Threads::new(count)?;
        group.throughput(Throughput::Elements(images as u64));
        for set in InstructionSet::available() {
            let mut inference = Inference::new(&reference(), images, set)?;
            inference.run(&threads)?;
            let name = format!("batch {images}, {count} threads");
            group.bench_function(BenchmarkId::new(name, set), |bencher| {
                bencher.iter(|| inference.run(&threads));
            });
        }
    }
    group.finish();
    Ok(())
}

/// Parameters to first logits.
fn cold_start(criterion: &mut Criterion) {
    criterion.bench_function("cold start", |bencher| {
        bencher.iter(|| -> Outcome {
            let mut inference = Inference::new(&reference(), 1, InstructionSet::best())?;
            inference.run(&Threads::new(1)?)
        });
    });
}

/// A training step of the reference network, optimizer included.
fn training(criterion: &mut Criterion) -> Outcome {
    let mut group = criterion.benchmark_group("training");
    group.sample_size(10);
    for (images, count) in [(64, 1), (64, 2), (128, 2)] {
        let mut training = Training::new(&reference(), images, count)?;
        training.step()?;
        group.throughput(Throughput::Elements(images as u64));
        group.bench_function(format!("batch {images}, {count} threads"), |bencher| {
            bencher.iter(|| training.step());
        });
    }
    group.finish();
    Ok(())
}

fn main() -> Outcome {
    let mut criterion = Criterion::default().configure_from_args();
    blocks(&mut criterion)?;
    inference(&mut criterion)?;
    cold_start(&mut criterion);
    training(&mut criterion)?;
    criterion.final_summary();
    Ok(())
}
