//! Errors of the module.

use fer_core::{ErrorJson, ErrorKind};
use serde::{Serialize, Serializer};

/// The result of fallible functions of this crate.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// A request that is not answered. As JSON `{"kind", "message"}`, as in `fer_core`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Finding faces or predicting failed.
    #[error(transparent)]
    Vision(#[from] fer_vision::Error),
    /// Settings that do not parse.
    #[error("invalid options")]
    Options(#[from] serde_json::Error),
    /// A request for something that was freed, or never made.
    #[error("the {what} was closed")]
    Closed {
        /// The kind of thing.
        what: &'static str,
    },
}

impl Error {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Vision(error) => error.kind(),
            Self::Options(_) | Self::Closed { .. } => ErrorKind::InvalidArgument,
        }
    }
}

impl From<fer_core::Error> for Error {
    fn from(error: fer_core::Error) -> Self {
        Self::Vision(error.into())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        ErrorJson::new(self.kind(), self).serialize(serializer)
    }
}
