//! Errors between a path and its faces.

use std::io;
use std::path::PathBuf;

use fer_core::{ErrorJson, ErrorKind};
use serde::{Serialize, Serializer};

/// The result of fallible functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Errors of finding and reading faces.
///
/// As JSON an error is `{"kind", "message"}`, as in `fer_core`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading an image or predicting failed.
    #[error(transparent)]
    Core(#[from] fer_core::Error),
    /// The face detector failed.
    #[error("the face detector failed")]
    Detector {
        /// Its reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A word that is no way of looking for faces.
    #[error("unknown choice of faces {name:?}: expected auto, find or whole")]
    UnknownFaceMode {
        /// The word found.
        name: String,
    },
    /// A face box that is empty or has no end.
    #[error("face box {found:?}: expected [x, y, width, height] with pixels in it")]
    InvalidBox {
        /// The numbers found.
        found: [u32; 4],
    },
    /// A face box that the caller gave and that lies outside its image.
    #[error("face box {found:?} lies outside the image of {width}x{height} pixels")]
    BoxOutside {
        /// The box, `[x, y, width, height]`.
        found: [f32; 4],
        /// Columns of the image.
        width: u32,
        /// Rows of the image.
        height: u32,
    },
    /// A file of face boxes that cannot be read.
    #[error("{}, line {line}: {reason}", path.display())]
    Boxes {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 if the file does not open.
        line: u64,
        /// Explanation of the fault.
        reason: String,
    },
    /// An image without a row in the file of face boxes.
    #[error("the file of boxes has no row for {}", path.display())]
    NoBoxes {
        /// The image file.
        path: PathBuf,
    },
    /// A search for faces so small that the enlarged image would be too large.
    #[error(
        "faces from {min_face} pixels would be searched on {pixels} pixels, more than {limit}: raise the smallest face size"
    )]
    SearchTooLarge {
        /// Side of the smallest face searched for, in pixels.
        min_face: f32,
        /// Pixels of the enlarged image.
        pixels: u64,
        /// The most allowed.
        limit: u64,
    },
    /// A glob pattern that does not parse.
    #[cfg(feature = "files")]
    #[error("invalid pattern {pattern:?}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// Position of the fault in the pattern.
        source: glob::PatternError,
    },
    /// The worker threads could not be started.
    #[error("cannot start worker threads")]
    Threads {
        /// The reason.
        source: fer_core::KernelError,
    },
    /// A folder that could not be listed.
    #[error("cannot list {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A folder without an image file.
    #[error("no images in the folder {}", path.display())]
    NoImages {
        /// The folder.
        path: PathBuf,
    },
    /// A folder in the place of an image file.
    #[error("{} is a folder: expected an image file", path.display())]
    NotAFile {
        /// The folder.
        path: PathBuf,
    },
    /// A video where only images are looked at.
    #[error("{} is a video among images: name it by itself", path.display())]
    VideoAmongImages {
        /// The video.
        path: PathBuf,
    },
    /// A drawing in the place of an input.
    #[error("drawing would overwrite the input {}: name another file or folder", path.display())]
    DrawOver {
        /// The input.
        path: PathBuf,
    },
    /// A drawing in the place of a file that was there before.
    #[error("{} exists: name another file or folder for the drawing", path.display())]
    DrawingExists {
        /// The file.
        path: PathBuf,
    },
    /// An extension whose format cannot be written.
    #[error("cannot write an image to {}: expected the extension .jpg, .png, .webp, .tif, .bmp, .gif or .ppm", path.display())]
    DrawingFormat {
        /// The file named.
        path: PathBuf,
    },
    /// An extension that is not that of a video.
    #[error("cannot write a video to {}: expected an extension such as .mp4, .mkv or .webm", path.display())]
    VideoFormat {
        /// The file named.
        path: PathBuf,
    },
    /// A video that could not be written.
    #[error("cannot write the video {}: {message}", path.display())]
    VideoWrite {
        /// The video.
        path: PathBuf,
        /// Last message of the encoder.
        message: String,
    },
    /// One file for the drawings of several images.
    #[error("{} is the name of one file: expected a folder for {images} images", path.display())]
    DrawingNeedsFolder {
        /// The file named.
        path: PathBuf,
        /// Images to draw on.
        images: usize,
    },
    /// An annotated image could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The image file.
        path: PathBuf,
        /// The reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Frames whose times do not increase.
    #[error("a frame at {found} s follows one at {previous} s: times must increase")]
    FrameTime {
        /// Time of the frame before, in seconds.
        previous: f64,
        /// Time of the frame refused, in seconds.
        found: f64,
    },
    /// A number of frames per second that is none.
    #[error("{found} frames per second: expected a number above 0, at most 1000")]
    FrameRate {
        /// The number found.
        found: f64,
    },
    /// The program that decodes videos is not installed.
    #[error("reading a video needs the program `{program}`, which does not start (install FFmpeg)")]
    VideoDecoderMissing {
        /// The program.
        program: PathBuf,
        /// Reason for which it does not start.
        source: io::Error,
    },
    /// The program that decodes videos gave up.
    #[error("{}: the video could not be decoded: {message}", path.display())]
    Video {
        /// The video.
        path: PathBuf,
        /// Last message of the decoder.
        message: String,
    },
}

impl Error {
    /// Returns the stable class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Core(error) => error.kind(),
            Self::Detector { .. } => ErrorKind::Detector,
            Self::NoImages { .. } => ErrorKind::NotFound,
            Self::UnknownFaceMode { .. }
            | Self::NotAFile { .. }
            | Self::InvalidBox { .. }
            | Self::BoxOutside { .. }
            | Self::Boxes { .. }
            | Self::NoBoxes { .. }
            | Self::SearchTooLarge { .. }
            | Self::DrawOver { .. }
            | Self::DrawingExists { .. }
            | Self::DrawingFormat { .. }
            | Self::VideoFormat { .. }
            | Self::DrawingNeedsFolder { .. }
            | Self::FrameTime { .. }
            | Self::FrameRate { .. } => ErrorKind::InvalidArgument,
            Self::VideoAmongImages { .. } => ErrorKind::UnsupportedImage,
            #[cfg(feature = "files")]
            Self::Pattern { .. } => ErrorKind::InvalidArgument,
            Self::Threads { .. } => ErrorKind::Threads,
            Self::Folder { source, .. } => source.into(),
            Self::Write { .. } | Self::VideoWrite { .. } => ErrorKind::Io,
            Self::VideoDecoderMissing { .. } => ErrorKind::VideoDecoderMissing,
            Self::Video { .. } => ErrorKind::CorruptVideo,
        }
    }

    pub(crate) fn detector(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Detector {
            source: source.into(),
        }
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        ErrorJson::new(self.kind(), self).serialize(serializer)
    }
}
