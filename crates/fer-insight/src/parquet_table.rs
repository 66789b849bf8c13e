//! Faces from Parquet files.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::parts::share_out;
use crate::period::time_text;
use crate::table::{FaceTable, Row, RowVisitor};
use crate::{Error, Result};

/// Rows whose cells are held in memory.
const BATCH: usize = 1 << 13;

/// A table of faces as a Parquet file. Of each column only what an analysis asks for is read; columns of lists and records
/// are left out.
pub struct Parquet {
    file: SerializedFileReader<File>,
    header: Vec<String>,
    columns: Vec<Field>,
}

impl std::fmt::Debug for Parquet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parquet")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// A column of the file.
#[derive(Debug)]
struct Field {
    index: usize,
    kind: Kind,
    optional: bool,
}

/// The meaning of the stored values.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
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

impl Parquet {
    /// Opens a file.
    ///
    /// # Errors
    /// [`Error::Read`] if there is no such file, [`Error::Parquet`] for other content.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })?;
        let file = SerializedFileReader::new(file).map_err(parquet)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let flat = schema.columns().iter().enumerate();
        let flat = flat.filter(|(_, column)| {
            column.max_rep_level() == 0
                && column.max_def_level() <= 1
                && column.path().parts().len() == 1
        });
        let (header, columns) = flat
            .map(|(index, column)| {
                let field = Field {
                    index,
                    kind: kind(column),
                    optional: column.max_def_level() > 0,
                };
                (column.name().to_owned(), field)
            })
            .unzip();
        Ok(Self {
            header,
            columns,
            file,
        })
    }

    fn read_group(&self, group: usize, before: u64, visitor: &mut impl RowVisitor) -> Result<u64> {
        let group = self.file.get_row_group(group).map_err(parquet)?;
        let rows = group.metadata().num_rows().max(0) as usize;
        let readers = RefCell::new(self.columns.iter().map(|_| None).collect());
        for start in (0..rows).step_by(BATCH) {
            let batch = Batch {
                table: self,
                group: &*group,
                readers: &readers,
                start,
                rows: BATCH.min(rows - start),
                before,
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

impl FaceTable for Parquet {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        let mut visitor = start(&self.header)?;
        let mut before = 0;
        for group in 0..self.file.num_row_groups() {
            before += self.read_group(group, before, &mut visitor)?;
        }
        Ok(visitor)
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let mut groups = 0..self.file.num_row_groups();
        let workers = share_out(
            threads,
            || Ok((start(&self.header)?, 0)),
            |(_, group)| {
                let next = groups.next();
                *group = next.unwrap_or_default();
                Ok(next.is_some())
            },
            |(visitor, group)| self.read_group(*group, 0, visitor),
        );
        Ok(workers?.into_iter().map(|(visitor, _)| visitor).collect())
    }
}

fn parquet(source: parquet::errors::ParquetError) -> Error {
    Error::Parquet { source }
}

fn kind(column: &ColumnDescriptor) -> Kind {
    let time = |units, utc| Kind::Time { units, utc };
    match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => Kind::Date,
        (Some(LogicalType::Timestamp(stamp)), _) => {
            let units = match stamp.unit {
                TimeUnit::MILLIS => 1_000,
                TimeUnit::MICROS => 1_000_000,
                TimeUnit::NANOS => 1_000_000_000,
            };
            time(units, stamp.is_adjusted_to_u_t_c)
        }
        (None, ConvertedType::TIMESTAMP_MILLIS) => time(1_000, true),
        (None, ConvertedType::TIMESTAMP_MICROS) => time(1_000_000, true),
        (Some(LogicalType::Decimal(_)), _) | (_, ConvertedType::DECIMAL) => Kind::Other,
        _ if matches!(
            column.physical_type(),
            Type::INT96 | Type::FIXED_LEN_BYTE_ARRAY
        ) =>
        {
            Kind::Other
        }
        _ => Kind::Plain,
    }
}

/// Rows of a row group whose cells are read when they are asked for.
struct Batch<'a> {
    table: &'a Parquet,
    group: &'a dyn RowGroupReader,
    readers: &'a RefCell<Vec<Option<Reader>>>,
    /// The first row in its group.
    start: usize,
    rows: usize,
    /// Rows of the table before the group.
    before: u64,
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
            let values = self.load(column)?;
            let _ = cell.set(values);
        }
        cell.get()
            .ok_or_else(|| unreadable("a column that changes while it is read"))
    }

    fn load(&self, column: usize) -> Result<Values> {
        let field = &self.table.columns[column];
        let mut readers = self.readers.borrow_mut();
        let reader = match &mut readers[column] {
            Some(reader) => reader,
            none => none.insert(Reader {
                column: self.group.get_column_reader(field.index).map_err(parquet)?,
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
        self.batch.before + (self.batch.start + self.row) as u64 + 1
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
            found: format!("another value in {:?}", self.batch.table.header[column]),
        }
    }
}

impl Row for BatchRow<'_> {
    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        let Some((stored, place)) = self.value(column)? else {
            return Ok(Cow::Borrowed(""));
        };
        let kind = self.batch.table.columns[column].kind;
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
                let text = std::str::from_utf8(texts[place].data())
                    .unwrap_or_default()
                    .trim();
                if text.is_empty() {
                    return Ok(None);
                }
                text.parse()
                    .map_err(|_| self.invalid("expected a number", column))?
            }
            Stored::Flags(_) | Stored::None => {
                return Err(self.invalid("expected a number", column));
            }
        };
        Ok(Some(number).filter(|number| !number.is_nan()))
    }
}

fn missing_if(missing: bool, text: String) -> Cow<'static, str> {
    if missing {
        Cow::Borrowed("")
    } else {
        Cow::Owned(text)
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
