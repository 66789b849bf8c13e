//! The averaged weights on the validation images.

use fer_core::Emotion;

use crate::engine::Engine;
use crate::error::Result;
use crate::faces::FaceSet;
use crate::metrics::{Metrics, Outcome};
use crate::progress::ValidationMetrics;
use crate::softmax::{Logits, softmax};

/// Faces a forward pass.
const BATCH: usize = 1024;

/// The labelled validation images.
pub(crate) struct Validation<'a> {
    faces: &'a FaceSet,
    labels: &'a [(usize, Emotion)],
}

impl<'a> Validation<'a> {
    pub(crate) fn new(faces: &'a FaceSet, labels: &'a [(usize, Emotion)]) -> Self {
        Self { faces, labels }
    }

    /// The figures of the engine's averaged weights, and the logits of each labelled image.
    pub(crate) fn measure(&self, engine: &mut Engine) -> Result<(ValidationMetrics, Vec<Logits>)> {
        let mut logits = Vec::with_capacity(self.labels.len());
        for batch in self.labels.chunks(BATCH) {
            logits.extend(engine.logits(&self.input(batch)?)?);
        }
        let outcomes: Vec<Outcome> = logits
            .iter()
            .zip(self.labels)
            .map(|(logits, &(_, truth))| Outcome {
                truth,
                probabilities: softmax(logits, 1.0),
            })
            .collect();
        let Some(metrics) = Metrics::of(&outcomes) else {
            unreachable!("a dataset without labelled validation images is refused")
        };
        Ok((ValidationMetrics::from(&metrics), logits))
    }

    fn input(&self, labels: &[(usize, Emotion)]) -> Result<Vec<f32>> {
        let preprocessing = self.faces.preprocessing();
        let face_len = preprocessing.face_len();
        let mut input = vec![0.0; labels.len() * face_len];
        for (&(index, _), input) in labels.iter().zip(input.chunks_exact_mut(face_len)) {
            preprocessing.normalize(&self.faces.face(index)?, input)?;
        }
        Ok(input)
    }
}
