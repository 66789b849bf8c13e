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

/// Finds the face in an image and writes it ready for the network, as [`Preprocessing::face_bytes`] does; `false` where there is
/// none.
pub type FindFace<'a> = dyn Fn(&ImageView<'_>, &mut [u8]) -> Result<bool, FaceError> + Sync + 'a;

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
) -> impl Fn(&ImageView<'_>, &mut [u8]) -> Result<bool, FaceError> + Sync {
    |image, face| {
        preprocessing.face_bytes(image, face)?;
        Ok(true)
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
        let mut prepared: Vec<Result<Option<Vec<u8>>, FaceError>> =
            items.iter().map(|_| Ok(None)).collect();
        threads.for_each(items.iter().zip(&mut prepared), |(item, prepared)| {
            *prepared = prepare(&folder.root().join(&item.path), preprocessing, find_face);
        });
        answers.add(classifier, items, prepared)?;
    }
    tell(items.len())?;
    Ok(answers)
}

/// Reads an image file and finds its face.
fn prepare(
    path: &Path,
    preprocessing: &Preprocessing,
    find_face: &FindFace<'_>,
) -> Result<Option<Vec<u8>>, FaceError> {
    let image = Image::open(path)?;
    let mut face = vec![0; preprocessing.face_len()];
    Ok(find_face(&image.view(), &mut face)?.then_some(face))
}

impl<'a> Answers<'a> {
    /// Predicts the faces that were found and files the rest.
    fn add(
        &mut self,
        classifier: &Classifier,
        items: &'a [Item],
        prepared: Vec<Result<Option<Vec<u8>>, FaceError>>,
    ) -> Result<()> {
        let (mut found, mut faces) = (Vec::new(), Vec::new());
        for (item, prepared) in items.iter().zip(prepared) {
            match prepared {
                Ok(Some(face)) => {
                    found.push(item);
                    faces.extend_from_slice(&face);
                }
                Ok(None) => self.no_face += 1,
                Err(error) => self.failed.push(FailedImage {
                    path: portable(&item.path),
                    kind: error.kind,
                    message: error.message,
                }),
            }
        }
        let predictions = classifier.predict_faces(&faces)?;
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
