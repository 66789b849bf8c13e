//! Videos: who is seen when, and with which expression.

use std::path::Path;

use fer_core::Emotion;
use fer_vision::{Analyzer, FaceStream, StreamOptions, TrackedFace, VideoFrames};
use serde::{Serialize, Serializer};

use super::output::Output;
use crate::Result;
use crate::progress::Progress;

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
    /// Probability of happy, smoothed over time.
    pub smoothed_happy: Option<f32>,
    /// Probability of sad, smoothed over time.
    pub smoothed_sad: Option<f32>,
    /// Probability of neutral, smoothed over time.
    pub smoothed_neutral: Option<f32>,
    /// Probability of surprise, smoothed over time.
    pub smoothed_surprise: Option<f32>,
    /// Why the video could not be read, or not to its end.
    pub error: Option<String>,
}

impl<'a> FrameRow<'a> {
    /// The row of a face seen at `time` seconds.
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
            smoothed_happy,
            smoothed_sad,
            smoothed_neutral,
            smoothed_surprise,
            error: None,
        }
    }

    /// The row of a video that could not be read, or not to its end.
    pub(super) fn failed(path: &'a Path, error: &fer_vision::Error) -> Self {
        Self {
            path: Some(path),
            error: Some(error.to_string()),
            ..Self::default()
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
