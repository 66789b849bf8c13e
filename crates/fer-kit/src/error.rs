//! Errors of this crate's functions.

use std::io;
use std::path::{Path, PathBuf};

use fer_core::{Error as CoreError, ErrorKind, PerEmotion};
use fer_insight::Error as InsightError;
use fer_train::Error as TrainError;
use fer_vision::Error as VisionError;

/// The result of a function of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of this crate's functions: mostly one of the crates below.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error of images and models.
    #[error(transparent)]
    Core(#[from] CoreError),
    /// An error of finding faces.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// An error of training, evaluation and audit.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// An error of an analysis of faces.
    #[error(transparent)]
    Insight(#[from] InsightError),
    /// A setting whose name or value is not allowed.
    #[error("settings: {reason}")]
    Settings {
        /// The name or value found, and those expected.
        reason: String,
    },
    /// A folder to write into that holds something already.
    #[error("{} is not empty: name a new folder", path.display())]
    NotEmpty {
        /// The folder, or the file in its place.
        path: PathBuf,
    },
    /// A folder that cannot be created.
    #[error("cannot create {}", path.display())]
    CreateFolder {
        /// The folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Labels that are too few to learn from.
    #[error(
        "a training needs two labeled faces or more of each class: found {}",
        in_words(found)
    )]
    FewLabels {
        /// Labels per class.
        found: PerEmotion<usize>,
    },
    /// A build without sample images.
    #[error(
        "this build holds no sample images: they are in the folder `examples` of the repository"
    )]
    NoSamples,
}

impl Error {
    /// Returns the stable class of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Core(error) => error.kind(),
            Self::Vision(error) => error.kind(),
            Self::Train(error) => error.kind(),
            Self::Insight(error) => error.kind(),
            Self::Settings { .. } => ErrorKind::Config,
            Self::NotEmpty { .. } => ErrorKind::InvalidArgument,
            Self::FewLabels { .. } => ErrorKind::NoExamples,
            Self::CreateFolder { .. } => ErrorKind::Io,
            Self::NoSamples => ErrorKind::NotFound,
        }
    }

    /// Returns the file or folder concerned, if the error is about one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Core(error)
            | Self::Vision(VisionError::Core(error))
            | Self::Train(TrainError::Core(error)) => match error {
                CoreError::File { path, .. } => Some(path),
                _ => None,
            },
            Self::Vision(
                VisionError::Folder { path, .. }
                | VisionError::Write { path, .. }
                | VisionError::Video { path, .. },
            )
            | Self::Train(TrainError::Io { path, .. } | TrainError::NotAFolder { path })
            | Self::Insight(
                InsightError::Read { path, .. }
                | InsightError::Write { path, .. }
                | InsightError::Sheet { path, .. },
            )
            | Self::NotEmpty { path }
            | Self::CreateFolder { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Returns `true` if a file or folder does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
            || matches!(self, Self::Train(TrainError::NotAFolder { path }) if !path.exists())
    }
}

fn in_words(counts: &PerEmotion<usize>) -> String {
    let counts = counts.iter();
    let words: Vec<String> = counts
        .map(|(emotion, count)| format!("{emotion} {count}"))
        .collect();
    words.join(", ")
}
