//! The averaged weights on the validation images.

use std::ops::Range;

use fer_core::{Emotion, other_log_odds, softmax};

use crate::engine::Engine;
use crate::error::Result;
use crate::faces::FaceSet;
use crate::logits::{Logits, Others};
use crate::metrics::{Metrics, Outcome};
use crate::progress::ValidationMetrics;

/// Faces a forward pass.
const BATCH: usize = 1024;

/// The labeled validation images.
pub(crate) struct Validation<'a> {
    faces: &'a FaceSet,
    labels: &'a [(usize, Emotion)],
}

impl<'a> Validation<'a> {
    pub(crate) fn new(faces: &'a FaceSet, labels: &'a [(usize, Emotion)]) -> Self {
        Self { faces, labels }
    }

    /// The logits of each labeled image by the engine's averaged weights.
    pub(crate) fn logits(&self, engine: &mut Engine) -> Result<Vec<Logits>> {
        let faces: Vec<usize> = self.labels.iter().map(|&(face, _)| face).collect();
        let logits = self.all_logits(&faces, engine)?.into_iter();
        Ok(logits.map(|(classes, _)| classes).collect())
    }

    /// The log-odds of another expression than the classes in each of `faces`, by the engine's averaged weights.
    pub(crate) fn other_log_odds(&self, faces: &[usize], engine: &mut Engine) -> Result<Vec<f32>> {
        let logits = self.all_logits(faces, engine)?.into_iter();
        Ok(logits
            .map(|(classes, others)| other_log_odds(&classes, &others))
            .collect())
    }

    fn all_logits(&self, faces: &[usize], engine: &mut Engine) -> Result<Vec<(Logits, Others)>> {
        let mut logits = Vec::with_capacity(faces.len());
        for batch in faces.chunks(BATCH) {
            logits.extend(engine.logits(&self.input(batch)?)?);
        }
        Ok(logits)
    }

    /// The figures of the images in `range`, given the logits of all.
    pub(crate) fn metrics(&self, logits: &[Logits], range: Range<usize>) -> ValidationMetrics {
        let labeled = logits.iter().zip(self.labels);
        let outcomes: Vec<Outcome> = labeled
            .take(range.end)
            .skip(range.start)
            .map(|(logits, &(_, truth))| Outcome {
                truth,
                probabilities: softmax(*logits),
            })
            .collect();
        let Some(metrics) = Metrics::of(&outcomes) else {
            unreachable!("a dataset without labeled validation images is refused")
        };
        ValidationMetrics::from(&metrics)
    }

    fn input(&self, faces: &[usize]) -> Result<Vec<f32>> {
        let preprocessing = self.faces.preprocessing();
        let face_len = preprocessing.face_len();
        let mut input = vec![0.0; faces.len() * face_len];
        for (&index, input) in faces.iter().zip(input.chunks_exact_mut(face_len)) {
            preprocessing.normalize(&self.faces.face(index)?, input)?;
        }
        Ok(input)
    }
}
