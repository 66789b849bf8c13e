//! Rows of tables of faces: in images, and over time.
//!
//! Their fields are the columns; what does not apply is empty.

use std::path::Path;

use fer_core::{Emotion, PerEmotion};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{ColumnType, Error, Face, ImageResult, TrackedFace};

/// Name and type of a column.
type Column = (&'static str, ColumnType);

/// One row of a table of faces in images.
///
/// Columns: `path`, `face` (its number in the image, from 0), those of [`FaceColumns`], and `error`, the
/// error that kept the image from being read.
#[derive(Debug, Clone, PartialEq)]
pub struct FaceRow<'a> {
    /// The image file.
    pub path: &'a Path,
    /// Number of the face in its image, from 0.
    pub face: Option<usize>,
    /// The face.
    pub columns: FaceColumns,
    /// Error that kept the image from being read.
    pub error: Option<String>,
}

/// One row of a table of faces over time.
///
/// Columns: `path`, `time` in seconds, `person` (a number in this video), those of [`FaceColumns`] in this frame,
/// `smoothed_happy` to `smoothed_surprise`, and `error`, the error that kept the video from being read to its end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FrameRow<'a> {
    /// The video.
    pub path: Option<&'a Path>,
    /// Time of the frame in seconds.
    pub time: Option<f64>,
    /// Number of the person in this video.
    pub person: Option<u64>,
    /// The face in this frame.
    pub columns: FaceColumns,
    /// Probability of each emotion, smoothed over time.
    pub smoothed: Option<PerEmotion<f32>>,
    /// Error that kept the video from being read, or from being read to its end.
    pub error: Option<String>,
}

/// The columns that every table of faces has: `x`, `y`, `width` and `height` of the box in pixels, empty for a whole
/// image; the detector's `score`; `emotion`, `confidence`, `uncertain` and `label_set`, the emotions that remain possible
/// at an error rate of 0.1 with spaces between them; the probabilities, `happy` to `surprise`; and `other`, the share of people who
/// would see another expression, empty for a model that cannot tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaceColumns(Option<Face>);

impl ImageResult {
    /// Returns the rows of a table: one per face, or a single one without a face.
    pub fn rows(&self) -> impl Iterator<Item = FaceRow<'_>> {
        let without_face = FaceRow::without_face(&self.path, self.error());
        let only = self.faces().is_empty().then_some(without_face);
        let faces = self.faces().iter().enumerate();
        faces
            .map(|(number, face)| FaceRow::new(&self.path, number, face))
            .chain(only)
    }
}

impl<'a> FaceRow<'a> {
    /// Names and types of the columns, in order.
    pub const COLUMNS: [(&'static str, ColumnType); 17] = joined(&[
        &[("path", ColumnType::Text), ("face", ColumnType::Integer)],
        &FaceColumns::COLUMNS,
        &[("error", ColumnType::Text)],
    ]);

    fn new(path: &'a Path, number: usize, face: &Face) -> Self {
        Self {
            path,
            face: Some(number),
            columns: FaceColumns(Some(face.clone())),
            error: None,
        }
    }

    fn without_face(path: &'a Path, error: Option<&Error>) -> Self {
        Self {
            path,
            face: None,
            columns: FaceColumns::default(),
            error: error.map(|error| fer_core::chain(error)),
        }
    }
}

impl<'a> FrameRow<'a> {
    /// Names and types of the columns, in order.
    pub const COLUMNS: [(&'static str, ColumnType); 22] = joined(&[
        &[
            ("path", ColumnType::Text),
            ("time", ColumnType::Double),
            ("person", ColumnType::Integer),
        ],
        &FaceColumns::COLUMNS,
        &[
            ("smoothed_happy", ColumnType::Float),
            ("smoothed_sad", ColumnType::Float),
            ("smoothed_neutral", ColumnType::Float),
            ("smoothed_surprise", ColumnType::Float),
            ("error", ColumnType::Text),
        ],
    ]);

    /// Returns the row of a face seen at `time` seconds.
    #[must_use]
    pub fn new(path: Option<&'a Path>, time: f64, tracked: &TrackedFace) -> Self {
        Self {
            path,
            time: Some(time),
            person: Some(tracked.person),
            columns: FaceColumns(Some(tracked.face.clone())),
            smoothed: Some(tracked.smoothed),
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

impl FaceColumns {
    /// Names and types of the columns, in order.
    pub const COLUMNS: [(&'static str, ColumnType); 14] = [
        ("x", ColumnType::Integer),
        ("y", ColumnType::Integer),
        ("width", ColumnType::Integer),
        ("height", ColumnType::Integer),
        ("score", ColumnType::Float),
        ("emotion", ColumnType::Text),
        ("confidence", ColumnType::Float),
        ("uncertain", ColumnType::Boolean),
        ("label_set", ColumnType::Text),
        ("happy", ColumnType::Float),
        ("sad", ColumnType::Float),
        ("neutral", ColumnType::Float),
        ("surprise", ColumnType::Float),
        ("other", ColumnType::Float),
    ];

    // Field by field: the CSV writer knows no flattened structs.
    fn serialize<S: SerializeStruct>(&self, row: &mut S) -> Result<(), S::Error> {
        let face = self.0.as_ref();
        let bounds = face.and_then(|face| face.bounds);
        row.serialize_field("x", &bounds.map(|bounds| bounds.x))?;
        row.serialize_field("y", &bounds.map(|bounds| bounds.y))?;
        row.serialize_field("width", &bounds.map(|bounds| bounds.width))?;
        row.serialize_field("height", &bounds.map(|bounds| bounds.height))?;
        row.serialize_field("score", &face.and_then(|face| face.score))?;
        let prediction = face.map(|face| &face.prediction);
        row.serialize_field("emotion", &prediction.map(|p| p.emotion()))?;
        row.serialize_field("confidence", &prediction.map(|p| p.confidence()))?;
        row.serialize_field("uncertain", &prediction.map(|p| p.is_uncertain()))?;
        let label_set = prediction.map(|p| {
            let labels: Vec<_> = p
                .default_label_set()
                .into_iter()
                .map(Emotion::label)
                .collect();
            labels.join(" ")
        });
        row.serialize_field("label_set", &label_set)?;
        let names = ["happy", "sad", "neutral", "surprise"];
        serialize_probabilities(row, names, prediction.map(|p| p.probabilities()))?;
        row.serialize_field("other", &prediction.and_then(|p| p.other()))
    }
}

impl Serialize for FaceRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("FaceRow", FaceRow::COLUMNS.len())?;
        row.serialize_field("path", &self.path.to_string_lossy())?;
        row.serialize_field("face", &self.face)?;
        self.columns.serialize(&mut row)?;
        row.serialize_field("error", &self.error)?;
        row.end()
    }
}

impl Serialize for FrameRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("FrameRow", FrameRow::COLUMNS.len())?;
        row.serialize_field("path", &self.path.map(Path::to_string_lossy))?;
        row.serialize_field("time", &self.time)?;
        row.serialize_field("person", &self.person)?;
        self.columns.serialize(&mut row)?;
        serialize_probabilities(
            &mut row,
            [
                "smoothed_happy",
                "smoothed_sad",
                "smoothed_neutral",
                "smoothed_surprise",
            ],
            self.smoothed.map(|smoothed| smoothed.0),
        )?;
        row.serialize_field("error", &self.error)?;
        row.end()
    }
}

/// Writes a field per emotion, in the order of [`Emotion::ALL`].
fn serialize_probabilities<S: SerializeStruct>(
    row: &mut S,
    names: [&'static str; Emotion::COUNT],
    probabilities: Option<[f32; Emotion::COUNT]>,
) -> Result<(), S::Error> {
    for (index, name) in names.into_iter().enumerate() {
        row.serialize_field(name, &probabilities.map(|values| values[index]))?;
    }
    Ok(())
}

/// Returns the parts one after the other, `N` columns in all.
const fn joined<const N: usize>(parts: &[&[Column]]) -> [Column; N] {
    let mut columns = [("", ColumnType::Text); N];
    let (mut count, mut part) = (0, 0);
    while part < parts.len() {
        let mut index = 0;
        while index < parts[part].len() {
            columns[count] = parts[part][index];
            count += 1;
            index += 1;
        }
        part += 1;
    }
    assert!(count == N);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(row: &impl Serialize) -> Vec<String> {
        let row = serde_json::to_value(row).unwrap();
        row.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_columns_are_the_fields() {
        let row = FaceRow::without_face(Path::new(""), None);
        assert_eq!(fields(&row), FaceRow::COLUMNS.map(|(name, _)| name));
        assert_eq!(
            fields(&FrameRow::default()),
            FrameRow::COLUMNS.map(|(name, _)| name)
        );
    }
}
