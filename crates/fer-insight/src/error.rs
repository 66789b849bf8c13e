//! Everything that can go wrong, with what was expected and what was found.

use std::path::PathBuf;

use fer_core::ErrorKind;

use crate::kinds::{Analysis, Purpose};

/// The result of fallible functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of an analysis. Variants about rows carry the number of the row.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason that the operating system gives.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        #[source]
        source: fer_core::Error,
    },
    /// Text that is no reference file.
    #[error("not a reference file, nor the JSON of an evaluation")]
    ReferenceFormat {
        /// The parser's reason.
        #[source]
        source: serde_json::Error,
    },
    /// A reference file of another version.
    #[error("reference version {found}: this library reads version {expected}")]
    ReferenceVersion {
        /// The version that this library reads.
        expected: u32,
        /// The version found.
        found: u32,
    },
    /// Numbers that are no reference.
    #[error("invalid reference: {what} (found {found})")]
    InvalidReference {
        /// The rule that is broken.
        what: String,
        /// The value found.
        found: String,
    },
    /// A model without a reference of its own.
    #[error(
        "the model {model:?} has no reference: name one (--reference), for instance the JSON of `fer evaluate`"
    )]
    NoReference {
        /// The model.
        model: String,
    },
    /// A row whose cells are not what they must be.
    #[error("row {row}: {what}; found {found}")]
    InvalidRow {
        /// Number of the row, from 1, without the header.
        row: u64,
        /// The rule that is broken, and the remedy where there is one.
        what: String,
        /// The value found.
        found: String,
    },
    /// A label whose face is not in the table, or there twice.
    #[error("row {row} of the labels: {what}; found {found}")]
    InvalidLabel {
        /// Number of the row in the sheet, from 1, without the header.
        row: u64,
        /// The rule that is broken.
        what: &'static str,
        /// The face.
        found: String,
    },
    /// A sheet of labels that cannot be read.
    #[error("{} is no sheet of labels", path.display())]
    Sheet {
        /// The file.
        path: PathBuf,
        /// The reason, with the row.
        #[source]
        source: Box<Error>,
    },
    /// A table that cannot be joined.
    #[error("cannot join {}", path.display())]
    Join {
        /// The file.
        path: PathBuf,
        /// The reason, with the row.
        #[source]
        source: Box<Error>,
    },
    /// A stream of a table that breaks off.
    #[error("the table cannot be read")]
    Stream {
        /// The reason of the library that it comes from.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file that is no Parquet table, or none that can be read.
    #[error("not a Parquet table that can be read")]
    Parquet {
        /// The reader's reason.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// Text that is no CSV table.
    #[error("not a CSV table")]
    Csv {
        /// The reader's reason, with the line.
        #[source]
        source: csv::Error,
    },
    /// A table without a column that is needed, or with one twice.
    #[error("{} column {expected:?}{}; found {}", if *twice { "more than one" } else { "no" }, if *twice { ": keep one" } else { "" }, found.join(", "))]
    Columns {
        /// The column.
        expected: String,
        /// The columns of the table.
        found: Vec<String>,
        /// `true` if the column is there more than once.
        twice: bool,
    },
    /// An analysis that the declared purpose does not allow.
    #[error("{analysis} is refused for the purpose {purpose}: {reason}")]
    Refused {
        /// The declared purpose.
        purpose: Purpose,
        /// The analysis.
        analysis: Analysis,
        /// The rule and the remedy.
        reason: String,
    },
    /// An argument outside its range.
    #[error("{name} is {found}: expected {expected}")]
    InvalidArgument {
        /// The argument.
        name: &'static str,
        /// The range.
        expected: String,
        /// The value found.
        found: String,
    },
    /// A table with more groups or clusters than the caps allow.
    #[error("more than {limit} {what}: group by a column of fewer values")]
    TooMany {
        /// Groups or clusters.
        what: &'static str,
        /// The cap.
        limit: usize,
    },
    /// A page that cannot be rendered.
    #[error(transparent)]
    Report(#[from] fer_report::Error),
    /// Figures that cannot be written in their format.
    #[error("cannot write the figures")]
    Format {
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing to analyze.
    #[error("{what}")]
    Empty {
        /// The part that is missing, and what is needed.
        what: String,
    },
}

impl Error {
    /// Returns the error with the number of its row in the table, which has rows that are no faces.
    pub(crate) fn in_row(self, row: u64) -> Self {
        match self {
            Self::InvalidRow { what, found, .. } => Self::InvalidRow { row, what, found },
            other => other,
        }
    }

    /// Returns the error with its row counted from the beginning of a table, where `before` rows come before the part
    /// that it counts from.
    pub(crate) fn after_rows(self, before: u64) -> Self {
        match self {
            Self::InvalidRow { row, what, found } => Self::InvalidRow {
                row: row + before,
                what,
                found,
            },
            other => other,
        }
    }

    /// Returns the class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                std::io::ErrorKind::FileTooLarge => ErrorKind::InvalidArgument,
                _ => ErrorKind::Io,
            },
            Self::Csv { source } => match source.kind() {
                csv::ErrorKind::Io(_) => ErrorKind::Io,
                _ => ErrorKind::InvalidTable,
            },
            Self::Write { source, .. } => source.kind(),
            Self::Sheet { source, .. } | Self::Join { source, .. } => source.kind(),
            Self::Report(_) => ErrorKind::Report,
            Self::Format { .. } => ErrorKind::Format,
            Self::ReferenceFormat { .. }
            | Self::ReferenceVersion { .. }
            | Self::InvalidReference { .. }
            | Self::NoReference { .. }
            | Self::InvalidArgument { .. } => ErrorKind::InvalidArgument,
            Self::InvalidRow { .. }
            | Self::InvalidLabel { .. }
            | Self::Columns { .. }
            | Self::TooMany { .. }
            | Self::Parquet { .. }
            | Self::Stream { .. }
            | Self::Empty { .. } => ErrorKind::InvalidTable,
            Self::Refused { .. } => ErrorKind::Refused,
        }
    }
}
