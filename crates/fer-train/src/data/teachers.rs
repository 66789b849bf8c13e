//! Distillation: targets softened by what trained models answer (Hinton, Vinyals and Dean 2015).

use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, MAX_MODEL_BYTES, Preprocessing, softmax};
use fer_kernels::Threads;
use sha2::{Digest, Sha256};

use super::targets::Example;
use crate::config::{DistillationConfig, TeacherViews};
use crate::digest::hex;
use crate::error::{Error, Result};
use crate::faces::FaceSet;
use crate::logits::Logits;
use crate::progress::{Observer, Preparation};
use crate::read::read_file;

/// Images a forward pass.
const BATCH: usize = 128;

/// The teachers' models; there may be none.
#[derive(Debug)]
pub(crate) struct Teachers {
    teachers: Vec<Teacher>,
    weight: f32,
    temperature: f32,
    views: TeacherViews,
}

#[derive(Debug)]
struct Teacher {
    classifier: Classifier,
    digest: String,
}

impl Teachers {
    /// Loads the teachers of `config`; each must take faces of the same size and resize filter as `student`.
    pub(crate) fn load(config: &DistillationConfig, student: &Preprocessing) -> Result<Self> {
        let load = |path: &PathBuf| Teacher::load(path, student);
        let teachers = config.teachers.iter().map(load).collect::<Result<_>>()?;
        Ok(Self {
            teachers,
            weight: config.weight,
            temperature: config.temperature,
            views: config.views,
        })
    }

    /// SHA-256 of each model file.
    pub(super) fn digests(&self) -> Vec<String> {
        self.teachers
            .iter()
            .map(|teacher| teacher.digest.clone())
            .collect()
    }

    /// Mixes into each target the teachers' mean answer to the image and to its mirror image, if they see images as they are.
    pub(super) fn soften_examples(
        &self,
        faces: &FaceSet,
        examples: &mut [Example],
        threads: &Threads,
        observer: &mut dyn Observer,
    ) -> Result<()> {
        if self.teachers.is_empty() || self.views != TeacherViews::Original {
            return Ok(());
        }
        observer.preparing(Preparation::AskingTeachers);
        let batches: Vec<&mut [Example]> = examples.chunks_mut(BATCH).collect();
        let mut outcomes: Vec<Result<()>> = batches.iter().map(|_| Ok(())).collect();
        threads.for_each(
            batches.into_iter().zip(&mut outcomes),
            |(batch, outcome)| {
                *outcome = self.soften_with_mirrored(faces, batch);
            },
        );
        outcomes.into_iter().collect()
    }

    fn soften_with_mirrored(&self, faces: &FaceSet, examples: &mut [Example]) -> Result<()> {
        let size = faces.preprocessing().input_size;
        let mut views = Vec::with_capacity(2 * examples.len() * size * size);
        for example in &*examples {
            let face = faces.face(example.face)?;
            views.extend_from_slice(&face);
            views.extend(face.chunks_exact(size).flat_map(|row| row.iter().rev()));
        }
        let answers = self.answers::<2>(&views)?;
        for (example, answer) in examples.iter_mut().zip(answers) {
            self.mix(&mut example.target[..Emotion::COUNT], &answer);
        }
        Ok(())
    }

    /// Returns whether there are teachers who see augmented images before they are made worse.
    pub(crate) fn see_clean_views(&self) -> bool {
        !self.teachers.is_empty() && self.views == TeacherViews::Clean
    }

    /// Mixes the teachers' mean answer to the faces `[N, size, size]` into the targets `[N, outputs]`, if the teachers see images as
    /// augmented or before they are made worse. Works on the calling thread.
    pub(crate) fn soften_batch(
        &self,
        faces: &[u8],
        targets: &mut [f32],
        outputs: usize,
    ) -> Result<()> {
        if self.teachers.is_empty() || self.views == TeacherViews::Original {
            return Ok(());
        }
        let answers = self.answers::<1>(faces)?;
        for (target, answer) in targets.chunks_exact_mut(outputs).zip(answers) {
            self.mix(&mut target[..Emotion::COUNT], &answer);
        }
        Ok(())
    }

    /// The mean answer of the teachers to each `VIEWS` consecutive faces.
    fn answers<const VIEWS: usize>(&self, faces: &[u8]) -> Result<Vec<Logits>> {
        let mut answers: Vec<Logits> = Vec::new();
        for teacher in &self.teachers {
            let logits = teacher.classifier.logits(faces)?;
            let (logits, _) = logits.as_chunks::<VIEWS>();
            answers.resize(logits.len(), [0.0; Emotion::COUNT]);
            for (answer, views) in answers.iter_mut().zip(logits) {
                for view in views {
                    let taught = softmax(view.map(|logit| logit / self.temperature));
                    answer
                        .iter_mut()
                        .zip(taught)
                        .for_each(|(sum, share)| *sum += share);
                }
            }
        }
        let count = (VIEWS * self.teachers.len()) as f32;
        let mean = |answer: Logits| answer.map(|sum| sum / count);
        Ok(answers.into_iter().map(mean).collect())
    }

    /// Mixes an answer into the classes of a target, whose sum stays.
    fn mix(&self, target: &mut [f32], answer: &Logits) {
        let sum: f32 = target.iter().sum();
        for (share, taught) in target.iter_mut().zip(answer) {
            *share += self.weight * (sum * taught - *share);
        }
    }
}

impl Teacher {
    fn load(path: &Path, student: &Preprocessing) -> Result<Self> {
        let bytes = read_file(path, MAX_MODEL_BYTES)?;
        let classifier = Classifier::from_bytes(&bytes)
            .map_err(|error| error.at(path))?
            .with_threads(1);
        let own = &classifier.model().preprocessing;
        if (own.input_size, own.filter) != (student.input_size, student.filter) {
            let words = |preprocessing: &Preprocessing| {
                let Preprocessing {
                    input_size, filter, ..
                } = preprocessing;
                format!("{input_size}x{input_size} pixels by the filter {filter:?}")
            };
            return Err(Error::Teacher {
                path: path.to_owned(),
                expected: words(student),
                found: words(own),
            });
        }
        Ok(Self {
            classifier,
            digest: hex(&Sha256::digest(&bytes)),
        })
    }
}

#[cfg(test)]
mod tests {
    use fer_core::WeightStorage;

    use super::*;
    use crate::data::targets::{MAX_OUTPUTS, Target};
    use crate::testing::gray_levels::{LEVELS, gray_levels};

    /// One hot, and half of the votes for something else.
    const TARGETS: [Target; 2] = [
        [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [0.125, 0.375, 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.3],
    ];
    const TEMPERATURE: f32 = 2.0;

    fn pixels() -> Vec<u8> {
        LEVELS[..2].iter().flat_map(|&level| [level; 64]).collect()
    }

    /// Two teachers that answer alike.
    fn teachers(folder: &Path, weight: f32, views: TeacherViews) -> Teachers {
        let path = folder.join("teacher.safetensors");
        let teacher = gray_levels();
        teacher.model().save(&path, WeightStorage::F32).unwrap();
        let config = DistillationConfig {
            teachers: vec![path.clone(), path],
            weight,
            temperature: TEMPERATURE,
            views,
        };
        Teachers::load(&config, &teacher.model().preprocessing).unwrap()
    }

    fn by_example(teachers: &Teachers) -> Vec<Target> {
        let preprocessing = gray_levels().model().preprocessing.clone();
        let faces = FaceSet::from_pixels(&preprocessing, &[Emotion::Happy; 2], pixels());
        let mut examples = [0, 1].map(|face| Example {
            face,
            target: TARGETS[face],
        });
        let threads = Threads::new(2).unwrap();
        teachers
            .soften_examples(&faces, &mut examples, &threads, &mut ())
            .unwrap();
        examples.map(|example| example.target).to_vec()
    }

    fn by_batch(teachers: &Teachers) -> Vec<Target> {
        let mut targets = TARGETS;
        teachers
            .soften_batch(&pixels(), targets.as_flattened_mut(), MAX_OUTPUTS)
            .unwrap();
        targets.to_vec()
    }

    #[test]
    fn teachers_take_their_share_of_each_target() {
        let folder = tempfile::tempdir().unwrap();
        let logits = gray_levels().logits(&pixels()).unwrap();
        for weight in [0.0, 0.3, 1.0] {
            let softened = by_example(&teachers(folder.path(), weight, TeacherViews::Original));
            // One level each: an image is its own mirror image.
            let augmented = teachers(folder.path(), weight, TeacherViews::Augmented);
            assert_eq!(softened, by_batch(&augmented));
            for ((target, before), logits) in softened.iter().zip(TARGETS).zip(&logits) {
                let sum: f32 = before[..Emotion::COUNT].iter().sum();
                let taught = softmax(logits.map(|logit| logit / TEMPERATURE));
                for ((share, before), taught) in target.iter().zip(before).zip(taught) {
                    let expected = (1.0 - weight) * before + weight * sum * taught;
                    assert!((share - expected).abs() < 1e-6, "{share} {expected}");
                }
                assert_eq!(
                    target[Emotion::COUNT..],
                    before[Emotion::COUNT..],
                    "nothing is taught of others"
                );
            }
        }
    }

    #[test]
    fn a_target_that_weighs_less_still_does() {
        let folder = tempfile::tempdir().unwrap();
        let teachers = teachers(folder.path(), 0.6, TeacherViews::Augmented);
        let mut targets = [0.0, 0.5, 0.0, 0.0];
        teachers
            .soften_batch(&pixels()[..64], &mut targets, Emotion::COUNT)
            .unwrap();
        assert!((targets.iter().sum::<f32>() - 0.5).abs() < 1e-6);
        assert!(targets[1] < 0.3);
    }

    #[test]
    fn teachers_soften_either_before_the_training_or_during_it() {
        let folder = tempfile::tempdir().unwrap();
        let original = teachers(folder.path(), 1.0, TeacherViews::Original);
        assert_eq!(by_batch(&original), TARGETS);
        for views in [TeacherViews::Augmented, TeacherViews::Clean] {
            let during = teachers(folder.path(), 1.0, views);
            assert_eq!(by_example(&during), TARGETS);
            assert_ne!(by_batch(&during), TARGETS);
        }
    }
}
