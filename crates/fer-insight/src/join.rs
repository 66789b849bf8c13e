//! Tables completed by the columns of another: faces by the data of their customers.

use std::borrow::Cow;
use std::convert::Infallible;
use std::num::NonZeroUsize;
use std::path::Path;
use std::str::FromStr;

use crate::either::EitherTable;
use crate::keys::Keys;
use crate::row::{Row, RowVisitor, find, read_number};
use crate::table::FaceTable;
use crate::table_file::TableFile;
use crate::{Error, Result};

/// The columns by which two tables are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinColumns {
    /// The column of the faces.
    pub own: String,
    /// The column of the other table.
    pub other: String,
}

impl FromStr for JoinColumns {
    type Err = Infallible;

    /// Reads `COL`, or `COL=COL` where the faces and the other table name it differently.
    fn from_str(text: &str) -> std::result::Result<Self, Infallible> {
        let (own, other) = text.split_once('=').unwrap_or((text, text));
        Ok(Self {
            own: own.into(),
            other: other.into(),
        })
    }
}

/// The rows of a table by the values of one column, which has each value once.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// The columns beside the key's.
    names: Vec<String>,
    keys: Keys,
    /// The number of each key's row in the table.
    rows: Vec<u64>,
    /// The cells of each key, one after the other.
    text: String,
    /// The end of each cell in `text`.
    ends: Vec<usize>,
}

impl Lookup {
    /// Opens a table, CSV or Parquet, whose column `key` has each value once.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read, [`Error::Join`] with the reasons of [`Self::of`].
    pub fn open(path: impl AsRef<Path>, key: &str) -> Result<Self> {
        let path = path.as_ref();
        let joined = |source| Error::Join {
            path: path.into(),
            source: Box::new(source),
        };
        Self::of(TableFile::open(path)?, key).map_err(joined)
    }

    /// Reads a table whose column `key` has each value once. Rows without a key are left out.
    ///
    /// # Errors
    /// [`Error::Columns`] without the column, [`Error::InvalidRow`] with the number of the row for a key that is there
    /// twice, and those of the table.
    pub fn of(table: impl FaceTable, key: &str) -> Result<Self> {
        let reader = table.visit(|header| {
            let key = find(header, key)?;
            let mut names = header.to_vec();
            names.remove(key);
            Ok(LookupReader {
                key,
                width: header.len(),
                lookup: Self {
                    names,
                    ..Self::default()
                },
            })
        })?;
        Ok(reader.lookup)
    }

    fn cell(&self, row: usize, column: usize) -> &str {
        let cell = row * self.names.len() + column;
        let start = cell.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[cell]]
    }
}

struct LookupReader {
    key: usize,
    width: usize,
    lookup: Lookup,
}

impl RowVisitor for LookupReader {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        let key = row.text(self.key)?;
        if key.is_empty() {
            return Ok(());
        }
        let lookup = &mut self.lookup;
        let too_many = || Error::TooMany {
            what: "keys",
            limit: u32::MAX as usize,
        };
        let place = lookup.keys.number(key.as_bytes()).ok_or_else(too_many)?;
        if let Some(first) = lookup.rows.get(place) {
            return Err(Error::InvalidRow {
                row: number,
                what: format!("each key must be there once, and is in row {first} already"),
                found: format!("{key:?}"),
            });
        }
        lookup.rows.push(number);
        for column in (0..self.width).filter(|&column| column != self.key) {
            lookup.text.push_str(&row.text(column)?);
            lookup.ends.push(lookup.text.len());
        }
        Ok(())
    }
}

/// A table of faces whose rows have the columns of another table beside their own.
///
/// ```
/// use std::num::NonZeroUsize;
/// use fer_insight::{Columns, Csv, Joined, Lookup, tally};
///
/// let faces = "happy,sad,neutral,surprise,customer\n0.9,0.1,0,0,7\n0.1,0.9,0,0,8\n";
/// let customers = Lookup::of(Csv("id,segment\n7,private\n9,business\n".as_bytes()), "id")?;
/// let table = Joined { table: Csv(faces.as_bytes()), on: "customer".into(), with: customers };
/// let columns = Columns { by: vec!["segment".into()], ..Default::default() };
/// let (tally, rows) = tally(table, &columns, NonZeroUsize::MIN)?;
/// assert_eq!((tally.group(&["private"]).map(|group| group.faces()), rows.unmatched), (Some(1), 1));
/// # Ok::<(), fer_insight::Error>(())
/// ```
#[derive(Debug)]
pub struct Joined<T> {
    /// The faces.
    pub table: T,
    /// The column of the faces that holds the key.
    pub on: String,
    /// The other table. Faces whose key it does not have are left out.
    pub with: Lookup,
}

impl<T: FaceTable> FaceTable for Joined<T> {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        let joiner = self
            .table
            .visit(|header| join(header, &self.on, &self.with, start))?;
        Ok(joiner.visitor)
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let joiners = self
            .table
            .visit_in_parts(threads, |header| join(header, &self.on, &self.with, &start))?;
        Ok(joiners.into_iter().map(|joiner| joiner.visitor).collect())
    }
}

/// A table of faces, alone or joined with another.
pub type PerhapsJoined<T> = EitherTable<T, Joined<T>>;

impl<T> PerhapsJoined<T> {
    /// Joins `table` with another one, if there is one.
    pub fn new(table: T, with: Option<(JoinColumns, Lookup)>) -> Self {
        match with {
            None => Self::First(table),
            Some((columns, with)) => Self::Second(Joined {
                table,
                on: columns.own,
                with,
            }),
        }
    }
}

fn join<'a, V>(
    header: &[String],
    on: &str,
    with: &'a Lookup,
    start: impl FnOnce(&[String]) -> Result<V>,
) -> Result<Joiner<'a, V>> {
    let names = [header, &with.names].concat();
    Ok(Joiner {
        key: find(header, on)?,
        own: header.len(),
        with,
        visitor: start(&names)?,
    })
}

struct Joiner<'a, V> {
    key: usize,
    /// Columns of the faces; those of the other table follow.
    own: usize,
    with: &'a Lookup,
    visitor: V,
}

impl<V: RowVisitor> RowVisitor for Joiner<'_, V> {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        let found = self.with.keys.find(row.text(self.key)?.as_bytes());
        let joined = JoinedRow {
            row,
            number,
            own: self.own,
            with: self.with,
            found,
        };
        self.visitor.row(number, &joined)
    }
}

struct JoinedRow<'a, R> {
    row: &'a R,
    number: u64,
    own: usize,
    with: &'a Lookup,
    found: Option<usize>,
}

impl<R: Row> JoinedRow<'_, R> {
    /// Returns the text of a cell of the other table; empty for a row that has no match.
    fn other(&self, column: usize) -> &str {
        self.found.map_or("", |row| self.with.cell(row, column))
    }
}

impl<R: Row> Row for JoinedRow<'_, R> {
    fn is_matched(&self) -> bool {
        self.found.is_some()
    }

    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        match column.checked_sub(self.own) {
            None => self.row.text(column),
            Some(other) => Ok(Cow::Borrowed(self.other(other))),
        }
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some(other) = column.checked_sub(self.own) else {
            return self.row.number(column);
        };
        read_number(self.other(other), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::tally;
    use crate::csv_table::Csv;
    use crate::row::Columns;

    const CUSTOMERS: &str =
        "\u{feff}segment;id;agreed\nprivate;1;yes\nbusiness;2;no\nprivate;3;yes\n;;\n";

    fn faces(count: usize) -> String {
        let row = |i: usize| format!("0.9,0.1,0,0,{}\n", i % 4);
        "happy,sad,neutral,surprise,customer\n".to_owned()
            + &(0..count).map(row).collect::<String>()
    }

    #[test]
    fn faces_take_the_columns_of_their_customers_on_any_number_of_threads() {
        let customers = Lookup::of(Csv(CUSTOMERS.as_bytes()), "id").unwrap();
        let columns = Columns {
            by: vec!["segment".into()],
            cluster: Some("customer".into()),
            consent: Some("agreed".into()),
            ..Columns::default()
        };
        for threads in [1, 2, 7] {
            let text = faces(40_000);
            let table = Joined {
                table: Csv(text.as_bytes()),
                on: "customer".into(),
                with: customers.clone(),
            };
            let threads = NonZeroUsize::new(threads).unwrap();
            let (tally, rows) = tally(table, &columns, threads).unwrap();
            assert_eq!((rows.read, rows.used), (40_000, 20_000));
            assert_eq!((rows.unmatched, rows.no_consent), (10_000, 10_000));
            let groups = tally.groups();
            assert_eq!(groups.len(), 1);
            assert_eq!(
                (groups[0].people(), groups[0].values()),
                (2, &["private".to_owned()][..])
            );
        }
    }

    #[test]
    fn keys_that_are_there_twice_are_refused_with_their_rows() {
        let twice = "id,segment\n1,a\n2,b\n1,c\n";
        let error = Lookup::of(Csv(twice.as_bytes()), "id").unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 3: each key must be there once, and is in row 1 already; found \"1\""
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.csv");
        std::fs::write(&path, twice).unwrap();
        let error = Lookup::open(&path, "id").unwrap_err();
        assert!(error.to_string().contains("crm.csv"), "{error}");
        assert_eq!(error.kind(), fer_core::ErrorKind::InvalidTable);
        let error = Lookup::open(&path, "customer").unwrap_err();
        assert!(
            fer_core::chain(&error).contains("no column \"customer\""),
            "{error}"
        );
    }
}
