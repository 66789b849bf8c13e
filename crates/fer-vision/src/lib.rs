//! Faces in photographs and video frames: find them, cut them out as the network expects, predict their apparent expression.
//!
//! [`Analyzer`] goes from an image, or from thousands of files, to [`Face`]s with boxes and predictions. [`FaceStream`] follows
//! people through frames. [`draw`] shows what was found.
//!
//! The built-in detector, [`SeetaDetector`], comes with its model: nothing is downloaded. Another one plugs in through
//! [`FaceDetector`].

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod analyze;
mod centered;
mod columns;
mod crop;
mod detector;
#[cfg(feature = "files")]
mod draw;
mod error;
#[cfg(all(test, feature = "files"))]
#[path = "../../../tests/shared/folders.rs"]
mod folders;
mod framer;
mod geometry;
#[cfg(feature = "files")]
mod given;
#[cfg(feature = "files")]
mod inputs;
#[cfg(feature = "files")]
mod pipeline;
mod prepare;
mod result;
mod rows;
mod stream;
#[cfg(feature = "files")]
mod video;

pub use fer_core;

pub use analyze::{Analyzer, AnalyzerOptions, FaceMode};
pub use centered::{CenteredSmoother, SmoothedFrame};
pub use columns::ColumnType;
pub use crop::FaceCrop;
pub use detector::{Detection, FaceDetector, FaceSearch, SeetaDetector};
#[cfg(feature = "files")]
pub use draw::{DrawingTargets, draw, save};
pub use error::{Error, Result};
pub use geometry::{FaceBox, GivenBox};
#[cfg(feature = "files")]
pub use given::GivenBoxes;
#[cfg(feature = "files")]
pub use inputs::{expand_inputs, is_video};
#[cfg(feature = "files")]
pub use pipeline::ImageResults;
pub use result::{Face, ImageResult};
pub use rows::{FaceColumns, FaceRow, FrameRow};
pub use stream::{FaceStream, StreamOptions, TrackedFace};
#[cfg(all(feature = "files", fuzzing))]
pub use video::fuzz_frames;
#[cfg(feature = "files")]
pub use video::{DEFAULT_FRAMES_PER_SECOND, MAX_FRAMES_PER_SECOND, VideoFrames, VideoWriter};
