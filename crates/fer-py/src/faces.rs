//! Tables of faces that Python hands over: a file, a data frame as an Arrow stream, or columns by name.

use std::path::PathBuf;

use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use fer_insight::{
    ArrowTable, Column, ColumnTable, EitherTable, Error, JoinColumns, Lookup, PerhapsJoined,
    Result, Sheet, TableFile,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// A table from Python.
pub(crate) enum Faces {
    File(PathBuf),
    Stream(RecordBatchStreamReader),
    Columns(Vec<(String, Cells)>),
}

/// The cells of a column: numbers, NaN where one is missing, or texts.
#[derive(FromPyObject)]
pub(crate) enum Cells {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// A table of any of the three kinds.
type AnyTable =
    EitherTable<TableFile, EitherTable<ArrowTable<RecordBatchStreamReader>, ColumnTable>>;

impl<'py> FromPyObject<'_, 'py> for Faces {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(capsule) = object.cast::<PyCapsule>() {
            return take_stream(&capsule).map(Self::Stream);
        }
        match object.extract() {
            Ok(path) => Ok(Self::File(path)),
            Err(_) => object.extract().map(Self::Columns),
        }
    }
}

/// Takes the stream out of a capsule of the Arrow PyCapsule interface: nothing is copied.
fn take_stream(capsule: &Bound<'_, PyCapsule>) -> PyResult<RecordBatchStreamReader> {
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: the interface promises a stream behind the pointer of a capsule of this name, and lets a consumer move it
    // out; the interpreter is attached, so nobody else does at the same time.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(pointer.cast().as_ptr()) };
    RecordBatchStreamReader::try_new(stream)
        .map_err(|error| PyValueError::new_err(format!("the data frame cannot be read: {error}")))
}

impl Faces {
    /// Returns the table.
    pub(crate) fn table(self) -> Result<AnyTable> {
        Ok(match self {
            Self::File(path) => EitherTable::First(TableFile::open(path)?),
            Self::Stream(stream) => EitherTable::Second(EitherTable::First(ArrowTable(stream))),
            Self::Columns(columns) => {
                let columns = columns.into_iter().map(|(name, cells)| {
                    let column = match cells {
                        Cells::Numbers(numbers) => Column::Numbers(numbers),
                        Cells::Texts(texts) => Column::Texts(texts),
                    };
                    (name, column)
                });
                EitherTable::Second(EitherTable::Second(ColumnTable::new(columns)?))
            }
        })
    }

    /// Returns the table with the columns of `other`, matched by the columns that `on` names.
    pub(crate) fn joined(
        self,
        other: Option<Self>,
        on: Option<&str>,
    ) -> Result<PerhapsJoined<AnyTable>> {
        let with = match other {
            Some(other) => {
                let Ok(columns) = on.unwrap_or_default().parse::<JoinColumns>();
                let lookup = other.lookup(&columns.other)?;
                Some((columns, lookup))
            }
            None => None,
        };
        Ok(PerhapsJoined::new(self.table()?, with))
    }

    /// Returns the rows by the values of the column `key`.
    fn lookup(self, key: &str) -> Result<Lookup> {
        match self {
            Self::File(path) => Lookup::open(path, key),
            other => Lookup::of(other.table()?, key).map_err(|source| Error::Join {
                path: "the other table".into(),
                source: Box::new(source),
            }),
        }
    }

    /// Returns the sheet of labels; errors of a data frame call it by `name`.
    pub(crate) fn sheet(self, name: &str) -> Result<Sheet> {
        match self {
            Self::File(path) => Sheet::open(path),
            other => Sheet::of(other.table()?).map_err(|source| Error::Sheet {
                path: name.into(),
                source: Box::new(source),
            }),
        }
    }
}
