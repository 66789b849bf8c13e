//! The stable classes of errors, for all crates.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

/// Declares the enum, its list and its names from one table.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// The stable class of an error: of this crate and of all that build on it.
        ///
        /// The enum is exhaustive, so that a program which maps every kind (as the Python package does) fails to compile
        /// when one is added. As JSON it is its name in snake case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorKind {
            $($(#[$doc])* $name,)*
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the stable name in snake case, as in JSON answers.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// A file or folder does not exist.
    NotFound = "not_found",
    /// The system denies access to a file.
    PermissionDenied = "permission_denied",
    /// Any other failure to read or write.
    Io = "io",
    /// An argument outside its range, an unknown label or malformed priors.
    InvalidArgument = "invalid_argument",

    /// Pixel data that contradicts its stated size, or a crop outside its image.
    InvalidImage = "invalid_image",
    /// Not an image, or a variant of a format that cannot be read.
    UnsupportedImage = "unsupported_image",
    /// A damaged image file.
    CorruptImage = "corrupt_image",
    /// An image beyond the limits.
    ImageTooLarge = "image_too_large",
    /// A failure of the face detector.
    Detector = "detector",
    /// The program that decodes videos is not installed.
    VideoDecoderMissing = "video_decoder_missing",
    /// A video that cannot be decoded.
    CorruptVideo = "corrupt_video",

    /// A configuration that is no network.
    InvalidConfig = "invalid_config",
    /// Not a model file, or one that disagrees with this library.
    InvalidModel = "invalid_model",
    /// A damaged model file.
    CorruptModel = "corrupt_model",
    /// No built-in model of that name.
    UnknownModel = "unknown_model",
    /// A failure of the numerical code.
    Compute = "compute",
    /// Worker threads that could not be started.
    Threads = "threads",
    /// A compute device that this build or machine does not have.
    Device = "device",

    /// A dataset path that is not a folder.
    NotAFolder = "not_a_folder",
    /// A dataset without one of its splits.
    MissingSplit = "missing_split",
    /// Two folders for the same split.
    AmbiguousSplit = "ambiguous_split",
    /// A split without an image of a class.
    MissingClass = "missing_class",
    /// Folders that are named after no class.
    UnknownClasses = "unknown_classes",
    /// No image file where images were asked for.
    NoImages = "no_images",
    /// Not one image that could be scored.
    NothingScored = "nothing_scored",
    /// No usable image of a class.
    NoExamples = "no_examples",
    /// A malformed votes file.
    Votes = "votes",
    /// A malformed file of groups of images.
    Groups = "groups",
    /// A list of votes, groups or images to leave out that names no image of the dataset.
    NothingListed = "nothing_listed",
    /// A run directory that another training is writing.
    RunInUse = "run_in_use",
    /// A teacher model that takes other input than the student.
    Teacher = "teacher",

    /// A setting outside its range.
    Config = "config",
    /// A malformed configuration file.
    ConfigFile = "config_file",
    /// A run folder that holds a run already.
    RunExists = "run_exists",
    /// A run folder without a checkpoint to resume from.
    NothingToResume = "nothing_to_resume",
    /// A run to resume that was started with something else.
    ResumeMismatch = "resume_mismatch",
    /// A damaged checkpoint.
    Checkpoint = "checkpoint",
    /// A training whose loss is no number any more.
    Diverged = "diverged",
    /// Work that the observer asked to stop.
    Interrupted = "interrupted",
    /// A report that cannot be rendered.
    Report = "report",
    /// Results that cannot be written in their format.
    Format = "format",
    /// A table whose columns or cells are not what they must be.
    InvalidTable = "invalid_table",
    /// An analysis that the declared purpose does not allow.
    Refused = "refused",
}

impl From<&io::Error> for ErrorKind {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Io,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_in_snake_case() {
        let names: BTreeSet<_> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), ErrorKind::ALL.len());
        for kind in ErrorKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
