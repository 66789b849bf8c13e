//! Tables of faces as files of any kind that is read.

use std::fs::File;
use std::io::{Cursor, Read};
use std::num::NonZeroUsize;
use std::path::Path;

use crate::csv_table::Csv;
use crate::parquet_table::Parquet;
use crate::table::{FaceTable, RowVisitor};
use crate::{Error, Result};

/// The first bytes of a Parquet file.
const PARQUET: &[u8] = b"PAR1";

/// A table of faces as CSV or Parquet.
#[derive(Debug)]
pub enum TableFile {
    /// CSV, read as it comes.
    Csv(Csv<Box<dyn Read + Send>>),
    /// Parquet.
    Parquet(Parquet),
}

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
            return Parquet::open(path).map(Self::Parquet);
        }
        Ok(Self::csv(Cursor::new(head).chain(file)))
    }

    /// Takes CSV from a stream.
    pub fn csv(input: impl Read + Send + 'static) -> Self {
        Self::Csv(Csv(Box::new(input)))
    }
}

impl FaceTable for TableFile {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        match self {
            Self::Csv(table) => table.visit(start),
            Self::Parquet(table) => table.visit(start),
        }
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        match self {
            Self::Csv(table) => table.visit_in_parts(threads, start),
            Self::Parquet(table) => table.visit_in_parts(threads, start),
        }
    }
}
