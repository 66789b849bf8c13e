//! Errors of the `fer` command.

use std::io;
use std::path::PathBuf;

/// The result of a command.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Kit(#[from] fer_kit::Error),
    /// Images and videos in one table, whose columns differ.
    #[error(
        "a table holds either images or videos: name them in separate commands, or use JSON (--format json, --output FILE.jsonl)"
    )]
    MixedTable,
    /// Drawings of several videos, or of videos and images.
    #[error("--draw takes images, or one video: name them in separate commands")]
    MixedDrawing,
    /// Boxes for a file that is not predicted.
    #[error("--boxes has rows for {}, which is not among the inputs", path.display())]
    BoxesBeside { path: PathBuf },
    /// Boxes although a video is predicted.
    #[error("--boxes is for images: {} is a video", path.display())]
    BoxesForVideo { path: PathBuf },
    /// A folder for drawings that cannot be created.
    #[error("cannot create {}", path.display())]
    CreateFolder { path: PathBuf, source: io::Error },
    /// A path in the settings of a run that no TOML file can hold.
    #[error("{} is not valid Unicode: rename it", path.display())]
    NotUnicode { path: PathBuf },
    /// A file of results that is there already.
    #[error("{} exists: name another file", path.display())]
    OutputExists { path: PathBuf },
    /// Results that a run left when it was stopped.
    #[error("{} holds the results of an interrupted run: add --resume, or delete it", path.display())]
    OutputInterrupted { path: PathBuf },
    #[error("another run is writing {}", path.display())]
    OutputInUse { path: PathBuf },
    /// Results of an interrupted run under other settings.
    #[error("{} was started with another model, other options or another version: delete it to start over", path.display())]
    ResumeMismatch { path: PathBuf },
    /// An extension that names no format of results.
    #[error("cannot write results to {}: expected the extension .csv, .jsonl or .parquet", path.display())]
    OutputFormat { path: PathBuf },
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read standard input")]
    Stdin(#[source] io::Error),
    #[error("standard input is empty: expected an image or a list of paths")]
    EmptyStdin,
    #[error("an image on standard input must be the only input")]
    StdinImage,
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    /// Results that cannot be serialized.
    #[error("cannot write the results")]
    Format(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Errors of the libraries become those of fer-kit, so that `?` works on all of them.
macro_rules! from_libraries {
    ($($error:ty),*) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::Kit(error.into())
            }
        })*
    };
}
from_libraries!(
    fer_core::Error,
    fer_vision::Error,
    fer_train::Error,
    fer_insight::Error
);

impl Error {
    /// Returns `true` for what the arguments ask for and must not: the exit code is then 2.
    pub(crate) fn is_usage(&self) -> bool {
        use fer_insight::Error as Insight;
        matches!(
            self,
            Self::Kit(fer_kit::Error::Insight(
                Insight::Refused { .. }
                    | Insight::InvalidArgument { .. }
                    | Insight::NoReference { .. }
            ))
        )
    }
}
