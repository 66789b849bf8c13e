//! People in the frames of a video, as JSON.

use std::path::Path;

use fer_vision::TrackedFace;
use serde::{Serialize, Serializer};

/// The faces of one frame; as JSON a line of `fer predict --format json` for videos.
#[derive(Debug, Serialize)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// The video.
    #[serde(serialize_with = "as_text")]
    pub path: &'a Path,
    /// Time of the frame in seconds.
    pub time: f64,
    /// Always null: the keys are those of an image.
    error: Option<()>,
    /// The people seen.
    pub faces: Vec<TrackedFace>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(path: &'a Path, time: f64, faces: Vec<TrackedFace>) -> Self {
        Self {
            path,
            time,
            error: None,
            faces,
        }
    }
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
