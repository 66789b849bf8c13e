//! What ends a command.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use fer_core::Error as CoreError;
use fer_train::Error as TrainError;
use fer_vision::Error as VisionError;

/// The result of a command or of a library call of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What ends a command: an error of the crates below, or of reading and writing the command's own files.
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
    /// A folder or pattern without a single picture.
    #[error("{} holds no picture", names(paths))]
    NoPictures {
        /// What was searched.
        paths: Vec<PathBuf>,
    },
    /// Pictures and videos in one CSV table, whose columns differ.
    #[error(
        "a CSV table holds either pictures or videos: name them in separate commands, or use --format json"
    )]
    MixedCsv,
    /// A drawing in the place of its picture.
    #[error("--draw would overwrite {}: choose another file or folder", path.display())]
    DrawOver {
        /// The picture.
        path: PathBuf,
    },
    /// Drawings asked for where there are only videos.
    #[error("--draw needs a picture among the inputs: videos are not drawn on")]
    NothingToDraw,
    /// A setting whose name or value is not allowed.
    #[error("settings: {reason}")]
    Settings {
        /// The parser's words: the name found and those expected.
        reason: String,
    },
    /// A file of the command that cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    File {
        /// What was attempted, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Stdout takes no more.
    #[error("cannot write to stdout: {0}")]
    Stdout(#[source] io::Error),
    /// Results that cannot be put into words of their format.
    #[error("cannot write the results: {0}")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The stable name of this kind of error in snake case.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Core(error) => error.kind().as_str(),
            Self::Vision(error) => error.kind(),
            Self::Train(error) => error.kind(),
            Self::NoPictures { .. } => "no_pictures",
            Self::MixedCsv | Self::DrawOver { .. } | Self::NothingToDraw => "invalid_argument",
            Self::Settings { .. } => "config",
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => "not_found",
            Self::File { .. } | Self::Stdout(_) => "io",
            Self::Format(_) => "format",
        }
    }

    /// The file or folder concerned, where the error is about one.
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
            | Self::File { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Whether the error is that a file or folder does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let mut cause = self.source();
        while let Some(error) = cause {
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
            {
                return true;
            }
            cause = error.source();
        }
        self.kind() == "not_found"
            || matches!(self, Self::Train(TrainError::NotAFolder { path }) if !path.exists())
    }
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(", ")
}
