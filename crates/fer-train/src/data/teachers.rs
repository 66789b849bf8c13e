//! Distillation: targets softened by what trained models answer (Hinton, Vinyals and Dean 2015).
//!
//! The teachers see every image as the student does, augmented: a target that was made once for the image itself would ask for
//! certainty about what the augmentation has hidden (Beyer et al. 2022, "Knowledge distillation: A good teacher is patient and
//! consistent").

use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, Preprocessing};
use sha2::{Digest, Sha256};

use super::hex;
use super::targets::Target;
use crate::config::DistillationConfig;
use crate::error::{Error, Result};
use crate::softmax::softmax;

/// The teachers' models; there may be none.
#[derive(Debug)]
pub(crate) struct Teachers {
    teachers: Vec<Teacher>,
    weight: f32,
    temperature: f32,
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
        })
    }

    /// SHA-256 of each model file.
    pub(super) fn digests(&self) -> Vec<String> {
        self.teachers
            .iter()
            .map(|teacher| teacher.digest.clone())
            .collect()
    }

    /// Mixes the mean answer of the teachers into the targets `[N, classes]` of faces `[N, size, size]`. A target keeps its sum.
    ///
    /// Works on the calling thread.
    pub(crate) fn soften(&self, faces: &[u8], targets: &mut [f32]) -> Result<()> {
        let count = self.teachers.len() as f32;
        let mut answers: Vec<Target> = vec![[0.0; Emotion::COUNT]; targets.len() / Emotion::COUNT];
        for teacher in &self.teachers {
            for (answer, logits) in answers.iter_mut().zip(teacher.classifier.logits(faces)?) {
                let taught = softmax(&logits, self.temperature);
                for (answer, taught) in answer.iter_mut().zip(taught) {
                    *answer += taught / count;
                }
            }
        }
        let weight = if self.teachers.is_empty() {
            0.0
        } else {
            self.weight
        };
        for (target, answer) in targets.chunks_exact_mut(Emotion::COUNT).zip(answers) {
            let sum: f32 = target.iter().sum();
            for (share, taught) in target.iter_mut().zip(answer) {
                *share += weight * (sum * taught - *share);
            }
        }
        Ok(())
    }
}

impl Teacher {
    fn load(path: &Path, student: &Preprocessing) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
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
    use crate::gray_levels::{LEVELS, gray_levels};

    #[test]
    fn teachers_take_their_share_of_each_target_and_leave_its_sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("teacher.safetensors");
        let teacher = gray_levels();
        teacher.model().save(&path, WeightStorage::F32).unwrap();
        let config = |weight| DistillationConfig {
            teachers: vec![path.clone(), path.clone()],
            weight,
            temperature: 2.0,
        };
        let faces: Vec<u8> = LEVELS[..2].iter().flat_map(|&level| [level; 64]).collect();
        // The second image counts half.
        let targets = [0.0, 0.0, 1.0, 0.0, 0.25, 0.25, 0.0, 0.0];
        let taught = |weight| {
            let preprocessing = &teacher.model().preprocessing;
            let teachers = Teachers::load(&config(weight), preprocessing).unwrap();
            let mut targets = targets;
            teachers.soften(&faces, &mut targets).unwrap();
            targets
        };
        assert_eq!(taught(0.0), targets);
        let logits = teacher.logits(&faces).unwrap();
        let answers = [softmax(&logits[0], 2.0), softmax(&logits[1], 2.0)];
        let expected = |weight: f32, index: usize| {
            let sum = [1.0, 0.5][index / 4];
            (1.0 - weight) * targets[index] + weight * sum * answers[index / 4][index % 4]
        };
        for weight in [0.3, 1.0] {
            for (index, share) in taught(weight).into_iter().enumerate() {
                assert!(
                    (share - expected(weight, index)).abs() < 1e-6,
                    "{index}: {share}"
                );
            }
        }
    }
}
