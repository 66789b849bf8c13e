//! From images to the batches of an epoch, made ahead in the background.

mod visit;

use std::ops::Range;
use std::time::Duration;

use fer_core::Preprocessing;
use fer_kernels::{NetworkSpec, Threads};

use crate::augment::{Augmenter, mix_batch};
use crate::config::{AugmentationConfig, TrainConfig};
use crate::data::{Example, Teachers};
use crate::error::Result;
use crate::faces::FaceSet;
use crate::random::{Purpose, Random};
use visit::{visit_made_ahead, visit_made_in_turn};

/// Images that one task makes.
const IMAGES_A_TASK: usize = 8;

/// Inputs and targets of one training step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TrainingBatch {
    /// Normalized images, `[N, size, size]`.
    pub(crate) input: Vec<f32>,
    /// Weighted targets, `[N, outputs]`.
    pub(crate) targets: Vec<f32>,
    /// Outputs of the network in training.
    pub(crate) outputs: usize,
    /// Factors on the pooled features, `[N, features]`: 0, or what keeps the mean.
    pub(crate) dropout: Option<Vec<f32>>,
}

impl TrainingBatch {
    /// The number of images.
    pub(crate) fn len(&self) -> usize {
        self.targets.len() / self.outputs
    }
}

/// Makes the batches of a run.
#[derive(Debug, Clone)]
pub(crate) struct Batches<'a> {
    faces: &'a FaceSet,
    examples: &'a [Example],
    teachers: &'a Teachers,
    preprocessing: Preprocessing,
    augmentation: AugmentationConfig,
    dropout: f32,
    /// Features that the head sees.
    features: usize,
    /// Outputs that the head has.
    outputs: usize,
    batch_size: usize,
    seed: u64,
    threads: Threads,
}

impl<'a> Batches<'a> {
    pub(crate) fn new(
        faces: &'a FaceSet,
        examples: &'a [Example],
        teachers: &'a Teachers,
        config: &TrainConfig,
        spec: &NetworkSpec,
        threads: &Threads,
    ) -> Self {
        Self {
            faces,
            examples,
            teachers,
            preprocessing: config.preprocessing(),
            augmentation: config.augmentation.clone(),
            dropout: config.dropout,
            features: spec.features(),
            outputs: spec.classes,
            batch_size: config.batch_size,
            seed: config.seed,
            threads: threads.clone(),
        }
    }

    /// Steps an epoch.
    pub(crate) fn steps(&self) -> usize {
        self.examples.len().div_ceil(self.batch_size)
    }

    /// The examples of a step within the epoch's order: all steps together cover each once, in nearly equal parts.
    fn range(&self, step: usize) -> Range<usize> {
        let (count, steps) = (self.examples.len(), self.steps());
        count * step / steps..count * (step + 1) / steps
    }

    /// Calls `visit` with each batch of `epoch` from `first_step` on, in order, and with the time that it was waited
    /// for, until all are done or `visit` returns `Ok(false)`. A thread in the background makes the next batch meanwhile, unless
    /// the run may use one thread only.
    pub(crate) fn for_each(
        &self,
        epoch: usize,
        first_step: usize,
        visit: impl FnMut(usize, TrainingBatch, Duration) -> Result<bool>,
    ) -> Result<()> {
        let order = self.order(epoch);
        let steps = first_step..self.steps();
        let make = |step| self.batch(&order, epoch, step);
        if self.threads.count() > 1 {
            visit_made_ahead(steps, make, visit)
        } else {
            visit_made_in_turn(steps, make, visit)
        }
    }

    /// The order of the examples in an epoch.
    fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.examples.len()).collect();
        Random::new(self.seed, Purpose::Order, epoch as u64, 0).shuffle(&mut order);
        order
    }

    fn batch(&self, order: &[usize], epoch: usize, step: usize) -> Result<TrainingBatch> {
        let chosen = &order[self.range(step)];
        let face_len = self.preprocessing.face_len();
        let mut input = vec![0.0; chosen.len() * face_len];
        let mut targets: Vec<f32> = chosen
            .iter()
            .flat_map(|&example| &self.examples[example].target[..self.outputs])
            .copied()
            .collect();
        let mut outcomes: Vec<Result<()>> = Vec::new();
        outcomes.resize_with(chosen.len().div_ceil(IMAGES_A_TASK), || Ok(()));
        let tasks = chosen
            .chunks(IMAGES_A_TASK)
            .zip(input.chunks_mut(IMAGES_A_TASK * face_len))
            .zip(targets.chunks_mut(IMAGES_A_TASK * self.outputs))
            .zip(&mut outcomes);
        self.threads
            .for_each(tasks, |(((examples, input), targets), outcome)| {
                *outcome = self.make(examples, epoch, input, targets);
            });
        outcomes.into_iter().collect::<Result<()>>()?;

        let mut random = Random::new(self.seed, Purpose::Mixing, epoch as u64, step as u64);
        let size = self.preprocessing.input_size;
        mix_batch(
            &self.augmentation,
            &mut input,
            &mut targets,
            size,
            self.outputs,
            &mut random,
        );
        Ok(TrainingBatch {
            input,
            targets,
            outputs: self.outputs,
            dropout: self.dropout_factors(chosen, epoch),
        })
    }

    /// Writes the augmented and normalized images of `examples` to `input`, and lets the teachers soften their targets.
    fn make(
        &self,
        examples: &[usize],
        epoch: usize,
        input: &mut [f32],
        targets: &mut [f32],
    ) -> Result<()> {
        let face_len = self.preprocessing.face_len();
        let mut augmenter = Augmenter::new(&self.augmentation, self.preprocessing.input_size);
        let mut augmented = vec![0; examples.len() * face_len];
        let mut clean = self.teachers.see_clean_views().then(|| augmented.clone());
        for (index, &example) in examples.iter().enumerate() {
            let place = index * face_len..(index + 1) * face_len;
            let face = self.faces.face(self.examples[example].face)?;
            let mut random = Random::new(
                self.seed,
                Purpose::Augmentation,
                epoch as u64,
                example as u64,
            );
            let clean = clean.as_mut().map(|views| &mut views[place.clone()]);
            augmenter.apply(&face, &mut random, clean, &mut augmented[place])?;
        }
        let taught = clean.as_ref().unwrap_or(&augmented);
        self.teachers.soften_batch(taught, targets, self.outputs)?;
        Ok(self.preprocessing.normalize(&augmented, input)?)
    }

    /// Inverted dropout (Srivastava et al. 2014): what is kept is scaled so that the mean stays.
    fn dropout_factors(&self, examples: &[usize], epoch: usize) -> Option<Vec<f32>> {
        if self.dropout == 0.0 {
            return None;
        }
        let kept = 1.0 / (1.0 - self.dropout);
        let mut factors = vec![kept; examples.len() * self.features];
        for (&example, factors) in examples.iter().zip(factors.chunks_exact_mut(self.features)) {
            let mut random = Random::new(self.seed, Purpose::Dropout, epoch as u64, example as u64);
            factors
                .iter_mut()
                .filter(|_| random.chance(self.dropout))
                .for_each(|factor| *factor = 0.0);
        }
        Some(factors)
    }
}

#[cfg(test)]
mod tests {
    use fer_core::{Emotion, WeightStorage};

    use super::*;
    use crate::config::{ModelSection, TeacherViews};
    use crate::testing::gray_levels::gray_levels;

    const SIZE: usize = 8;

    fn config() -> TrainConfig {
        TrainConfig {
            batch_size: 4,
            dropout: 0.25,
            model: ModelSection {
                input_size: SIZE,
                channels: vec![16],
                ..ModelSection::default()
            },
            ..TrainConfig::default()
        }
    }

    /// Ten happy faces, and examples whose targets name them.
    fn faces_and_examples() -> (FaceSet, Vec<Example>) {
        let pixels = (0..10 * SIZE * SIZE)
            .map(|pixel| (pixel % 199) as u8)
            .collect();
        let faces = FaceSet::from_pixels(&config().preprocessing(), &[Emotion::Happy; 10], pixels);
        let examples = (0..10)
            .map(|face| Example {
                face,
                target: std::array::from_fn(|output| if output == 0 { face as f32 } else { 0.0 }),
            })
            .collect();
        (faces, examples)
    }

    fn no_teachers() -> Teachers {
        Teachers::load(&config().distillation, &config().preprocessing()).unwrap()
    }

    fn epoch(threads: usize, epoch: usize, first_step: usize) -> Vec<TrainingBatch> {
        epoch_of(&config(), threads, epoch, first_step)
    }

    fn epoch_of(
        config: &TrainConfig,
        threads: usize,
        epoch: usize,
        first_step: usize,
    ) -> Vec<TrainingBatch> {
        let (faces, examples) = faces_and_examples();
        let threads = Threads::new(threads).unwrap();
        let teachers = Teachers::load(&config.distillation, &config.preprocessing()).unwrap();
        let spec = config.training_spec().unwrap();
        let batches = Batches::new(&faces, &examples, &teachers, config, &spec, &threads);
        let mut seen = Vec::new();
        batches
            .for_each(epoch, first_step, |step, batch, _| {
                assert_eq!(step, first_step + seen.len());
                seen.push(batch);
                Ok(true)
            })
            .unwrap();
        seen
    }

    #[test]
    fn an_epoch_shows_each_example_once_in_nearly_equal_batches() {
        let batches = epoch(1, 1, 0);
        let sizes: Vec<usize> = batches.iter().map(TrainingBatch::len).collect();
        assert_eq!(sizes, [3, 3, 4]);
        let mut seen: Vec<f32> = batches
            .iter()
            .flat_map(|batch| batch.targets.iter().step_by(4).copied())
            .collect();
        assert!(!seen.is_sorted());
        seen.sort_by(f32::total_cmp);
        assert!(seen.into_iter().eq((0..10).map(|face| face as f32)));
    }

    #[test]
    fn batches_depend_on_the_epoch_and_neither_on_threads_nor_on_where_it_is_entered() {
        let whole = epoch(1, 3, 0);
        assert_eq!(whole, epoch(3, 3, 0));
        assert_eq!(whole[1..], epoch(1, 3, 1));
        assert_ne!(whole, epoch(1, 4, 0));
    }

    #[test]
    fn teachers_of_clean_views_do_not_see_what_is_made_worse() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("teacher.safetensors");
        gray_levels()
            .model()
            .save(&path, WeightStorage::F32)
            .unwrap();
        let views_and_strength = |views, worse| {
            let mut config = config();
            config.filter = gray_levels().model().preprocessing.filter;
            config.distillation.teachers = vec![path.clone()];
            config.distillation.views = views;
            config.augmentation = AugmentationConfig {
                brightness: 0.1,
                low_light: worse,
                mask: worse,
                ..AugmentationConfig::none()
            };
            epoch_of(&config, 2, 1, 0)
        };
        let clean = views_and_strength(TeacherViews::Clean, 1.0);
        let mild = views_and_strength(TeacherViews::Augmented, 0.0);
        let worse = views_and_strength(TeacherViews::Augmented, 1.0);
        for ((clean, mild), worse) in clean.iter().zip(&mild).zip(&worse) {
            assert_eq!(clean.targets, mild.targets);
            assert_ne!(clean.targets, worse.targets);
            assert_eq!(clean.input, worse.input);
        }
    }

    #[test]
    fn dropout_keeps_the_mean() {
        let factors: Vec<f32> = epoch(1, 1, 0)
            .into_iter()
            .flat_map(|batch| batch.dropout.unwrap())
            .collect();
        assert!(
            factors
                .iter()
                .all(|&factor| factor == 0.0 || (factor - 4.0 / 3.0).abs() < 1e-6)
        );
        let mean = factors.iter().sum::<f32>() / factors.len() as f32;
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn whoever_visits_may_stop() {
        let (faces, examples) = faces_and_examples();
        let (teachers, threads) = (no_teachers(), Threads::new(1).unwrap());
        let spec = config().training_spec().unwrap();
        let batches = Batches::new(&faces, &examples, &teachers, &config(), &spec, &threads);
        let mut steps = 0;
        batches
            .for_each(1, 0, |_, _, _| {
                steps += 1;
                Ok(steps < 2)
            })
            .unwrap();
        assert_eq!(steps, 2);
    }
}
