//! Rows of tables of faces over time.

use std::path::Path;

use fer_core::Emotion;
use serde::{Serialize, Serializer};

use crate::{ColumnType, Error, TrackedFace};

/// One row of a table of faces over time. Its fields are the columns; what does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct FrameRow<'a> {
    /// The video.
    #[serde(serialize_with = "as_text")]
    pub path: Option<&'a Path>,
    /// Time of the frame in seconds.
    pub time: Option<f64>,
    /// Number of the person in this video.
    pub person: Option<u64>,
    /// Left edge of the face box in pixels.
    pub x: Option<u32>,
    /// Top edge of the face box in pixels.
    pub y: Option<u32>,
    /// Width of the face box in pixels.
    pub width: Option<u32>,
    /// Height of the face box in pixels.
    pub height: Option<u32>,
    /// The detector's score.
    pub score: Option<f32>,
    /// The most probable emotion in this frame.
    pub emotion: Option<Emotion>,
    /// Its probability.
    pub confidence: Option<f32>,
    /// Probability of happy in this frame.
    pub happy: Option<f32>,
    /// Probability of sad in this frame.
    pub sad: Option<f32>,
    /// Probability of neutral in this frame.
    pub neutral: Option<f32>,
    /// Probability of surprise in this frame.
    pub surprise: Option<f32>,
    /// Share of people who would see another expression in this frame; empty for a model that cannot tell.
    pub other: Option<f32>,
    /// Probability of happy, smoothed over time.
    pub smoothed_happy: Option<f32>,
    /// Probability of sad, smoothed over time.
    pub smoothed_sad: Option<f32>,
    /// Probability of neutral, smoothed over time.
    pub smoothed_neutral: Option<f32>,
    /// Probability of surprise, smoothed over time.
    pub smoothed_surprise: Option<f32>,
    /// Error that kept the video from being read, or from being read to its end.
    pub error: Option<String>,
}

impl<'a> FrameRow<'a> {
    /// Names and types of the columns, in order.
    pub const COLUMNS: [(&'static str, ColumnType); 20] = [
        ("path", ColumnType::Text),
        ("time", ColumnType::Double),
        ("person", ColumnType::Integer),
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
        ("smoothed_happy", ColumnType::Float),
        ("smoothed_sad", ColumnType::Float),
        ("smoothed_neutral", ColumnType::Float),
        ("smoothed_surprise", ColumnType::Float),
        ("error", ColumnType::Text),
    ];

    /// Returns the row of a face seen at `time` seconds.
    #[must_use]
    pub fn new(path: Option<&'a Path>, time: f64, tracked: &TrackedFace) -> Self {
        let face = &tracked.face;
        let [happy, sad, neutral, surprise] = face.prediction.probabilities().map(Some);
        let [
            smoothed_happy,
            smoothed_sad,
            smoothed_neutral,
            smoothed_surprise,
        ] = tracked.smoothed.0.map(Some);
        Self {
            path,
            time: Some(time),
            person: Some(tracked.person),
            x: face.bounds.map(|bounds| bounds.x),
            y: face.bounds.map(|bounds| bounds.y),
            width: face.bounds.map(|bounds| bounds.width),
            height: face.bounds.map(|bounds| bounds.height),
            score: face.score,
            emotion: Some(face.prediction.emotion()),
            confidence: Some(face.prediction.confidence()),
            happy,
            sad,
            neutral,
            surprise,
            other: face.prediction.other(),
            smoothed_happy,
            smoothed_sad,
            smoothed_neutral,
            smoothed_surprise,
            error: None,
        }
    }

    /// Returns the row of a video that could not be read, or not to its end.
    #[must_use]
    pub fn failed(path: &'a Path, error: &Error) -> Self {
        Self {
            path: Some(path),
            error: Some(fer_core::chain(error)),
            ..Self::default()
        }
    }
}

fn as_text<S: Serializer>(path: &Option<&Path>, serializer: S) -> Result<S::Ok, S::Error> {
    path.map(Path::to_string_lossy).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_the_fields() {
        let row = serde_json::to_value(FrameRow::default()).unwrap();
        let fields = row.as_object().unwrap().keys();
        let columns = FrameRow::COLUMNS.map(|(name, _)| name);
        assert!(fields.eq(columns), "{row}");
    }
}
