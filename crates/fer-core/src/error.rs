//! The errors of this crate, each with what was expected and what was found.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::ErrorKind;
use crate::chain::ErrorJson;

/// The result of fallible functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of images, models and prediction.
///
/// `Display` says what failed, without the cause; [`source`](StdError::source) says why; [`chain`](fn@crate::chain) writes both in one
/// line, "what: why". [`kind`](Error::kind) is the stable class of the error. As JSON an error is
/// `{"kind", "message"}`, the message being that line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An error that belongs to a file.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The class of what went wrong with it.
        kind: ErrorKind,
        /// The cause: an [`Error`] or an [`io::Error`].
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The operating system refused to read or write.
    #[error(transparent)]
    Io(#[from] io::Error),

    /// A file in the place of one that is to be new.
    #[error("it exists already: name another file")]
    FileExists,
    /// A file to write in the place of one that must stay.
    #[error("writing it would replace {what}: name another file")]
    WouldReplace {
        /// Kind of what is there.
        what: &'static str,
    },

    /// A name that is no emotion's.
    #[error("unknown emotion {name:?}: expected one of {expected}")]
    UnknownEmotion {
        /// The labels.
        expected: String,
        /// The name found.
        name: String,
    },
    /// Class priors that are no distribution.
    #[error(
        "invalid priors {found:?}: expected natural, uniform or a number for each of {expected}, none negative and not all zero"
    )]
    InvalidPriors {
        /// The labels.
        expected: String,
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
        /// The pixel format: gray, RGB, BGR or RGBA.
        format: &'static str,
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
    /// Data of another kind, which people have under the names of images.
    #[error("not an image, but {found}")]
    OtherContent {
        /// The kind of data, and advice.
        found: &'static str,
    },
    /// An image whose format is known but whose variant is not supported.
    #[error("unsupported {format} image")]
    UnsupportedImage {
        /// The format of the file.
        format: &'static str,
        /// The decoder's reason.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An image file that is damaged or cut short.
    #[error("corrupt {format} image")]
    CorruptImage {
        /// The format of the file.
        format: &'static str,
        /// The decoder's reason.
        source: Box<dyn StdError + Send + Sync>,
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
    #[error("the image file has more than {limit} bytes, the most that are read")]
    ImageFileTooLarge {
        /// The limit in bytes.
        limit: u64,
    },

    /// A configuration that is no network.
    #[error("invalid model configuration: {field} is {found}, expected {expected}")]
    InvalidConfig {
        /// The field.
        field: &'static str,
        /// The valid values.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A file that is no model file.
    #[error("not a fer model file: {reason}")]
    NotAModel {
        /// The missing or wrong part.
        reason: String,
    },
    /// A model file larger than any model.
    #[error("the model file has more than {limit} bytes, the most that a model may have")]
    ModelTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A model file of another format version.
    #[error(
        "the model file has format version {found}, this library reads versions 1 to {supported}"
    )]
    ModelVersion {
        /// The version that this library writes, and the newest that it reads.
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
        /// Explanation of the fault.
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
        /// Sign of the damage.
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
    #[error("cannot resize the image")]
    Resize {
        /// Its reason.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The kernels refused to compute.
    #[error(transparent)]
    Kernel(#[from] fer_kernels::KernelError),
    /// The training network could not compute.
    #[error("the training network failed")]
    Network {
        /// Candle's reason.
        source: Box<dyn StdError + Send + Sync>,
    },
}

fn known_models(known: &[&str]) -> String {
    if known.is_empty() {
        "this build carries no trained model (feature `pretrained`)".into()
    } else {
        format!("built-in models are {}", known.join(" and "))
    }
}

impl Error {
    /// Returns the class of the error: for a file's error, that of its cause.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File { kind, .. } => *kind,
            Self::Io(error) => error.into(),
            Self::FileExists
            | Self::WouldReplace { .. }
            | Self::UnknownEmotion { .. }
            | Self::InvalidPriors { .. }
            | Self::InvalidLength { .. }
            | Self::InvalidValue { .. } => ErrorKind::InvalidArgument,
            Self::EmptyImage { .. }
            | Self::PixelBytes { .. }
            | Self::RowStride { .. }
            | Self::CropOutside { .. } => ErrorKind::InvalidImage,
            Self::NotAnImage | Self::OtherContent { .. } | Self::UnsupportedImage { .. } => {
                ErrorKind::UnsupportedImage
            }
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
            Self::Kernel(
                fer_kernels::KernelError::TooManyThreads { .. }
                | fer_kernels::KernelError::Threads { .. },
            ) => ErrorKind::Threads,
            Self::Resize { .. } | Self::Kernel(_) | Self::Network { .. } => ErrorKind::Compute,
        }
    }

    /// Returns the error of the file at `path` with this error as its cause.
    pub fn at(self, path: impl AsRef<Path>) -> Self {
        Self::File {
            path: path.as_ref().to_path_buf(),
            kind: self.kind(),
            source: match self {
                Self::Io(error) => error.into(),
                error => error.into(),
            },
        }
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        ErrorJson::new(self.kind(), self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain;

    #[test]
    fn a_file_error_has_the_kind_of_its_cause_and_names_the_file() {
        let error = Error::from(io::Error::from(io::ErrorKind::NotFound)).at("faces/a.jpg");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.to_string(), "faces/a.jpg");
        assert!(error.source().unwrap().is::<io::Error>());
    }

    #[test]
    fn the_cause_of_a_file_error_is_an_error_of_this_crate() {
        let error = Error::NotAnImage.at("faces/a.jpg");
        let cause = error.source().unwrap().downcast_ref::<Error>();
        assert!(matches!(cause, Some(Error::NotAnImage)));
    }

    #[test]
    fn json_is_kind_and_message() {
        let json = serde_json::to_value(Error::NotAnImage.at("a.jpg")).unwrap();
        assert_eq!(json["kind"], "unsupported_image");
        assert_eq!(json["message"], chain(&Error::NotAnImage.at("a.jpg")));
    }
}
