//! Videos: who is seen when, and with which expression.

use std::path::Path;

use fer_vision::{Analyzer, FaceStream, StreamOptions, TrackedFace, VideoFrames};
use serde::{Serialize, Serializer};

use super::output::Output;
use crate::Result;
use crate::progress::Progress;

/// The faces of one frame; as JSON a line of `fer predict` for videos.
#[derive(Debug, Serialize)]
pub(super) struct Frame<'a> {
    #[serde(serialize_with = "as_text")]
    pub(super) path: &'a Path,
    pub(super) time: f64,
    pub(super) error: Option<()>,
    pub(super) faces: Vec<TrackedFace>,
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// Follows the people of a video.
pub(super) fn predict(
    analyzer: &Analyzer,
    video: &Path,
    frames_per_second: f64,
    output: &mut Output,
    quiet: bool,
) -> Result<()> {
    let mut stream = FaceStream::new(analyzer.clone(), StreamOptions::default());
    let mut progress = Progress::new("frames", quiet);
    for (number, frame) in (1..).zip(VideoFrames::open(video, frames_per_second)?) {
        let (time, image) = frame?;
        let faces = stream.push(time, &image.view())?;
        output.add_frame(&Frame {
            path: video,
            time,
            error: None,
            faces,
        })?;
        progress.set(number, number);
    }
    output.end_video(video)
}
