//! A table of CSV as a Parquet file.

use std::fs::File;
use std::io::{self, Read, Write};
use std::sync::Arc;

use csv::StringRecord;
use fer_vision::{ColumnType, FaceRow, FrameRow};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

/// Rows of a row group, which are held in memory.
const GROUP_ROWS: usize = 1 << 14;

/// Writes the table that `csv` holds; without a row, an empty table of faces.
pub(super) fn write(csv: &File, target: &mut File) -> io::Result<()> {
    write_table(csv, target).map_err(|error| match error {
        Error::Csv(error) => error.into(),
        Error::Parquet(error) => io::Error::other(error),
    })
}

#[derive(Debug)]
enum Error {
    Csv(csv::Error),
    Parquet(ParquetError),
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        Self::Csv(error)
    }
}

impl From<ParquetError> for Error {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

fn write_table(csv: impl Read, target: impl Write + Send) -> Result<(), Error> {
    let mut reader = csv::Reader::from_reader(csv);
    let is_video = reader.headers()?.iter().any(|name| name == "time");
    let columns: &[(&str, ColumnType)] = if is_video {
        &FrameRow::COLUMNS
    } else {
        &FaceRow::COLUMNS
    };
    let schema = Arc::new(parse_message_type(&schema(columns))?);
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(target, schema, properties)?;
    let mut records = reader.records();
    loop {
        let rows: Vec<StringRecord> = records
            .by_ref()
            .take(GROUP_ROWS)
            .collect::<Result<_, _>>()?;
        if rows.is_empty() {
            break;
        }
        let mut group = writer.next_row_group()?;
        for (index, (_, kind)) in columns.iter().enumerate() {
            if let Some(mut column) = group.next_column()? {
                let cells = rows.iter().map(|row| row.get(index).unwrap_or_default());
                write_column(&mut column, *kind, cells)?;
                column.close()?;
            }
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

fn schema(columns: &[(&str, ColumnType)]) -> String {
    let fields = columns.iter().map(|(name, kind)| match kind {
        ColumnType::Text => format!("OPTIONAL BYTE_ARRAY {name} (UTF8);"),
        ColumnType::Boolean => format!("OPTIONAL BOOLEAN {name};"),
        ColumnType::Integer => format!("OPTIONAL INT64 {name};"),
        ColumnType::Float | ColumnType::Double => format!("OPTIONAL DOUBLE {name};"),
    });
    format!("message faces {{ {} }}", fields.collect::<String>())
}

fn write_column<'a>(
    column: &mut SerializedColumnWriter<'_>,
    kind: ColumnType,
    cells: impl Iterator<Item = &'a str>,
) -> Result<(), ParquetError> {
    match kind {
        ColumnType::Text => write_cells::<ByteArrayType>(column, cells, |cell| {
            (!cell.is_empty()).then(|| ByteArray::from(cell))
        }),
        ColumnType::Boolean => write_cells::<BoolType>(column, cells, |cell| cell.parse().ok()),
        ColumnType::Integer => write_cells::<Int64Type>(column, cells, |cell| cell.parse().ok()),
        ColumnType::Double => write_cells::<DoubleType>(column, cells, |cell| cell.parse().ok()),
        // The number of 32 bits that was written, not the decimal nearest to it.
        ColumnType::Float => write_cells::<DoubleType>(column, cells, |cell| {
            cell.parse().ok().map(|value: f32| value.into())
        }),
    }
}

/// Writes the cells that have a value, and which of them do not.
fn write_cells<'a, T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    cells: impl Iterator<Item = &'a str>,
    value: impl Fn(&str) -> Option<T::T>,
) -> Result<(), ParquetError> {
    let cells: Vec<Option<T::T>> = cells.map(value).collect();
    let present: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
    let values: Vec<T::T> = cells.into_iter().flatten().collect();
    column
        .typed::<T>()
        .write_batch(&values, Some(&present), None)?;
    Ok(())
}
