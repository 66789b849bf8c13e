//! Faces with their predictions, and the shapes in which they leave the program.

use std::path::{Path, PathBuf};

use fer_core::{Emotion, Prediction};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{ColumnType, Error, FaceBox};

/// A face and its apparent expression.
///
/// As JSON: `{"box": [x, y, width, height] | null, "score", "emotion", "confidence", "probabilities": {..},
/// "other": share | null}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// The face box, in pixels of the image; `None` if the whole image was taken as the face.
    pub bounds: Option<FaceBox>,
    /// Certainty of the detector that this is a face; `None` if it was not asked.
    pub score: Option<f32>,
    /// The apparent expression.
    pub prediction: Prediction,
}

impl Serialize for Face {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("Face", 6)?;
        shape.serialize_field("box", &self.bounds)?;
        shape.serialize_field("score", &self.score)?;
        shape.serialize_field("emotion", &self.prediction.emotion())?;
        shape.serialize_field("confidence", &self.prediction.confidence())?;
        let probabilities = fer_core::PerEmotion(self.prediction.probabilities());
        shape.serialize_field("probabilities", &probabilities)?;
        shape.serialize_field("other", &self.prediction.other())?;
        shape.end()
    }
}

/// Result of one image file.
///
/// As JSON, a line of `fer predict --format json`:
/// `{"path", "error": null | {"kind", "message"}, "animated", "faces": [..]}`.
#[derive(Debug)]
pub struct ImageResult {
    /// The file.
    pub path: PathBuf,
    /// `true` if the file has further frames, which were not looked at.
    pub animated: bool,
    /// Its faces in the order of [`Analyzer::locate`](crate::Analyzer::locate), or the reason why they are unknown.
    pub outcome: Result<Vec<Face>, Error>,
}

impl ImageResult {
    /// The faces; empty after an error.
    pub fn faces(&self) -> &[Face] {
        self.outcome.as_deref().unwrap_or_default()
    }

    /// The error, if there was one.
    pub fn error(&self) -> Option<&Error> {
        self.outcome.as_ref().err()
    }

    /// The rows of a CSV file: one a face, or a single one without a face.
    pub fn rows(&self) -> impl Iterator<Item = FaceRow<'_>> {
        let without_face = FaceRow {
            path: &self.path,
            error: self.error().map(|error| fer_core::chain(error)),
            ..FaceRow::empty()
        };
        let only = self.faces().is_empty().then_some(without_face);
        let faces = self.faces().iter().zip(0..);
        faces
            .map(|(face, index)| FaceRow::of(&self.path, face, index))
            .chain(only)
    }
}

impl Serialize for ImageResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("ImageResult", 4)?;
        shape.serialize_field("path", &self.path.to_string_lossy())?;
        shape.serialize_field("error", &self.error())?;
        shape.serialize_field("animated", &self.animated)?;
        shape.serialize_field("faces", self.faces())?;
        shape.end()
    }
}

/// One row of a CSV file of faces. Its fields are the columns; what does not apply is empty.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FaceRow<'a> {
    /// The image file.
    #[serde(serialize_with = "as_text")]
    pub path: &'a Path,
    /// Number of the face in its image, from 0.
    pub face: Option<usize>,
    /// Left edge of the face box in pixels; without a box, the whole image was taken.
    pub x: Option<u32>,
    /// Top edge of the face box in pixels.
    pub y: Option<u32>,
    /// Width of the face box in pixels.
    pub width: Option<u32>,
    /// Height of the face box in pixels.
    pub height: Option<u32>,
    /// The detector's score.
    pub score: Option<f32>,
    /// The most probable emotion.
    pub emotion: Option<Emotion>,
    /// Its probability.
    pub confidence: Option<f32>,
    /// Probability of happy.
    pub happy: Option<f32>,
    /// Probability of sad.
    pub sad: Option<f32>,
    /// Probability of neutral.
    pub neutral: Option<f32>,
    /// Probability of surprise.
    pub surprise: Option<f32>,
    /// Share of people who would see another expression; empty for a model that cannot tell.
    pub other: Option<f32>,
    /// Error that kept the image from being read.
    pub error: Option<String>,
}

impl<'a> FaceRow<'a> {
    /// Names and types of the columns, in order.
    pub const COLUMNS: [(&'static str, ColumnType); 15] = [
        ("path", ColumnType::Text),
        ("face", ColumnType::Integer),
        ("x", ColumnType::Integer),
        ("y", ColumnType::Integer),
        ("width", ColumnType::Integer),
        ("height", ColumnType::Integer),
        ("score", ColumnType::Float),
        ("emotion", ColumnType::Text),
        ("confidence", ColumnType::Float),
        ("happy", ColumnType::Float),
        ("sad", ColumnType::Float),
        ("neutral", ColumnType::Float),
        ("surprise", ColumnType::Float),
        ("other", ColumnType::Float),
        ("error", ColumnType::Text),
    ];

    fn empty() -> Self {
        Self {
            path: Path::new(""),
            face: None,
            x: None,
            y: None,
            width: None,
            height: None,
            score: None,
            emotion: None,
            confidence: None,
            happy: None,
            sad: None,
            neutral: None,
            surprise: None,
            other: None,
            error: None,
        }
    }

    fn of(path: &'a Path, face: &Face, index: usize) -> Self {
        let probability = |emotion| Some(face.prediction.probability(emotion));
        Self {
            path,
            face: Some(index),
            x: face.bounds.map(|bounds| bounds.x),
            y: face.bounds.map(|bounds| bounds.y),
            width: face.bounds.map(|bounds| bounds.width),
            height: face.bounds.map(|bounds| bounds.height),
            score: face.score,
            emotion: Some(face.prediction.emotion()),
            confidence: Some(face.prediction.confidence()),
            happy: probability(Emotion::Happy),
            sad: probability(Emotion::Sad),
            neutral: probability(Emotion::Neutral),
            surprise: probability(Emotion::Surprise),
            other: face.prediction.other(),
            error: None,
        }
    }
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_fields() {
        let row = serde_json::to_value(FaceRow::empty()).unwrap();
        let fields = row.as_object().unwrap().keys();
        let columns = FaceRow::COLUMNS.map(|(name, _)| name);
        assert!(fields.eq(columns), "{row}");
    }
}
