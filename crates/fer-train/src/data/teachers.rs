//! Distillation: targets softened by what trained models answer (Hinton, Vinyals and Dean 2015).

use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, Preprocessing};
use fer_kernels::Threads;
use sha2::{Digest, Sha256};

use super::hex;
use super::targets::{Example, Target};
use crate::config::DistillationConfig;
use crate::error::{Error, Result};
use crate::faces::Faces;
use crate::progress::{Observer, Preparation};
use crate::softmax::softmax;

/// Images a forward pass.
const BATCH: usize = 128;

/// The teachers' models.
pub(super) struct Teachers {
    teachers: Vec<Teacher>,
    weight: f32,
    temperature: f32,
}

struct Teacher {
    classifier: Classifier,
    digest: String,
}

impl Teachers {
    /// Loads the teachers of `config`; each must take faces of the same size and resize filter as `student`.
    pub(super) fn load(
        config: &DistillationConfig,
        student: &Preprocessing,
        threads: &Threads,
    ) -> Result<Self> {
        let load = |path: &PathBuf| Teacher::load(path, student, threads);
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

    /// Mixes into each target the mean answer of the teachers to the image and to its mirror image.
    pub(super) fn soften(
        &self,
        faces: &Faces,
        examples: &mut [Example],
        observer: &mut dyn Observer,
    ) -> Result<()> {
        if self.teachers.is_empty() {
            return Ok(());
        }
        observer.preparing(Preparation::AskingTeachers);
        for batch in examples.chunks_mut(BATCH) {
            let answers = self.answers(faces, batch)?;
            for (example, answer) in batch.iter_mut().zip(answers) {
                for (share, taught) in example.target.iter_mut().zip(answer) {
                    *share += self.weight * (taught - *share);
                }
            }
        }
        Ok(())
    }

    fn answers(&self, faces: &Faces, batch: &[Example]) -> Result<Vec<Target>> {
        let size = faces.preprocessing().input_size;
        let mut views = Vec::with_capacity(2 * batch.len() * size * size);
        for example in batch {
            let face = faces.face(example.face)?;
            views.extend_from_slice(&face);
            views.extend(face.chunks_exact(size).flat_map(|row| row.iter().rev()));
        }
        let mut sums = vec![[0.0; Emotion::COUNT]; batch.len()];
        for teacher in &self.teachers {
            let logits = teacher.classifier.logits(&views)?;
            for (sum, pair) in sums.iter_mut().zip(logits.chunks_exact(2)) {
                for view in pair {
                    add(sum, &softmax(view, self.temperature));
                }
            }
        }
        let count = 2.0 * self.teachers.len() as f32;
        Ok(sums
            .into_iter()
            .map(|sum| sum.map(|sum| sum / count))
            .collect())
    }
}

impl Teacher {
    fn load(path: &Path, student: &Preprocessing, threads: &Threads) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::io("read", path, source))?;
        let classifier = Classifier::from_bytes(&bytes)
            .map_err(|error| error.at(path))?
            .with_threads(threads.count());
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

fn add(sum: &mut Target, values: &Target) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value;
    }
}
