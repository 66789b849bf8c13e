//! Errors of TIFF files.

use tiff::TiffError;

use crate::Error;

const FORMAT: &str = "TIFF";

/// Returns the error of a file that is damaged or cut short.
pub(super) fn corrupt(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::CorruptImage {
        format: FORMAT,
        source: reason.into(),
    }
}

/// Returns the error of a sound file of a kind that is not read.
pub(super) fn unsupported(reason: impl std::fmt::Display) -> Error {
    Error::UnsupportedImage {
        format: FORMAT,
        source: format!("{reason}: save it with 8 bits per channel, or as a PNG").into(),
    }
}

/// Returns the error for what the decoder says.
pub(super) fn of_decoder(error: TiffError) -> Error {
    match error {
        TiffError::UnsupportedError(reason) => unsupported(reason),
        error => corrupt(error),
    }
}
