//! Faces of images and videos, reported one by one to a visitor.

mod frame;

use std::path::{Path, PathBuf};

use fer_core::Image;
use fer_vision::{
    Analyzer, CenteredSmoother, FaceStream, ImageResult, SmoothedFrame, StreamOptions, VideoFrames,
    is_video,
};

pub use frame::Frame;

/// An item of a prediction over files, in the order of the files.
#[derive(Debug)]
pub enum Item<'a> {
    /// An image: its faces, or why it could not be read.
    Image(&'a ImageResult),
    /// A frame of a video with the people in it, their probabilities smoothed over the frames before and after, and its pixels.
    Frame(Frame<'a>, &'a Image),
    /// The end of a video. With an error, the frames before it are all that could be read.
    VideoEnd(&'a Path, Option<fer_vision::Error>),
}

/// Predicts `files` in their order and hands each [`Item`] to `visit`. A file that cannot be read is an item too.
///
/// # Errors
/// Those of `visit`, which end the work.
pub fn predict<E>(
    analyzer: &Analyzer,
    files: &[PathBuf],
    frames_per_second: f64,
    mut visit: impl FnMut(Item<'_>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    // Images between two videos go through the pipeline together.
    for group in files.chunk_by(|a, b| !is_video(a) && !is_video(b)) {
        match group {
            [video] if is_video(video) => {
                predict_video(analyzer, video, frames_per_second, &mut visit)?;
            }
            images => analyzer
                .paths(images.to_vec())
                .try_for_each(|result| visit(Item::Image(&result)))?,
        }
    }
    Ok(())
}

fn predict_video<E>(
    analyzer: &Analyzer,
    video: &Path,
    frames_per_second: f64,
    visit: &mut impl FnMut(Item<'_>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let frames = match VideoFrames::open(video, frames_per_second) {
        Ok(frames) => frames,
        Err(error) => return visit(Item::VideoEnd(video, Some(error))),
    };
    let options = StreamOptions::default();
    let mut smoother = CenteredSmoother::new(&options);
    let mut stream = FaceStream::new(analyzer.clone(), options);
    let mut visit_all = |frames: Vec<SmoothedFrame<Image>>| {
        frames.into_iter().try_for_each(|frame| {
            let SmoothedFrame { time, faces, item } = frame;
            visit(Item::Frame(Frame::new(video, time, faces), &item))
        })
    };
    let mut end = None;
    for frame in frames {
        let seen = frame.and_then(|(time, image)| {
            let faces = stream.push(time, &image.view())?;
            Ok(smoother.push(time, faces, image))
        });
        match seen {
            Ok(ready) => visit_all(ready)?,
            Err(error) => {
                end = Some(error);
                break;
            }
        }
    }
    visit_all(smoother.finish())?;
    visit(Item::VideoEnd(video, end))
}
