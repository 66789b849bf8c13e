//! Predictions for each image by a network that was not trained on it (cross-validation).

use fer_core::{Emotion, softmax};
use fer_kernels::Threads;

use super::AuditStep;
use crate::batches::Batches;
use crate::config::{ModelSection, TrainConfig};
use crate::copies::{CopyPair, groups};
use crate::data::{Teachers, examples_without};
use crate::device::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::faces::FaceSet;
use crate::initialize::initial_weights;
use crate::logits::Logits;
use crate::random::{Purpose, Random};
use crate::trainer::Validation;

/// Parts of the images; as many networks are trained, each on all parts but one.
const FOLDS: usize = 4;

/// A small network and a few epochs: enough to tell labels that fit from labels that do not.
fn recipe() -> TrainConfig {
    TrainConfig {
        epochs: 12,
        model: ModelSection {
            channels: vec![16, 32, 64, 128],
            ..ModelSection::default()
        },
        ..TrainConfig::default()
    }
}

/// The probabilities of each face. Copies, the `pairs`, are judged by the same network: one that was trained on neither.
///
/// `progress` receives each epoch and may stop the work.
pub(super) fn probabilities(
    faces: &FaceSet,
    pairs: &[CopyPair],
    threads: &Threads,
    progress: &mut dyn FnMut(AuditStep) -> Result<()>,
) -> Result<Vec<[f32; Emotion::COUNT]>> {
    let config = recipe();
    let folds = folds(faces.len(), pairs, config.seed);
    let mut probabilities = vec![[0.0; Emotion::COUNT]; faces.len()];
    let epochs = FOLDS * config.epochs;
    for fold in 0..FOLDS {
        let judged: Vec<usize> = (0..faces.len())
            .filter(|&face| folds[face] == fold)
            .collect();
        if judged.is_empty() {
            continue;
        }
        let after_epoch = |epoch| {
            let epoch = fold * config.epochs + epoch;
            progress(AuditStep::Training { epoch, epochs })
        };
        let logits = judge(faces, &judged, &config, threads, after_epoch)?;
        for (face, logits) in judged.into_iter().zip(logits) {
            probabilities[face] = softmax(logits);
        }
    }
    Ok(probabilities)
}

/// The fold of each face, drawn at random; copies share theirs.
fn folds(faces: usize, pairs: &[CopyPair], seed: u64) -> Vec<usize> {
    let draw = |face| Random::new(seed, Purpose::Folds, 0, face as u64).below(FOLDS);
    let mut folds: Vec<usize> = (0..faces).map(draw).collect();
    for group in groups(pairs) {
        let first = folds[group[0]];
        group.into_iter().for_each(|member| folds[member] = first);
    }
    folds
}

/// The logits of the faces `judged`, ascending, by a network trained on all others.
fn judge(
    faces: &FaceSet,
    judged: &[usize],
    config: &TrainConfig,
    threads: &Threads,
    mut after_epoch: impl FnMut(usize) -> Result<()>,
) -> Result<Vec<Logits>> {
    let spec = config.training_spec()?;
    let examples = examples_without(faces, judged, config);
    let max_batch = config.batch_size.min(examples.len()).max(1);
    let weights = initial_weights(&spec, config.seed);
    let mut engine = Engine::new(Device::Cpu, config, weights, max_batch, threads)?;
    let teachers = Teachers::load(&config.distillation, faces.preprocessing())?;
    let batches = Batches::new(faces, &examples, &teachers, config, &spec, threads);
    let steps = config.epochs * batches.steps();
    for epoch in 1..=config.epochs {
        batches.for_each(epoch, 0, |step, batch, _| {
            let at = (epoch - 1) * batches.steps() + step;
            let schedule = config.schedule;
            let rate = schedule.learning_rate(config.learning_rate, config.warmup, at, steps);
            let loss = engine.step(&batch, rate)?;
            if !loss.is_finite() {
                let step = step + 1;
                return Err(Error::Diverged { epoch, step, loss });
            }
            Ok(true)
        })?;
        after_epoch(epoch)?;
    }
    let labels: Vec<(usize, Emotion)> = judged
        .iter()
        .map(|&face| (face, faces.items()[face].emotion))
        .collect();
    Validation::new(faces, &labels).logits(&mut engine)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::copies::CopyKind;

    #[test]
    fn copies_share_a_fold_and_folds_are_of_like_size() {
        let pair = |a, b| CopyPair {
            a,
            b,
            kind: CopyKind::Near,
            score: 0.9,
        };
        let pairs = [pair(3, 700), pair(700, 901), pair(5, 6)];
        let folds = folds(1000, &pairs, 0);
        assert_eq!([folds[700], folds[901]], [folds[3]; 2]);
        assert_eq!(folds[5], folds[6]);
        for fold in 0..FOLDS {
            let size = folds.iter().filter(|&&of_face| of_face == fold).count();
            assert!((200..300).contains(&size), "{size}");
        }
    }
}
