//! Faces with their predictions, and the shapes in which they leave the program.

use std::path::PathBuf;

use fer_core::Prediction;
use fer_core::framing::Framing;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::{Error, FaceBox};

/// A face and its apparent expression.
///
/// As JSON: `{"box": [x, y, width, height] | null, "score", "roll", "emotion", "confidence", "uncertain", "label_set": [..],
/// "probabilities": {..}, "other": share | null}`, the label set that of an error rate of 0.1.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// The box around the face, in pixels of the image: that of [`Analyzer::locate`](crate::Analyzer::locate), or the caller's;
    /// `None` if the whole image was taken as the face. It says who is meant; what was judged is the square of
    /// [`framing`](Self::framing).
    pub bounds: Option<FaceBox>,
    /// Certainty of the detector that this is a face; `None` if it was not asked.
    pub score: Option<f32>,
    /// The square that was judged: that of the training data around the face, turned with it. `None` for a whole image.
    pub framing: Option<Framing>,
    /// The apparent expression.
    pub prediction: Prediction,
}

impl Face {
    /// Tilt of the head, clockwise in degrees; `None` for a whole image.
    pub fn roll(&self) -> Option<f32> {
        self.framing.map(|framing| framing.roll.to_degrees())
    }
}

impl Serialize for Face {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("Face", 9)?;
        shape.serialize_field("box", &self.bounds)?;
        shape.serialize_field("score", &self.score)?;
        shape.serialize_field("roll", &self.roll())?;
        shape.serialize_field("emotion", &self.prediction.emotion())?;
        shape.serialize_field("confidence", &self.prediction.confidence())?;
        shape.serialize_field("uncertain", &self.prediction.is_uncertain())?;
        shape.serialize_field("label_set", &self.prediction.default_label_set())?;
        let probabilities = fer_core::PerEmotion(self.prediction.probabilities());
        shape.serialize_field("probabilities", &probabilities)?;
        shape.serialize_field("other", &self.prediction.other())?;
        shape.end()
    }
}

/// Result of one image file.
///
/// As JSON, a line of `fer predict --format json`:
/// `{"path", "error": null | {"kind", "message"}, "animated", "faces": [..]}`; where the path is not UTF-8, also `"path_bytes"`, in
/// hexadecimal digits.
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
}

impl Serialize for ImageResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("ImageResult", 5)?;
        shape.serialize_field("path", &self.path.to_string_lossy())?;
        if self.path.to_str().is_none() {
            let bytes = self.path.as_os_str().as_encoded_bytes();
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            shape.serialize_field("path_bytes", &digits)?;
        }
        shape.serialize_field("error", &self.error())?;
        shape.serialize_field("animated", &self.animated)?;
        shape.serialize_field("faces", self.faces())?;
        shape.end()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_path_that_is_no_text_keeps_its_bytes() {
        let json = |path: &[u8]| {
            let path = PathBuf::from(OsStr::from_bytes(path));
            let outcome = Ok(Vec::new());
            let result = ImageResult {
                path,
                animated: false,
                outcome,
            };
            serde_json::to_value(result).unwrap()
        };
        assert_eq!(json(b"caf\xe9.jpg")["path"], "caf\u{fffd}.jpg");
        assert_eq!(json(b"caf\xe9.jpg")["path_bytes"], "636166e92e6a7067");
        assert_eq!(json("café.jpg".as_bytes()).get("path_bytes"), None);
    }
}
