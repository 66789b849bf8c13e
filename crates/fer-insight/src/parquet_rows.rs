//! Rows of a row group of a Parquet file, whose cells are read when they are asked for.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::RowGroupReader;

use fer_core::catch_panic;

use crate::period::time_text;
use crate::row::{Row, RowVisitor, missing_if, read_number};
use crate::{Error, Result};

/// Rows whose cells are held in memory.
const BATCH: usize = 1 << 13;

/// A column of the file.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) index: usize,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// The meaning of the stored values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Plain,
    Date,
    /// Units of a second since 1970, in UTC or as a clock showed them.
    Time {
        units: i64,
        utc: bool,
    },
    /// A type that is not read.
    Other,
}

/// Rows of a table that are stored together.
pub(crate) struct RowGroup<'a> {
    /// The names of the columns.
    pub(crate) header: &'a [String],
    pub(crate) columns: &'a [Field],
    pub(crate) group: &'a dyn RowGroupReader,
    /// Rows of the table before the group.
    pub(crate) before: u64,
}

impl RowGroup<'_> {
    /// Passes each row to `visitor` and returns their number.
    ///
    /// # Errors
    /// [`Error::Parquet`], and those of the visitor.
    pub(crate) fn visit(&self, visitor: &mut impl RowVisitor) -> Result<u64> {
        let rows = self.group.metadata().num_rows().max(0) as usize;
        let readers = RefCell::new(self.columns.iter().map(|_| None).collect());
        for start in (0..rows).step_by(BATCH) {
            let batch = Batch {
                group: self,
                readers: &readers,
                start,
                rows: BATCH.min(rows - start),
                columns: self.columns.iter().map(|_| OnceCell::new()).collect(),
            };
            for row in 0..batch.rows {
                let cells = BatchRow { batch: &batch, row };
                visitor.row(cells.number(), &cells)?;
            }
        }
        Ok(rows as u64)
    }
}

/// Calls the reader, which panics on some damaged files.
pub(crate) fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_panic(read).unwrap_or_else(|| Err(unreadable("damaged data")))
}

/// Returns the error of a file that the reader refuses.
pub(crate) fn parquet(source: parquet::errors::ParquetError) -> Error {
    Error::Parquet { source }
}

/// Rows of a row group whose cells are read when they are asked for.
struct Batch<'a> {
    group: &'a RowGroup<'a>,
    readers: &'a RefCell<Vec<Option<Reader>>>,
    /// The first row in its group.
    start: usize,
    rows: usize,
    columns: Vec<OnceCell<Values>>,
}

/// A reader of a column, and the rows that it has read.
struct Reader {
    column: ColumnReader,
    read: usize,
}

/// Cells of a column in a batch.
struct Values {
    /// For each row the place of its value, [`MISSING`] without one; empty if each row has one.
    places: Vec<u32>,
    stored: Stored,
}

const MISSING: u32 = u32::MAX;

enum Stored {
    Flags(Vec<bool>),
    Whole(Vec<i64>),
    Short(Vec<f32>),
    Real(Vec<f64>),
    Texts(Vec<ByteArray>),
    None,
}

impl Batch<'_> {
    fn values(&self, column: usize) -> Result<&Values> {
        let cell = &self.columns[column];
        if cell.get().is_none() {
            let values = guarded(|| self.load(column))?;
            let _ = cell.set(values);
        }
        cell.get()
            .ok_or_else(|| unreadable("a column that changes while it is read"))
    }

    fn load(&self, column: usize) -> Result<Values> {
        let field = &self.group.columns[column];
        let mut readers = self.readers.borrow_mut();
        let reader = match &mut readers[column] {
            Some(reader) => reader,
            none => none.insert(Reader {
                column: self
                    .group
                    .group
                    .get_column_reader(field.index)
                    .map_err(parquet)?,
                read: 0,
            }),
        };
        let (skip, rows) = (self.start - reader.read, self.rows);
        let stored = match &mut reader.column {
            ColumnReader::BoolColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| (places, Stored::Flags(x))),
            ColumnReader::Int32ColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| {
                    (
                        places,
                        Stored::Whole(x.into_iter().map(i64::from).collect()),
                    )
                }),
            ColumnReader::Int64ColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| (places, Stored::Whole(x))),
            ColumnReader::FloatColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| (places, Stored::Short(x))),
            ColumnReader::DoubleColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| (places, Stored::Real(x))),
            ColumnReader::ByteArrayColumnReader(column) => take(column, skip, rows, field.optional)
                .map(|(places, x)| (places, Stored::Texts(x))),
            ColumnReader::Int96ColumnReader(_) | ColumnReader::FixedLenByteArrayColumnReader(_) => {
                Ok((Vec::new(), Stored::None))
            }
        };
        let (places, stored) = stored?;
        reader.read = self.start + rows;
        Ok(Values { places, stored })
    }
}

/// Skips `skip` rows and reads `rows`: the places of their values, and the values.
fn take<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    skip: usize,
    rows: usize,
    optional: bool,
) -> Result<(Vec<u32>, Vec<T::T>)> {
    let skipped = column.skip_records(skip).map_err(parquet)?;
    let (mut levels, mut values) = (Vec::new(), Vec::with_capacity(rows));
    let mut read = 0;
    while skipped == skip && read < rows {
        let levels = optional.then_some(&mut levels);
        let (records, _, _) = column
            .read_records(rows - read, levels, None, &mut values)
            .map_err(parquet)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    let present = levels.iter().filter(|level| **level > 0).count();
    if read < rows || values.len() != if optional { present } else { rows } {
        return Err(unreadable(
            "a column with fewer values than the table has rows",
        ));
    }
    let mut next = 0;
    let places = levels.iter().map(|level| {
        let place = if *level > 0 { next } else { MISSING };
        next += u32::from(*level > 0);
        place
    });
    Ok((places.collect(), values))
}

fn unreadable(what: &str) -> Error {
    parquet(parquet::errors::ParquetError::General(what.into()))
}

struct BatchRow<'a> {
    batch: &'a Batch<'a>,
    row: usize,
}

impl BatchRow<'_> {
    fn number(&self) -> u64 {
        self.batch.group.before + (self.batch.start + self.row) as u64 + 1
    }

    /// Returns the values of a column and the place of the row's; `None` for a missing value.
    fn value(&self, column: usize) -> Result<Option<(&Stored, usize)>> {
        let values = self.batch.values(column)?;
        let place = match values.places.get(self.row) {
            Some(&MISSING) => return Ok(None),
            Some(place) => *place as usize,
            None => self.row,
        };
        Ok(Some((&values.stored, place)))
    }

    fn invalid(&self, what: &str, column: usize) -> Error {
        Error::InvalidRow {
            row: self.number(),
            what: what.into(),
            found: format!("another value in {:?}", self.batch.group.header[column]),
        }
    }
}

impl Row for BatchRow<'_> {
    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        let Some((stored, place)) = self.value(column)? else {
            return Ok(Cow::Borrowed(""));
        };
        let kind = self.batch.group.columns[column].kind;
        Ok(match (stored, kind) {
            (Stored::Whole(whole), Kind::Date | Kind::Time { .. }) => Cow::Owned(
                moment(whole[place], kind)
                    .ok_or_else(|| self.invalid("expected a date", column))?,
            ),
            (Stored::Whole(whole), Kind::Plain) => Cow::Owned(whole[place].to_string()),
            (Stored::Flags(flags), Kind::Plain) => {
                Cow::Borrowed(if flags[place] { "true" } else { "false" })
            }
            (Stored::Short(numbers), Kind::Plain) => {
                missing_if(numbers[place].is_nan(), numbers[place].to_string())
            }
            (Stored::Real(numbers), Kind::Plain) => {
                missing_if(numbers[place].is_nan(), numbers[place].to_string())
            }
            (Stored::Texts(texts), Kind::Plain) => Cow::Borrowed(
                std::str::from_utf8(texts[place].data())
                    .map_err(|_| self.invalid("text must be UTF-8", column))?,
            ),
            _ => return Err(self.invalid("expected text, a number, a flag or a time", column)),
        })
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some((stored, place)) = self.value(column)? else {
            return Ok(None);
        };
        let number = match stored {
            Stored::Real(numbers) => numbers[place],
            Stored::Short(numbers) => numbers[place].into(),
            Stored::Whole(whole) => whole[place] as f64,
            Stored::Texts(texts) => {
                let text = std::str::from_utf8(texts[place].data()).unwrap_or_default();
                return read_number(text, self.number());
            }
            Stored::Flags(_) | Stored::None => {
                return Err(self.invalid("expected a number", column));
            }
        };
        Ok(Some(number).filter(|number| !number.is_nan()))
    }
}

/// Returns a date or time as the analyses read it.
fn moment(value: i64, kind: Kind) -> Option<String> {
    const DAY: i64 = 86_400;
    match kind {
        Kind::Time { units, utc } => time_text(value, units, Some(utc)),
        _ => time_text(value.checked_mul(DAY)?, 1, None),
    }
}
