//! Faces from CSV, as `fer predict --format csv` writes them, with any further columns of the user.

use std::borrow::Cow;
use std::io::Read;

use crate::table::{Columns, FaceTable, Record, Row, Rows, Selection, tally};
use crate::tally::Tally;
use crate::{Error, Result};

/// A table of faces as CSV.
///
/// The text is UTF-8, with or without a byte order mark, separated by commas or, as spreadsheets of many countries write
/// it, by semicolons with decimal commas.
#[derive(Debug)]
pub struct Csv<R>(pub R);

impl<R: Read> FaceTable for Csv<R> {
    fn read(
        self,
        columns: &Columns,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<Rows> {
        let mut table = CsvTable::open(self.0)?;
        let mut selection = Selection::new(&table.header, columns)?;
        while let Some(row) = table.next_row()? {
            selection.take(&row, keep)?;
        }
        Ok(selection.finish())
    }
}

/// A CSV table that is read row by row.
pub(crate) struct CsvTable<R> {
    reader: csv::Reader<std::io::Chain<std::io::Cursor<Vec<u8>>, std::io::BufReader<R>>>,
    /// The names of the columns.
    pub(crate) header: Vec<String>,
    decimal_comma: bool,
    record: csv::ByteRecord,
    number: u64,
}

impl<R: Read> CsvTable<R> {
    pub(crate) fn open(input: R) -> Result<Self> {
        let mut input = std::io::BufReader::with_capacity(1 << 16, input);
        let (head, delimiter) = sniff(&mut input)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(head.chain(input));
        let header = reader
            .byte_headers()
            .map_err(|source| Error::Csv { source })?
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().into())
            .collect();
        Ok(Self {
            reader,
            header,
            decimal_comma: delimiter == b';',
            record: csv::ByteRecord::new(),
            number: 0,
        })
    }

    /// Reads the next row.
    pub(crate) fn next_row(&mut self) -> Result<Option<CsvRow<'_>>> {
        let read = self.reader.read_byte_record(&mut self.record);
        if !read.map_err(|source| Error::Csv { source })? {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(CsvRow {
            record: &self.record,
            decimal_comma: self.decimal_comma,
            number: self.number,
        }))
    }
}

/// Reads a CSV table of faces into a tally, in one pass. Rows without consent are dropped before anything else is read of
/// them.
///
/// ```
/// use fer_insight::{Columns, read_csv};
///
/// let table = "path;happy;sad;neutral;surprise;site\r\na.png;0,9;0,05;0,05;0;north\r\n";
/// let columns = Columns { by: vec!["site".into()], ..Default::default() };
/// let (tally, rows) = read_csv(table.as_bytes(), &columns)?;
/// assert_eq!((tally.faces(), rows.used), (1, 1));
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::Csv`] for text that is no table, [`Error::Columns`] for a header without the columns or with one twice,
/// [`Error::InvalidRow`] with the number of the row, and those of [`Tally::add`].
pub fn read_csv(input: impl Read, columns: &Columns) -> Result<(Tally, Rows)> {
    tally(Csv(input), columns)
}

pub(crate) struct CsvRow<'a> {
    record: &'a csv::ByteRecord,
    decimal_comma: bool,
    /// The number of the row, from 1, without the header.
    pub(crate) number: u64,
}

impl<'a> CsvRow<'a> {
    /// Returns the text of a cell.
    pub(crate) fn cell(&self, column: usize) -> Result<&'a str> {
        let bytes = &self.record[column];
        std::str::from_utf8(bytes).map_err(|_| Error::InvalidRow {
            row: self.number,
            what: "text must be UTF-8: save the table as \"CSV UTF-8\"".into(),
            found: format!("{:?}", String::from_utf8_lossy(bytes)),
        })
    }
}

impl Row for CsvRow<'_> {
    fn text(&self, column: usize) -> Result<Cow<'_, str>> {
        self.cell(column).map(Cow::Borrowed)
    }

    fn number(&self, column: usize) -> Result<Option<f64>> {
        let text = self.text(column)?;
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let parsed = if self.decimal_comma {
            text.replace(',', ".").parse()
        } else {
            text.parse()
        };
        parsed.map(Some).map_err(|_| Error::InvalidRow {
            row: self.number,
            what: if text.ends_with('%') {
                "numbers must have no percent sign: divide them by 100".into()
            } else {
                "expected a number".into()
            },
            found: format!("{text:?}"),
        })
    }
}

/// Reads the first line without its byte order mark, and returns it with the delimiter that it uses.
fn sniff(input: &mut impl std::io::BufRead) -> Result<(std::io::Cursor<Vec<u8>>, u8)> {
    const MAX_HEADER_BYTES: u64 = 1 << 20;
    let mut line = Vec::new();
    let mut limited = Read::take(&mut *input, MAX_HEADER_BYTES);
    let read = std::io::BufRead::read_until(&mut limited, b'\n', &mut line);
    read.map_err(|source| Error::Csv {
        source: source.into(),
    })?;
    if line.starts_with(b"\xef\xbb\xbf") {
        line.drain(..3);
    }
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let delimiter = if count(b';') > count(b',') {
        b';'
    } else {
        b','
    };
    Ok((std::io::Cursor::new(line), delimiter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(by: &[&str], cluster: Option<&str>) -> Columns {
        Columns {
            by: by.iter().map(|&name| name.into()).collect(),
            cluster: cluster.map(Into::into),
            ..Default::default()
        }
    }

    fn error(table: &str) -> String {
        let columns = columns(&["site"], Some("person"));
        read_csv(table.as_bytes(), &columns)
            .unwrap_err()
            .to_string()
    }

    const HEADER: &str = "path,happy,sad,neutral,surprise,site,person,agreed\n";

    #[test]
    fn byte_order_mark_semicolons_and_quoted_newlines_change_nothing() {
        let plain = format!("{HEADER}a,0.9,0.05,0.05,0,\"north\neast\",p,yes\n");
        let columns = columns(&["site"], Some("person"));
        let (expected, rows) = read_csv(plain.as_bytes(), &columns).unwrap();
        assert_eq!(
            rows,
            Rows {
                read: 1,
                used: 1,
                ..Default::default()
            }
        );
        let sheet = plain
            .replace(',', ";")
            .replace("0.9", "0,9")
            .replace("0.05", "0,05");
        let sheet = format!("\u{feff}{}", sheet.replace("yes\n", "yes\r\n"));
        let (tally, _) = read_csv(sheet.as_bytes(), &columns).unwrap();
        assert_eq!(tally.groups(), expected.groups());
        assert_eq!(tally.groups()[0].values(), ["north\neast"]);
    }

    #[test]
    fn faults_name_the_row() {
        let second = |row: &str| error(&format!("{HEADER}a,0.9,0.05,0.05,0,n,p,yes\n{row}\n"));
        assert!(
            second("b,90,5,5,0,n,p,yes")
                .starts_with("row 2: probabilities must sum to 1: these are percents")
        );
        assert!(
            second("b,90%,5%,5%,0%,n,p,yes")
                .contains("row 2: numbers must have no percent sign: divide them by 100")
        );
        assert!(
            second("b,NaN,0.5,0.5,0,n,p,yes")
                .starts_with("row 2: probabilities must be numbers; found NaN")
        );
        assert!(
            second("b,0.9,0.5,0.5,0,n,p,yes")
                .starts_with("row 2: probabilities must sum to 1; found a sum of 1.9")
        );
        assert!(
            second("b,0.9,,0.1,0,n,p,yes").starts_with("row 2: the probability of sad is missing")
        );
        assert!(second("b,0.9,0.05,0.05,0,n,,yes").starts_with("row 2: expected the cluster"));
        assert_eq!(second("b,0.9"), "not a CSV table");
    }

    #[test]
    fn rows_are_numbered_in_the_table_also_after_dropped_ones() {
        let table = format!("{HEADER}a,,,,,n,p,yes\nb,0.9,0.5,0.5,0,n,p,yes\n");
        assert!(error(&table).starts_with("row 2: "));
    }

    #[test]
    fn headers_without_a_column_or_with_one_twice_are_refused() {
        assert_eq!(
            error("path,happy,sad,neutral\n"),
            "no column \"surprise\"; found path, happy, sad, neutral"
        );
        assert!(
            error("happy,happy,sad,neutral,surprise\n")
                .starts_with("more than one column \"happy\": keep one; found happy")
        );
        assert!(error("").starts_with("no column \"happy\""));
    }

    #[test]
    fn rows_without_consent_change_nothing() {
        let columns = Columns {
            consent: Some("agreed".into()),
            only: vec![("site".into(), "n".into())],
            ..columns(&["site"], Some("person"))
        };
        let agreed =
            format!("{HEADER}a,0.9,0.05,0.05,0,n,p,Yes\nc,,,,,n,p,1\nd,0.9,0.05,0.05,0,s,p,TRUE\n");
        let (expected, rows) = read_csv(agreed.as_bytes(), &columns).unwrap();
        assert_eq!(
            rows,
            Rows {
                read: 3,
                used: 1,
                no_face: 1,
                filtered: 1,
                ..Default::default()
            }
        );
        // Not even its numbers are read.
        let more = format!("{agreed}e,900,x,,,n,q,no\nf,0,1,0,0,n,q,\n");
        let (tally, rows) = read_csv(more.as_bytes(), &columns).unwrap();
        assert_eq!(rows.no_consent, 2);
        assert_eq!(tally.groups(), expected.groups());
    }
}
