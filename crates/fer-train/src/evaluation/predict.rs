//! From files to answers: decoding on all threads, prediction in batches.

use std::ops::ControlFlow;
use std::path::Path;

use fer_core::{Classifier, ErrorKind, Image, ImageView, Prediction, Preprocessing, chain};
use fer_kernels::Threads;
use serde::Serialize;

use super::{EvaluationOptions, FailedImage};
use crate::dataset::{ClassFolders, Item, Unreadable};
use crate::error::{Error, Result};
use crate::paths::portable;

/// Images decoded and predicted at a time; bounds the memory.
const BATCH: usize = 512;

/// Finds the face in an image and returns it ready for the network, as [`Preprocessing::face_bytes`] writes it, or several views of
/// it one after the other; nothing where there is none.
pub type FindFace<'a> = dyn Fn(&ImageView<'_>) -> Result<Vec<u8>, FaceError> + Sync + 'a;

/// Reason for which an image could not be turned into a face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct FaceError {
    /// The stable class of the error.
    pub kind: ErrorKind,
    /// Explanation of the fault.
    pub message: String,
}

impl From<fer_core::Error> for FaceError {
    fn from(error: fer_core::Error) -> Self {
        Self {
            kind: error.kind(),
            message: chain(&error),
        }
    }
}

/// The [`FindFace`] for crops: the whole image is the face.
pub fn whole_image(
    preprocessing: &Preprocessing,
) -> impl Fn(&ImageView<'_>) -> Result<Vec<u8>, FaceError> + Sync {
    |image| {
        let mut face = vec![0; preprocessing.face_len()];
        preprocessing.face_bytes(image, &mut face)?;
        Ok(face)
    }
}

/// The answer for one image.
pub(super) struct Answer<'a> {
    pub(super) item: &'a Item,
    pub(super) prediction: Prediction,
}

/// The answers for a folder, and what could not be answered.
#[derive(Default)]
pub(super) struct Answers<'a> {
    pub(super) scored: Vec<Answer<'a>>,
    pub(super) no_face: usize,
    pub(super) failed: Vec<FailedImage>,
}

pub(super) fn predict<'a>(
    classifier: &Classifier,
    folder: &'a ClassFolders,
    options: EvaluationOptions<'_>,
    progress: &mut impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Answers<'a>> {
    let preprocessing = &classifier.model().preprocessing;
    let whole = whole_image(preprocessing);
    let find_face = options.find_face.unwrap_or(&whole);
    let threads = Threads::new(options.threads)?;

    let mut answers = Answers {
        failed: folder
            .split
            .unreadable
            .iter()
            .map(FailedImage::from)
            .collect(),
        ..Answers::default()
    };
    let items = &folder.split.items;
    let mut tell = |done| match progress(done, items.len()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted),
    };
    for (batch, items) in items.chunks(BATCH).enumerate() {
        tell(batch * BATCH)?;
        let mut prepared: Vec<Result<Vec<u8>, FaceError>> =
            items.iter().map(|_| Ok(Vec::new())).collect();
        threads.for_each(items.iter().zip(&mut prepared), |(item, prepared)| {
            *prepared = prepare(&folder.root().join(&item.path), find_face);
        });
        answers.add(classifier, items, prepared)?;
    }
    tell(items.len())?;
    Ok(answers)
}

/// Reads an image file and finds its face.
fn prepare(path: &Path, find_face: &FindFace<'_>) -> Result<Vec<u8>, FaceError> {
    let image = Image::open(path)?;
    find_face(&image.view())
}

impl<'a> Answers<'a> {
    /// Predicts the faces that were found and files the rest.
    fn add(
        &mut self,
        classifier: &Classifier,
        items: &'a [Item],
        prepared: Vec<Result<Vec<u8>, FaceError>>,
    ) -> Result<()> {
        let face_len = classifier.model().preprocessing.face_len();
        let (mut found, mut faces, mut views) = (Vec::new(), Vec::new(), Vec::new());
        for (item, prepared) in items.iter().zip(prepared) {
            match prepared {
                Ok(face) if face.is_empty() => self.no_face += 1,
                Ok(face) => {
                    found.push(item);
                    views.push(face.len() / face_len);
                    faces.extend_from_slice(&face);
                }
                Err(error) => self.failed.push(FailedImage {
                    path: portable(&item.path),
                    kind: error.kind,
                    message: error.message,
                }),
            }
        }
        let predictions = classifier.predict_views(&faces, &views)?;
        self.scored.extend(
            found
                .into_iter()
                .zip(predictions)
                .map(|(item, prediction)| Answer { item, prediction }),
        );
        Ok(())
    }
}

impl From<&Unreadable> for FailedImage {
    fn from(file: &Unreadable) -> Self {
        Self {
            path: portable(&file.path),
            kind: ErrorKind::Io,
            message: file.reason.clone(),
        }
    }
}
