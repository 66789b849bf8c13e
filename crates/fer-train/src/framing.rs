//! Training of the network that frames faces ([`FramingNet`]).
//!
//! A crop of the dataset is itself the answer: a square that lies elsewhere in it, of another size and roll, is what the network
//! sees, and the change from there back to the crop is what it learns. No label is needed.

mod squares;

use std::path::Path;

use fer_core::framing::{FramingChange, FramingNet};
use fer_core::{Preprocessing, Weights};
use fer_kernels::{AdamW, AdamWConfig, Batch, InstructionSet, Loss, Threads, TrainPlan};

use crate::copies::copies_across;
use crate::dataset::{FolderDataset, ScanOptions};
use crate::error::Result;
use crate::faces::FaceSet;
use crate::initialize::initial_weights;
use crate::random::{Purpose, Random};
use crate::schedule::Schedule;
use squares::{Draw, draw};

/// Weights of batch statistics in the running ones.
const MOMENTUM: f32 = 0.1;
/// Threshold at which the loss turns from a square to an absolute value, in units of the network's outputs: faces whose training crop was framed
/// carelessly count less.
const BETA: f32 = 0.5;
/// The share of the steps over which the learning rate rises.
const WARM_UP: f64 = 0.2;

/// The settings of a training.
#[derive(Debug, Clone, PartialEq)]
pub struct FramingConfig {
    /// Passes over the images, each with other squares.
    pub epochs: usize,
    /// Images per step.
    pub batch_size: usize,
    /// The peak of the one-cycle learning rate.
    pub learning_rate: f64,
    /// Weight decay of AdamW.
    pub weight_decay: f32,
    /// The seed of weights, order and squares.
    pub seed: u64,
}

impl Default for FramingConfig {
    /// The settings of the network that comes with the library.
    fn default() -> Self {
        Self {
            epochs: 24,
            batch_size: 64,
            learning_rate: 3e-3,
            weight_decay: 0.02,
            seed: 0,
        }
    }
}

/// Root mean squared errors of the predicted changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramingErrors {
    /// Of the shifts across and down, in sides of the square.
    pub shift: f64,
    /// Of the natural logarithm of the size.
    pub growth: f64,
    /// Of the turn, in degrees.
    pub turn: f64,
}

/// The figures of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FramingEpoch {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss on the training images.
    pub loss: f64,
    /// Errors on the validation images, the same squares at every epoch.
    pub errors: FramingErrors,
    /// Errors of the answer that nothing is to be changed, on the same squares.
    pub without: FramingErrors,
}

/// Trains the framing network on the `train` images of a dataset, without those that have a copy in `validation` or `test`; reports
/// each epoch to `observe`.
///
/// The same settings and data give the same weights, on any number of threads.
///
/// # Errors
/// Those of scanning a dataset and reading its images.
pub fn train_framing(
    root: &Path,
    config: &FramingConfig,
    threads: &Threads,
    mut observe: impl FnMut(&FramingEpoch),
) -> Result<Weights> {
    let (train, validation) = load(root, threads)?;
    let spec = FramingNet::spec();
    let mut weights = initial_weights(&spec, config.seed);
    let optimizer = AdamWConfig {
        weight_decay: config.weight_decay,
        ..AdamWConfig::default()
    };
    let mut optimizer = AdamW::new(&spec, optimizer)?;
    let set = InstructionSet::best();
    let mut plan = TrainPlan::new(&spec, config.batch_size, set, threads.clone())?
        .with_loss(Loss::SmoothL1 { beta: BETA })?;
    let mut input = vec![0.0; config.batch_size * FramingNet::INPUT_LEN];
    let mut targets = vec![[0.0; FramingNet::OUTPUTS]; config.batch_size];

    let steps_an_epoch = train.len() / config.batch_size;
    let steps = config.epochs * steps_an_epoch;
    let mut order: Vec<usize> = (0..train.len()).collect();
    for epoch in 0..config.epochs {
        Random::new(config.seed, Purpose::Order, epoch as u64, 0).shuffle(&mut order);
        let mut loss = 0.0;
        for (step, batch) in order.chunks_exact(config.batch_size).enumerate() {
            let tasks = batch
                .iter()
                .zip(input.chunks_exact_mut(FramingNet::INPUT_LEN))
                .zip(&mut targets);
            threads.for_each(tasks, |((&index, input), target)| {
                let random = Random::new(config.seed, Purpose::Framing, epoch as u64, index as u64);
                *target = draw(&train[index], random, Draw::Training, input).outputs();
            });
            let batch = Batch {
                input: &input,
                targets: targets.as_flattened(),
                dropout: None,
            };
            loss += f64::from(plan.step(
                &weights.parameters,
                &mut weights.statistics,
                MOMENTUM,
                &batch,
            )?);
            let step = epoch * steps_an_epoch + step;
            let rate = Schedule::OneCycle.learning_rate(config.learning_rate, WARM_UP, step, steps);
            optimizer.step(
                &mut weights.parameters,
                plan.gradients(),
                rate as f32,
                threads,
            )?;
        }
        let (errors, without) = validate(&weights, &validation, config.seed, threads)?;
        observe(&FramingEpoch {
            epoch: epoch + 1,
            loss: loss / steps_an_epoch as f64,
            errors,
            without,
        });
    }
    Ok(weights)
}

/// A gray crop of the dataset, `[size, size]`.
type Crop = Vec<u8>;

/// The training crops without copies of held-out ones, and the validation crops.
fn load(root: &Path, threads: &Threads) -> Result<(Vec<Crop>, Vec<Crop>)> {
    let dataset = FolderDataset::scan(root, ScanOptions::default())?;
    let preprocessing = Preprocessing::default();
    let load = |split| FaceSet::load(dataset.root(), split, &preprocessing, usize::MAX, threads);
    let (train, validation) = (load(&dataset.train), load(&dataset.validation));
    let test = load(&dataset.test);
    let held_out = [&validation.gather()?[..], &test.gather()?];
    let side = preprocessing.input_size;
    let copies = copies_across(&train.gather()?, &held_out, side, threads);
    let crops = |faces: &FaceSet, left_out: &[usize]| {
        (0..faces.len())
            .filter(|index| left_out.binary_search(index).is_err())
            .map(|index| Ok(faces.face(index)?.into_owned()))
            .collect::<Result<Vec<Crop>>>()
    };
    Ok((crops(&train, &copies)?, crops(&validation, &[])?))
}

/// Errors on squares of the validation crops, with the network and without.
fn validate(
    weights: &Weights,
    crops: &[Crop],
    seed: u64,
    threads: &Threads,
) -> Result<(FramingErrors, FramingErrors)> {
    let net = FramingNet::new(weights)?;
    let mut outcomes: Vec<Result<(FramingChange, FramingChange)>> = Vec::new();
    for (index, crop) in crops.iter().enumerate() {
        let random = Random::new(seed, Purpose::Framing, u64::MAX, index as u64);
        let mut input = vec![0.0; FramingNet::INPUT_LEN];
        let drawn = draw(crop, random, Draw::Validation, &mut input);
        let found = net.changes(&drawn.patch, &[drawn.square], threads);
        outcomes.push(
            found
                .map_err(Into::into)
                .map(|found| (found[0], drawn.change)),
        );
    }
    let pairs = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
    let still = FramingChange {
        right: 0.0,
        down: 0.0,
        growth: 0.0,
        turn: 0.0,
    };
    let without: Vec<_> = pairs.iter().map(|(_, truth)| (still, *truth)).collect();
    Ok((errors(&pairs), errors(&without)))
}

/// Root mean squared differences of pairs of changes.
fn errors(pairs: &[(FramingChange, FramingChange)]) -> FramingErrors {
    let rms = |part: &dyn Fn(&FramingChange) -> f32| {
        let squares = pairs
            .iter()
            .map(|(found, truth)| f64::from(part(found) - part(truth)).powi(2));
        (squares.sum::<f64>() / pairs.len() as f64).sqrt()
    };
    FramingErrors {
        shift: rms(&|change| change.right).hypot(rms(&|change| change.down)) / 2f64.sqrt(),
        growth: rms(&|change| change.growth),
        turn: rms(&|change| change.turn).to_degrees(),
    }
}
