//! Faces from columns in memory, such as those of a data frame.

use std::borrow::Cow;

use crate::row::{Row, RowVisitor, read_number};
use crate::table::FaceTable;
use crate::{Error, Result};

/// The cells of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Numbers; NaN is a missing value.
    Numbers(Vec<f64>),
    /// Texts; an empty text is a missing value.
    Texts(Vec<String>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }
}

/// A table of faces as columns of equal length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColumnTable {
    names: Vec<String>,
    columns: Vec<Column>,
    rows: usize,
}

impl ColumnTable {
    /// Makes a table of named columns.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for columns of different lengths.
    pub fn new(columns: impl IntoIterator<Item = (String, Column)>) -> Result<Self> {
        let (names, columns): (Vec<String>, Vec<Column>) = columns.into_iter().unzip();
        let rows = columns.first().map_or(0, Column::len);
        if let Some((name, column)) = names.iter().zip(&columns).find(|(_, c)| c.len() != rows) {
            return Err(Error::InvalidArgument {
                name: "columns",
                expected: format!("{rows} cells in each column"),
                found: format!("{} in {name:?}", column.len()),
            });
        }
        Ok(Self {
            names,
            columns,
            rows,
        })
    }
}

impl FaceTable for ColumnTable {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        let mut visitor = start(&self.names)?;
        for row in 0..self.rows {
            let cells = Cells {
                columns: &self.columns,
                row,
            };
            visitor.row(row as u64 + 1, &cells)?;
        }
        Ok(visitor)
    }
}

struct Cells<'a> {
    columns: &'a [Column],
    row: usize,
}

impl Row for Cells<'_> {
    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        Ok(match &self.columns[column] {
            Column::Numbers(numbers) if numbers[self.row].is_nan() => Cow::Borrowed(""),
            Column::Numbers(numbers) => Cow::Owned(numbers[self.row].to_string()),
            Column::Texts(texts) => Cow::Borrowed(&texts[self.row]),
        })
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        match &self.columns[column] {
            Column::Numbers(numbers) => Ok(Some(numbers[self.row]).filter(|x| !x.is_nan())),
            Column::Texts(texts) => read_number(&texts[self.row], self.row as u64 + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counting::tally;
    use crate::csv_table::read_csv;
    use crate::row::Columns;
    use std::num::NonZeroUsize;

    fn numbers(values: &[f64]) -> Column {
        Column::Numbers(values.to_vec())
    }

    fn texts(values: &[&str]) -> Column {
        Column::Texts(values.iter().map(|&text| text.into()).collect())
    }

    fn table(happy: Column) -> ColumnTable {
        ColumnTable::new([
            ("happy".into(), happy),
            ("sad".into(), numbers(&[0.0, 0.0, f64::NAN])),
            ("neutral".into(), numbers(&[0.1, 0.9, f64::NAN])),
            ("surprise".into(), numbers(&[0.0, 0.0, f64::NAN])),
            ("site".into(), numbers(&[1.0, 2.0, 2.0])),
            ("person".into(), texts(&["a", "b", "b"])),
        ])
        .unwrap()
    }

    fn columns() -> Columns {
        Columns {
            by: vec!["site".into()],
            cluster: Some("person".into()),
            ..Columns::default()
        }
    }

    #[test]
    fn columns_and_csv_give_the_same_tally() {
        let csv =
            "happy,sad,neutral,surprise,site,person\n0.9,0,0.1,0,1,a\n0.1,0,0.9,0,2,b\n,,,,2,b\n";
        let (expected, rows) = read_csv(csv.as_bytes(), &columns()).unwrap();
        let (found, found_rows) = tally(
            table(numbers(&[0.9, 0.1, f64::NAN])),
            &columns(),
            NonZeroUsize::MIN,
        )
        .unwrap();
        assert_eq!(found.groups(), expected.groups());
        assert_eq!(found_rows, rows);
        let (found, _) = tally(
            table(texts(&["0.9", "0.1", ""])),
            &columns(),
            NonZeroUsize::MIN,
        )
        .unwrap();
        assert_eq!(found.groups(), expected.groups());
    }

    #[test]
    fn faults_name_the_row_and_the_column() {
        let error = tally(
            table(texts(&["0.9", "x", ""])),
            &columns(),
            NonZeroUsize::MIN,
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "row 2: expected a number; found \"x\"");
        let short = ColumnTable::new([
            ("happy".into(), numbers(&[1.0])),
            ("sad".into(), numbers(&[])),
        ]);
        assert!(short.unwrap_err().to_string().contains("0 in \"sad\""));
    }
}
