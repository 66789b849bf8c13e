//! Everything that can go wrong, each with what was expected and what was found.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::{Emotion, PixelFormat};

/// The result of fallible functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong.
///
/// [`Display`](fmt::Display) is the whole story in one line; [`source`](std::error::Error::source) gives programs the
/// cause behind it; [`kind`](Error::kind) is the stable class of the error. As JSON an error is `{"kind", "message"}`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error that belongs to a file.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong with it.
        source: Box<Error>,
    },
    /// The operating system refused to read or write.
    #[error("{source}")]
    Io {
        /// Its reason.
        #[from]
        source: io::Error,
    },

    /// A name that is no emotion's.
    #[error("unknown emotion {name:?}: expected one of {}", labels())]
    UnknownEmotion {
        /// The name found.
        name: String,
    },
    /// Class priors that are no distribution.
    #[error(
        "invalid priors {found:?}: expected natural, uniform or a number for each of {}, none negative and not all zero",
        labels()
    )]
    InvalidPriors {
        /// The text or numbers found.
        found: String,
    },
    /// A buffer whose length does not fit its use.
    #[error("{what} has {found} elements, expected {expected}")]
    InvalidLength {
        /// The buffer.
        what: &'static str,
        /// Elements expected.
        expected: usize,
        /// Elements found.
        found: usize,
    },
    /// A number outside its range.
    #[error("{what} is {found}, expected {expected}")]
    InvalidValue {
        /// The quantity.
        what: &'static str,
        /// The range it must lie in.
        expected: &'static str,
        /// The value found.
        found: String,
    },

    /// An image without pixels.
    #[error("an image of {width}x{height} has no pixels")]
    EmptyImage {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Pixel data whose length is not that of the image.
    #[error("{found} bytes of pixels, expected {expected} for {width}x{height} {format}")]
    PixelBytes {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes a pixel and their meaning.
        format: PixelFormat,
        /// Bytes expected.
        expected: u64,
        /// Bytes found.
        found: usize,
    },
    /// A row stride shorter than a row.
    #[error("a row stride of {found} bytes, expected at least {minimum}")]
    RowStride {
        /// Bytes that a row of pixels takes.
        minimum: u64,
        /// The stride found.
        found: usize,
    },
    /// A crop that is empty or reaches outside the image.
    #[error(
        "the crop of {width}x{height} pixels at ({x}, {y}) does not lie inside the image of \
         {image_width}x{image_height}"
    )]
    CropOutside {
        /// Left column of the crop.
        x: u32,
        /// Top row of the crop.
        y: u32,
        /// Columns of the crop.
        width: u32,
        /// Rows of the crop.
        height: u32,
        /// Columns of the image.
        image_width: u32,
        /// Rows of the image.
        image_height: u32,
    },

    /// An image file of no bytes.
    #[error("the image file is empty")]
    EmptyImageFile,
    /// Data that is no image of a known format.
    #[error("not an image: expected the content of a JPEG, PNG, WebP, GIF, BMP, TIFF or PNM file")]
    NotAnImage,
    /// An image whose format is known but whose variant is not supported.
    #[error("unsupported {format} image: {source}")]
    UnsupportedImage {
        /// The format of the file.
        format: &'static str,
        /// The decoder's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An image file that is damaged or cut short.
    #[error("corrupt {format} image: {source}")]
    CorruptImage {
        /// The format of the file.
        format: &'static str,
        /// The decoder's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An image beyond the limits on size and memory.
    #[error(
        "the image of {width}x{height} is too large: at most {max_side} pixels a side, {max_pixels} in all and 512 MiB of memory"
    )]
    ImageTooLarge {
        /// Columns.
        width: u32,
        /// Rows.
        height: u32,
        /// The limit on either side.
        max_side: u32,
        /// The limit on their product.
        max_pixels: u64,
    },
    /// An image file longer than is ever read.
    #[error("the image file has {found} bytes, at most {limit} are read")]
    ImageFileTooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The size found.
        found: u64,
    },

    /// A configuration that is no network.
    #[error("invalid model configuration: {field} is {found}, expected {expected}")]
    InvalidConfig {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A file that is no model file.
    #[error("not a fer model file: {reason}")]
    NotAModel {
        /// What is missing or wrong.
        reason: String,
    },
    /// A model file larger than any model.
    #[error("the model file has {found} bytes, at most {limit} are accepted")]
    ModelTooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The size found.
        found: u64,
    },
    /// A model file of another format version.
    #[error("the model file has format version {found}, this library reads version {supported}")]
    ModelVersion {
        /// The version that this library reads and writes.
        supported: u32,
        /// The version found.
        found: u32,
    },
    /// A model file with other labels or another order of them.
    #[error("the model file has labels {found:?}, expected {expected:?}")]
    ModelLabels {
        /// The labels of this library.
        expected: Vec<String>,
        /// The labels found.
        found: Vec<String>,
    },
    /// Metadata of a model file that is missing, malformed or contradicts the rest.
    #[error("the model file's {key} is wrong: {reason}")]
    ModelMetadata {
        /// The metadata entry.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor of a model file that is missing, superfluous or has another shape or type.
    #[error("the model file's tensor {name} is {found}, expected {expected}")]
    ModelTensor {
        /// The tensor.
        name: String,
        /// Type and shape expected.
        expected: String,
        /// Type and shape found.
        found: String,
    },
    /// A model file that was cut short or otherwise damaged.
    #[error("the model file is corrupt: {reason}")]
    CorruptModel {
        /// How it shows.
        reason: String,
    },
    /// A name that no built-in model has.
    #[error("unknown model {name:?}: {}", known_models(known))]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The names of the built-in models.
        known: &'static [&'static str],
    },

    /// The resizer refused an image.
    #[error("cannot resize the image: {source}")]
    Resize {
        /// Its reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The kernels refused to compute.
    #[error("{source}")]
    Kernel {
        /// Their reason.
        #[from]
        source: fer_kernels::KernelError,
    },
    /// The training network could not compute.
    #[error("{source}")]
    Network {
        /// Candle's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn labels() -> String {
    Emotion::ALL.map(Emotion::label).join(", ")
}

fn known_models(known: &[&str]) -> String {
    if known.is_empty() {
        "this build carries no trained model (feature `pretrained`)".into()
    } else {
        format!("built-in models are {}", known.join(" and "))
    }
}

/// The stable class of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder does not exist.
    NotFound,
    /// The system denies access to a file.
    PermissionDenied,
    /// Any other failure to read or write.
    Io,
    /// An argument outside its range, an unknown label or malformed priors.
    InvalidArgument,
    /// Pixel data that contradicts its stated size, or a crop outside its image.
    InvalidImage,
    /// Not an image, or a variant of a format that cannot be read.
    UnsupportedImage,
    /// A damaged image file.
    CorruptImage,
    /// An image beyond the limits.
    ImageTooLarge,
    /// A configuration that is no network.
    InvalidConfig,
    /// Not a model file, or one that disagrees with this library.
    InvalidModel,
    /// A damaged model file.
    CorruptModel,
    /// No built-in model of that name.
    UnknownModel,
    /// A failure of the numerical code.
    Compute,
}

impl ErrorKind {
    /// The stable name in snake case, as in JSON answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::PermissionDenied => "permission_denied",
            Self::Io => "io",
            Self::InvalidArgument => "invalid_argument",
            Self::InvalidImage => "invalid_image",
            Self::UnsupportedImage => "unsupported_image",
            Self::CorruptImage => "corrupt_image",
            Self::ImageTooLarge => "image_too_large",
            Self::InvalidConfig => "invalid_config",
            Self::InvalidModel => "invalid_model",
            Self::CorruptModel => "corrupt_model",
            Self::UnknownModel => "unknown_model",
            Self::Compute => "compute",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// The class of the error: for a file's error, that of its cause.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File { source, .. } => source.kind(),
            Self::Io { source } => match source.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                _ => ErrorKind::Io,
            },
            Self::UnknownEmotion { .. }
            | Self::InvalidPriors { .. }
            | Self::InvalidLength { .. }
            | Self::InvalidValue { .. } => ErrorKind::InvalidArgument,
            Self::EmptyImage { .. }
            | Self::PixelBytes { .. }
            | Self::RowStride { .. }
            | Self::CropOutside { .. } => ErrorKind::InvalidImage,
            Self::NotAnImage | Self::UnsupportedImage { .. } => ErrorKind::UnsupportedImage,
            Self::EmptyImageFile | Self::CorruptImage { .. } => ErrorKind::CorruptImage,
            Self::ImageTooLarge { .. } | Self::ImageFileTooLarge { .. } => ErrorKind::ImageTooLarge,
            Self::InvalidConfig { .. } => ErrorKind::InvalidConfig,
            Self::NotAModel { .. }
            | Self::ModelTooLarge { .. }
            | Self::ModelVersion { .. }
            | Self::ModelLabels { .. }
            | Self::ModelMetadata { .. }
            | Self::ModelTensor { .. } => ErrorKind::InvalidModel,
            Self::CorruptModel { .. } => ErrorKind::CorruptModel,
            Self::UnknownModel { .. } => ErrorKind::UnknownModel,
            Self::Resize { .. } | Self::Kernel { .. } | Self::Network { .. } => ErrorKind::Compute,
        }
    }

    /// Says which file the error belongs to.
    pub fn at(self, path: impl AsRef<Path>) -> Self {
        Self::File {
            path: path.as_ref().to_path_buf(),
            source: Box::new(self),
        }
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut shape = serializer.serialize_struct("Error", 2)?;
        shape.serialize_field("kind", self.kind().as_str())?;
        shape.serialize_field("message", &self.to_string())?;
        shape.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_error_has_the_kind_of_its_cause_and_names_the_file() {
        let error = Error::from(io::Error::from(io::ErrorKind::NotFound)).at("faces/a.jpg");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().starts_with("faces/a.jpg: "), "{error}");
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.downcast_ref::<Box<Error>>().is_some() || source.is::<Error>());
    }

    #[test]
    fn json_is_kind_and_message() {
        let json = serde_json::to_value(Error::NotAnImage).unwrap();
        assert_eq!(json["kind"], "unsupported_image");
        assert_eq!(json["message"], Error::NotAnImage.to_string());
    }
}
