//! Faces from Parquet files.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::Path;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::parquet_rows::{Field, Kind, RowGroup, guarded, parquet};
use crate::parts::share_out;
use crate::row::RowVisitor;
use crate::table::FaceTable;
use crate::{Error, Result};

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
        let file = guarded(|| SerializedFileReader::new(file).map_err(parquet))?;
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
        let group = guarded(|| self.file.get_row_group(group).map_err(parquet))?;
        let rows = RowGroup {
            header: &self.header,
            columns: &self.columns,
            group: &*group,
            before,
        };
        rows.visit(visitor)
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::row::Columns;
    use crate::tally;

    #[test]
    fn a_file_with_any_byte_changed_is_a_table_or_an_error() {
        let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/parquet");
        let seed = std::fs::read(seed.join("happy.parquet")).unwrap();
        let mut refused = 0;
        for place in 0..seed.len() {
            let mut bytes = seed.clone();
            // Among much else, this turns the sign of the numbers in the footer.
            bytes[place] ^= 1;
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&bytes).unwrap();
            let table = Parquet::open(file.path());
            let tally =
                table.and_then(|table| tally(table, &Columns::default(), NonZeroUsize::MIN));
            match tally {
                Ok((tally, rows)) => assert_eq!(tally.faces(), rows.used),
                Err(_) => refused += 1,
            }
        }
        assert!((1..seed.len()).contains(&refused), "{refused}");
    }
}
