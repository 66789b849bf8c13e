//! Faces from CSV, as `fer predict --format csv` writes them, with any further columns of the user.

use std::io::Read;
use std::num::NonZeroUsize;

use crate::blocks::{Block, Blocks};
use crate::counting::tally;
use crate::csv_rows::{CsvRow, Form, Splitter};
use crate::parts::share_out;
use crate::row::{Columns, RowVisitor, Rows};
use crate::table::FaceTable;
use crate::tally::Tally;
use crate::{Error, Result};

/// A table of faces as CSV.
///
/// The text is UTF-8, with or without a byte order mark, separated by commas or, as spreadsheets of many countries write
/// it, by semicolons with decimal commas.
pub struct Csv<R>(pub R);

impl<R> std::fmt::Debug for Csv<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Csv").finish_non_exhaustive()
    }
}

impl<R: Read + Send> FaceTable for Csv<R> {
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V> {
        let table = CsvTable::open(self.0)?;
        let mut visitor = start(&table.header)?;
        table.for_each(|row| visitor.row(row.number, row))?;
        Ok(visitor)
    }

    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let mut table = CsvTable::open(self.0)?;
        let form = table.form;
        let header = std::mem::take(&mut table.header);
        let workers = share_out(
            threads,
            || Ok((start(&header)?, Splitter::new(form), Block::default())),
            |(_, _, block)| table.next(block),
            |(visitor, splitter, block)| {
                splitter.rows(block, 0, |row| visitor.row(row.number, row))
            },
        );
        Ok(workers?
            .into_iter()
            .map(|(visitor, _, _)| visitor)
            .collect())
    }
}

/// A CSV table of which the header was read.
#[derive(Debug)]
struct CsvTable<R> {
    /// The names of the columns.
    header: Vec<String>,
    form: Form,
    /// The rows that were read with the header.
    first: Option<Block>,
    blocks: Blocks<R>,
}

impl<R: Read> CsvTable<R> {
    fn open(mut input: R) -> Result<Self> {
        let (head, delimiter) = sniff(&mut input)?;
        let mut blocks = Blocks::new(head, input, delimiter);
        let mut first = Block::default();
        blocks.next(&mut first)?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .from_reader(&first.bytes[..]);
        let names = reader
            .byte_headers()
            .map_err(|source| Error::Csv { source })?
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().into());
        let header: Vec<String> = names.collect();
        let end = reader.position().byte() as usize;
        first.bytes.drain(..end);
        Ok(Self {
            form: Form {
                delimiter,
                columns: header.len(),
            },
            header,
            first: Some(first),
            blocks,
        })
    }

    /// Passes each row to `visit`, in order.
    fn for_each(mut self, mut visit: impl FnMut(&CsvRow<'_>) -> Result<()>) -> Result<()> {
        let mut splitter = Splitter::new(self.form);
        let mut block = Block::default();
        let mut before = 0;
        loop {
            let next = self.next(&mut block);
            if !next.map_err(|error| error.after_rows(before))? {
                return Ok(());
            }
            before += splitter.rows(&block, before, &mut visit)?;
        }
    }

    /// Reads the next rows into `block`; `false` if there are no more.
    fn next(&mut self, block: &mut Block) -> Result<bool> {
        match self.first.take() {
            Some(first) => {
                *block = first;
                Ok(true)
            }
            None => self.blocks.next(block),
        }
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
pub fn read_csv(input: impl Read + Send, columns: &Columns) -> Result<(Tally, Rows)> {
    tally(Csv(input), columns, NonZeroUsize::MIN)
}

/// Reads the beginning of the text without its byte order mark, and returns it with the delimiter that its first line uses.
fn sniff(input: &mut impl Read) -> Result<(Vec<u8>, u8)> {
    const MAX_HEADER_BYTES: u64 = 1 << 16;
    let mut head = Vec::new();
    let read = input.take(MAX_HEADER_BYTES).read_to_end(&mut head);
    read.map_err(|source| Error::Csv {
        source: source.into(),
    })?;
    if head.starts_with(b"\xef\xbb\xbf") {
        head.drain(..3);
    }
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let delimiter = if count(b';') > count(b',') {
        b';'
    } else {
        b','
    };
    Ok((head, delimiter))
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
        assert_eq!(
            second("b,0.9"),
            "row 2: expected 8 cells, as many as the header has; found 2 cells"
        );
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
