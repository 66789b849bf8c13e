//! Videos: who is seen when, and with which expression.

use std::path::Path;

use fer_core::Emotion;
use fer_vision::{Analyzer, FaceStream, StreamOptions, TrackedFace, VideoFrames};
use serde::{Serialize, Serializer};

use super::output::Output;
use crate::Result;
use crate::progress::Progress;

/// One row of a table of faces over time. Its fields are the columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameRow<'a> {
    /// The video.
    #[serde(serialize_with = "as_text")]
    pub path: Option<&'a Path>,
    /// Time of the frame in seconds.
    pub time: f64,
    /// Number of the person in this video.
    pub person: u64,
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
    pub emotion: Emotion,
    /// Its probability.
    pub confidence: f32,
    /// Probability of happy in this frame.
    pub happy: f32,
    /// Probability of sad in this frame.
    pub sad: f32,
    /// Probability of neutral in this frame.
    pub neutral: f32,
    /// Probability of surprise in this frame.
    pub surprise: f32,
    /// Probability of happy, smoothed over time.
    pub smoothed_happy: f32,
    /// Probability of sad, smoothed over time.
    pub smoothed_sad: f32,
    /// Probability of neutral, smoothed over time.
    pub smoothed_neutral: f32,
    /// Probability of surprise, smoothed over time.
    pub smoothed_surprise: f32,
}

impl<'a> FrameRow<'a> {
    /// The row of a face seen at `time` seconds.
    #[must_use]
    pub fn new(path: Option<&'a Path>, time: f64, tracked: &TrackedFace) -> Self {
        let face = &tracked.face;
        let [happy, sad, neutral, surprise] = face.prediction.probabilities();
        let [
            smoothed_happy,
            smoothed_sad,
            smoothed_neutral,
            smoothed_surprise,
        ] = tracked.smoothed.0;
        Self {
            path,
            time,
            person: tracked.person,
            x: face.bounds.map(|bounds| bounds.x),
            y: face.bounds.map(|bounds| bounds.y),
            width: face.bounds.map(|bounds| bounds.width),
            height: face.bounds.map(|bounds| bounds.height),
            score: face.score,
            emotion: face.prediction.emotion(),
            confidence: face.prediction.confidence(),
            happy,
            sad,
            neutral,
            surprise,
            smoothed_happy,
            smoothed_sad,
            smoothed_neutral,
            smoothed_surprise,
        }
    }
}

fn as_text<S: Serializer>(
    path: &Option<&Path>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    path.map(Path::to_string_lossy).serialize(serializer)
}

/// The faces of one frame; as JSON a line of `fer predict` for videos.
#[derive(Debug, Serialize)]
pub(super) struct Frame<'a> {
    #[serde(serialize_with = "as_text")]
    pub(super) path: Option<&'a Path>,
    pub(super) time: f64,
    pub(super) error: Option<()>,
    pub(super) faces: Vec<TrackedFace>,
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
            path: Some(video),
            time,
            error: None,
            faces,
        })?;
        progress.set(number, number);
    }
    output.end_video(video)
}
