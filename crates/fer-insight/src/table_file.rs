//! Tables of faces as files of any kind that is read.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::csv_table::Csv;
use crate::either::EitherTable;
use crate::parquet_table::Parquet;
use crate::{Error, Result};

/// The first bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// A table of faces as CSV, read as it comes, or as Parquet.
pub type TableFile = EitherTable<Csv<Box<dyn Read + Send>>, Parquet>;

impl TableFile {
    /// Opens a file; its first bytes tell whether it is Parquet.
    ///
    /// # Errors
    /// [`Error::Read`] if there is no such file, and those of [`Parquet::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let read = |source| Error::Read {
            path: path.into(),
            source,
        };
        let mut file = File::open(path).map_err(read)?;
        let mut head = Vec::new();
        // Not by going back: the file may be a pipe.
        let length = PARQUET.len() as u64;
        file.by_ref()
            .take(length)
            .read_to_end(&mut head)
            .map_err(read)?;
        if head == PARQUET {
            return Parquet::open(path).map(Self::Second);
        }
        Ok(Self::csv(Cursor::new(head).chain(file)))
    }

    /// Takes CSV from a stream.
    pub fn csv(input: impl Read + Send + 'static) -> Self {
        Self::First(Csv(Box::new(input)))
    }
}
