//! Rows of CSV and their cells.

use std::borrow::Cow;
use std::ops::Range;

use crate::blocks::Block;
use crate::csv_number::read_decimal;
use crate::row::Row;
use crate::{Error, Result};

/// The form of a CSV table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form {
    pub(crate) delimiter: u8,
    /// Cells of each row.
    pub(crate) columns: usize,
}

/// Splits blocks into rows; one for each thread, so that its memory is used again.
#[derive(Debug)]
pub(crate) struct Splitter {
    form: Form,
    /// Positions of the delimiters and line ends of a block.
    marks: Vec<u32>,
}

impl Splitter {
    pub(crate) fn new(form: Form) -> Self {
        Self {
            form,
            marks: Vec::new(),
        }
    }

    /// Passes each row of a block to `visit` and returns their number. They are numbered from `before + 1`; empty lines are
    /// no rows.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for a row of more or fewer cells than the header, and those of `visit`.
    pub(crate) fn rows(
        &mut self,
        block: &Block,
        before: u64,
        visit: impl FnMut(&CsvRow<'_>) -> Result<()>,
    ) -> Result<u64> {
        if !block.quoted && self.mark(&block.bytes) {
            self.plain_rows(&block.bytes, before, visit)
        } else {
            self.quoted_rows(&block.bytes, before, visit)
        }
    }

    /// Finds the delimiters and line ends of a block without quotes; `false` if lines end by carriage returns alone.
    fn mark(&mut self, bytes: &[u8]) -> bool {
        const LINE_END: u64 = repeated(b'\n');
        let delimiter = repeated(self.form.delimiter);
        self.marks.clear();
        let (words, tail) = bytes.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let mut hits = zero_bytes(word ^ delimiter) | zero_bytes(word ^ LINE_END);
            while hits != 0 {
                self.marks
                    .push((8 * index) as u32 + hits.trailing_zeros() / 8);
                hits &= hits - 1;
            }
        }
        let start = bytes.len() - tail.len();
        let hit = |byte: &u8| *byte == b'\n' || *byte == self.form.delimiter;
        let tail = tail.iter().enumerate().filter(|(_, byte)| hit(byte));
        self.marks
            .extend(tail.map(|(index, _)| (start + index) as u32));
        let returns = bytes.iter().filter(|byte| **byte == b'\r').count();
        returns == 0
            || returns
                == self
                    .marks
                    .iter()
                    .filter(|mark| ends_by_both(bytes, **mark))
                    .count()
    }

    fn plain_rows(
        &self,
        bytes: &[u8],
        before: u64,
        mut visit: impl FnMut(&CsvRow<'_>) -> Result<()>,
    ) -> Result<u64> {
        let text = std::str::from_utf8(bytes).ok();
        let ends_line = |mark: &u32| bytes[*mark as usize] == b'\n';
        let (mut start, mut number) = (0, before);
        let mut rest = &self.marks[..];
        while let Some(&first) = rest.first() {
            let empty = ends_line(&first) && matches!(&bytes[start..first as usize], b"" | b"\r");
            let mut cells = 1;
            if !empty {
                number += 1;
                cells = self.form.columns;
                let expected = rest.get(..cells);
                if expected.is_none_or(|marks| marks.iter().position(ends_line) != Some(cells - 1))
                {
                    let found = rest
                        .iter()
                        .position(ends_line)
                        .map_or(rest.len(), |last| last + 1);
                    return Err(self.wrong_length(number, found));
                }
                visit(&CsvRow {
                    cells: Cells::Plain {
                        bytes,
                        text,
                        start,
                        marks: &rest[..cells],
                    },
                    decimal_comma: self.form.delimiter == b';',
                    number,
                })?;
            }
            start = rest[cells - 1] as usize + 1;
            rest = &rest[cells..];
        }
        Ok(number - before)
    }

    fn quoted_rows(
        &self,
        bytes: &[u8],
        before: u64,
        mut visit: impl FnMut(&CsvRow<'_>) -> Result<()>,
    ) -> Result<u64> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(self.form.delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        let mut record = csv::ByteRecord::new();
        let mut number = before;
        while reader
            .read_byte_record(&mut record)
            .map_err(|source| Error::Csv { source })?
        {
            number += 1;
            if record.len() != self.form.columns {
                return Err(self.wrong_length(number, record.len()));
            }
            visit(&CsvRow {
                cells: Cells::Record(&record),
                decimal_comma: self.form.delimiter == b';',
                number,
            })?;
        }
        Ok(number - before)
    }

    fn wrong_length(&self, row: u64, found: usize) -> Error {
        Error::InvalidRow {
            row,
            what: format!(
                "expected {} cells, as many as the header has",
                self.form.columns
            ),
            found: format!("{found} cells"),
        }
    }
}

/// Returns a word of eight times the same byte.
const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Returns a word with the highest bit set in each byte that is zero in `word`.
const fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = repeated(0x7f);
    !(((word & LOW) + LOW) | word | LOW)
}

fn ends_by_both(bytes: &[u8], mark: u32) -> bool {
    let mark = mark as usize;
    bytes[mark] == b'\n' && mark > 0 && bytes[mark - 1] == b'\r'
}

/// A row of CSV.
#[derive(Debug)]
pub(crate) struct CsvRow<'a> {
    cells: Cells<'a>,
    decimal_comma: bool,
    /// The number of the row, from 1, without the header.
    pub(crate) number: u64,
}

#[derive(Debug)]
enum Cells<'a> {
    /// Bytes of a block from `start`, with the mark after each cell.
    Plain {
        bytes: &'a [u8],
        /// The bytes as text, if all of them are.
        text: Option<&'a str>,
        start: usize,
        marks: &'a [u32],
    },
    Record(&'a csv::ByteRecord),
}

impl<'a> CsvRow<'a> {
    /// Returns where a cell lies.
    fn place(&self, column: usize) -> (&'a [u8], Range<usize>) {
        match self.cells {
            Cells::Plain {
                bytes,
                start,
                marks,
                ..
            } => {
                let start = column
                    .checked_sub(1)
                    .map_or(start, |before| marks[before] as usize + 1);
                let mut end = marks[column] as usize;
                if column + 1 == marks.len() && end > start && bytes[end - 1] == b'\r' {
                    end -= 1;
                }
                (bytes, start..end)
            }
            Cells::Record(record) => {
                let cell = &record[column];
                (cell, 0..cell.len())
            }
        }
    }

    /// Returns the text of a cell.
    pub(crate) fn cell(&self, column: usize) -> Result<&'a str> {
        let (bytes, cell) = self.place(column);
        if let Cells::Plain {
            text: Some(text), ..
        } = self.cells
            && let Some(text) = text.get(cell.clone())
        {
            return Ok(text);
        }
        let bytes = &bytes[cell];
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
        let (bytes, cell) = self.place(column);
        if let Some(number) = read_decimal(bytes, cell.start, cell.end) {
            return Ok(Some(number));
        }
        let text = self.cell(column)?.trim();
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rows of a text, or the error.
    fn rows(text: &str, quoted: bool) -> std::result::Result<Vec<Vec<String>>, String> {
        let form = Form {
            delimiter: b',',
            columns: 3,
        };
        let block = Block {
            bytes: format!("{text}\n").into_bytes(),
            quoted,
        };
        let mut rows = Vec::new();
        let read = Splitter::new(form).rows(&block, 0, |row| {
            let cells = (0..3).map(|column| row.cell(column).map(Into::into));
            rows.push(cells.collect::<Result<_>>()?);
            Ok(())
        });
        let count = read.map_err(|error| error.to_string())?;
        assert_eq!(count as usize, rows.len());
        Ok(rows)
    }

    proptest! {
        #[test]
        fn rows_without_quotes_are_those_that_the_crate_csv_reads(text in "([ab]{0,9},[ab]{0,9},[ab]{0,20}|[ab,]{0,5})((\r\n|\n|\r)([ab]{0,9},[ab]{0,9},[ab]{0,20})?){0,6}") {
            prop_assert_eq!(rows(&text, false), rows(&text, true));
        }
    }

    #[test]
    fn rows_of_other_lengths_are_refused() {
        for quoted in [false, true] {
            for (text, message) in [
                (
                    "a,b,c\n\nd,e",
                    "row 2: expected 3 cells, as many as the header has; found 2 cells",
                ),
                (
                    "a,b,c,d",
                    "row 1: expected 3 cells, as many as the header has; found 4 cells",
                ),
                (
                    "a\nb\nc",
                    "row 1: expected 3 cells, as many as the header has; found 1 cells",
                ),
            ] {
                assert_eq!(rows(text, quoted), Err(message.into()));
            }
        }
    }
}
