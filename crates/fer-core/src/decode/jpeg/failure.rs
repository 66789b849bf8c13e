//! Errors of JPEG files, each with its reason.

use crate::Error;

/// The format in messages.
const FORMAT: &str = "JPEG";

/// Returns the error of a file that is damaged or cut short.
pub(super) fn corrupt(reason: impl Into<String>) -> Error {
    Error::CorruptImage {
        format: FORMAT,
        source: reason.into().into(),
    }
}

/// Returns the error of a sound file of a kind that is not read.
pub(super) fn unsupported(reason: &str) -> Error {
    Error::UnsupportedImage {
        format: FORMAT,
        source: format!("{reason}: save it as a baseline or progressive JPEG, or as a PNG").into(),
    }
}
