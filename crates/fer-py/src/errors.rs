//! Rust errors as the Python exceptions of `fer.exceptions`: the only place that maps one to the other.

use std::path::{Path, PathBuf};

use fer_core::{ErrorKind, chain};
use pyo3::import_exception;
use pyo3::prelude::*;

import_exception!(fer.exceptions, ConfigError);
import_exception!(fer.exceptions, DatasetError);
import_exception!(fer.exceptions, DatasetNotFoundError);
import_exception!(fer.exceptions, FerError);
import_exception!(fer.exceptions, ImageError);
import_exception!(fer.exceptions, ImageNotFoundError);
import_exception!(fer.exceptions, ModelError);
import_exception!(fer.exceptions, ModelNotFoundError);
import_exception!(fer.exceptions, OutputError);
import_exception!(fer.exceptions, PolicyError);
import_exception!(fer.exceptions, TrainingError);
import_exception!(fer.exceptions, VideoError);

/// Subject of a call that failed: it tells what kind of file was not found or could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Image,
    Model,
    Dataset,
    Training,
    Table,
    Output,
}

impl Subject {
    /// The exception for `error`.
    pub(crate) fn raise(self, error: impl Into<fer_kit::Error>) -> PyErr {
        let error = error.into();
        let path = error.path().map(|path| path.as_os_str().to_owned());
        let kind = error.kind();
        let arguments = (chain(&error), kind.as_str(), path);
        if self == Self::Output {
            return OutputError::new_err(arguments);
        }
        if error.is_not_found() {
            return match self {
                Self::Image => ImageNotFoundError::new_err(arguments),
                Self::Model => ModelNotFoundError::new_err(arguments),
                Self::Dataset | Self::Training | Self::Table | Self::Output => {
                    DatasetNotFoundError::new_err(arguments)
                }
            };
        }
        match kind {
            ErrorKind::InvalidImage
            | ErrorKind::UnsupportedImage
            | ErrorKind::CorruptImage
            | ErrorKind::ImageTooLarge => ImageError::new_err(arguments),
            ErrorKind::CorruptVideo | ErrorKind::VideoDecoderMissing => {
                VideoError::new_err(arguments)
            }
            ErrorKind::UnknownModel => ModelNotFoundError::new_err(arguments),
            ErrorKind::InvalidModel | ErrorKind::CorruptModel => ModelError::new_err(arguments),
            ErrorKind::InvalidArgument
            | ErrorKind::Config
            | ErrorKind::ConfigFile
            | ErrorKind::InvalidConfig
            | ErrorKind::Threads
            | ErrorKind::Device => ConfigError::new_err(arguments),
            ErrorKind::RunExists
            | ErrorKind::NothingToResume
            | ErrorKind::ResumeMismatch
            | ErrorKind::Checkpoint
            | ErrorKind::Diverged
            | ErrorKind::RunInUse => TrainingError::new_err(arguments),
            ErrorKind::Refused => PolicyError::new_err(arguments),
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::Io
            | ErrorKind::Detector
            | ErrorKind::Compute
            | ErrorKind::NotAFolder
            | ErrorKind::MissingSplit
            | ErrorKind::AmbiguousSplit
            | ErrorKind::MissingClass
            | ErrorKind::UnknownClasses
            | ErrorKind::NoImages
            | ErrorKind::NothingScored
            | ErrorKind::NoExamples
            | ErrorKind::Votes
            | ErrorKind::Groups
            | ErrorKind::NothingListed
            | ErrorKind::Teacher
            | ErrorKind::Interrupted
            | ErrorKind::Report
            | ErrorKind::Format
            | ErrorKind::InvalidTable => match self {
                Self::Image => ImageError::new_err(arguments),
                Self::Model => ModelError::new_err(arguments),
                Self::Dataset | Self::Training | Self::Table | Self::Output => {
                    DatasetError::new_err(arguments)
                }
            },
        }
    }
}

/// Returns the exception for a file, folder or pattern that names no image.
pub(crate) fn no_images(path: &Path) -> PyErr {
    let is_pattern = path.to_string_lossy().contains(['*', '?', '[']);
    let reason = match (path.is_dir(), is_pattern) {
        (true, _) => "no image in this folder",
        (false, true) => "no image matches this pattern",
        (false, false) => "no such file or folder",
    };
    let path = path.display().to_string();
    ImageNotFoundError::new_err((format!("{path}: {reason}"), "not_found", Some(path)))
}

/// Returns the exception for a folder in the place of one image.
pub(crate) fn folder_for_image(path: &Path) -> PyErr {
    let path = path.display().to_string();
    let message = format!("{path} is a folder, expected an image file: pass it to predict_batch");
    ImageError::new_err((message, ErrorKind::InvalidImage.as_str(), Some(path)))
}

/// Checks that files can be written and take the place of no input, image or folder.
pub(crate) fn check_targets<'a>(
    targets: impl IntoIterator<Item = &'a PathBuf>,
    inputs: &[&Path],
) -> PyResult<()> {
    let targets = targets.into_iter().map(PathBuf::as_path);
    fer_core::check_targets(targets, inputs).map_err(|error| Subject::Output.raise(error))
}

/// Returns the exception for an image that cannot be read.
pub(crate) fn corrupt_image(message: String) -> PyErr {
    ImageError::new_err((message, ErrorKind::CorruptImage.as_str(), None::<String>))
}

/// Returns the exception for a missing value in the place of an image.
pub(crate) fn missing_image() -> PyErr {
    ImageError::new_err((
        "a missing value, expected an image",
        "missing",
        None::<String>,
    ))
}

/// Returns the exception for a setting whose value is not allowed.
pub(crate) fn invalid_setting(message: String) -> PyErr {
    ConfigError::new_err((message, "config", None::<String>))
}

/// The exception for an array that is no image.
pub(crate) fn invalid_image(message: String) -> PyErr {
    ImageError::new_err((message, ErrorKind::InvalidImage.as_str(), None::<String>))
}
