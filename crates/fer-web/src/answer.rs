//! Answers as JSON.

use fer_core::{
    Emotion, MAX_IMAGE_FILE_BYTES, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE, PerEmotion, Prediction,
};
use fer_vision::{Face, TrackedFace};
use serde::Serialize;

use crate::error::{Error, Result};

/// Answer to a request: `{"ok": ..}` or `{"error": {"kind", "message"}}`.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer<T> {
    Ok(T),
    Error(Error),
}

impl<T> From<Result<T>> for Answer<T> {
    fn from(result: Result<T>) -> Self {
        result.map_or_else(Self::Error, Self::Ok)
    }
}

/// Names and limits that the JavaScript around the module has to know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    version: &'static str,
    emotions: [Emotion; Emotion::COUNT],
    max_image_side: u32,
    max_image_pixels: u64,
    max_file_bytes: u64,
}

impl About {
    pub(crate) const THIS_BUILD: Self = Self {
        version: env!("CARGO_PKG_VERSION"),
        emotions: Emotion::ALL,
        max_image_side: MAX_IMAGE_SIDE,
        max_image_pixels: MAX_IMAGE_PIXELS,
        max_file_bytes: MAX_IMAGE_FILE_BYTES,
    };
}

/// A face with what the Python package computes on asking: p-values, and whether another expression shows.
#[derive(Serialize)]
pub(crate) struct FaceAnswer<F> {
    #[serde(flatten)]
    face: F,
    p_values: PerEmotion<f32>,
    shows_other: bool,
}

impl<F> FaceAnswer<F> {
    fn new(face: F, prediction: &Prediction) -> Self {
        Self {
            face,
            p_values: PerEmotion(prediction.p_values()),
            shows_other: prediction.shows_other(),
        }
    }
}

impl From<Face> for FaceAnswer<Face> {
    fn from(face: Face) -> Self {
        let prediction = face.prediction;
        Self::new(face, &prediction)
    }
}

impl From<TrackedFace> for FaceAnswer<TrackedFace> {
    fn from(tracked: TrackedFace) -> Self {
        let prediction = tracked.face.prediction;
        Self::new(tracked, &prediction)
    }
}

/// The faces of an image or of a frame.
#[derive(Serialize)]
pub(crate) struct Analysis<F> {
    /// Columns of the image in whose pixels boxes are given.
    width: u32,
    /// Rows of the image.
    height: u32,
    faces: Vec<FaceAnswer<F>>,
}

impl<F> Analysis<F>
where
    FaceAnswer<F>: From<F>,
{
    pub(crate) fn new(width: u32, height: u32, faces: Vec<F>) -> Self {
        let faces = faces.into_iter().map(FaceAnswer::from).collect();
        Self {
            width,
            height,
            faces,
        }
    }
}
