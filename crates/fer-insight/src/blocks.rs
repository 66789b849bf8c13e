//! A stream of CSV in blocks of whole rows.

use std::io::Read;

use crate::{Error, Result};

/// Bytes of a block, which stay in the cache of a core.
const BLOCK_BYTES: usize = 1 << 18;

/// The most bytes of a row.
const MAX_ROW_BYTES: usize = 1 << 24;

/// Whole rows of a CSV table.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The rows, each with its line end.
    pub(crate) bytes: Vec<u8>,
    /// `true` if a cell may be quoted: then line ends and delimiters may be part of cells.
    pub(crate) quoted: bool,
}

/// A stream of CSV that is cut between rows.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    input: R,
    delimiter: u8,
    /// The beginning of a row whose end is still to come.
    rest: Vec<u8>,
    ended: bool,
}

impl<R: Read> Blocks<R> {
    /// Cuts a stream that begins with `rest`.
    pub(crate) fn new(rest: Vec<u8>, input: R, delimiter: u8) -> Self {
        Self {
            input,
            delimiter,
            rest,
            ended: false,
        }
    }

    /// Reads the next rows into `block`; `false` if there are no more.
    ///
    /// # Errors
    /// [`Error::Csv`] if reading fails, [`Error::InvalidRow`] for a row of more than 16 MiB. Rows count from the block's
    /// first.
    pub(crate) fn next(&mut self, block: &mut Block) -> Result<bool> {
        let bytes = &mut block.bytes;
        bytes.clear();
        bytes.append(&mut self.rest);
        let mut rows = RowEnds::new(self.delimiter);
        while !self.ended {
            let wanted = BLOCK_BYTES.max(bytes.len());
            let read = (&mut self.input).take(wanted as u64).read_to_end(bytes);
            let read = read.map_err(|source| Error::Csv {
                source: source.into(),
            })?;
            self.ended = read < wanted;
            if self.ended {
                break;
            }
            if let Some(end) = rows.last(bytes) {
                self.rest.extend_from_slice(&bytes[end..]);
                bytes.truncate(end);
                block.quoted = rows.quoted;
                return Ok(true);
            }
            if bytes.len() > MAX_ROW_BYTES {
                return Err(Error::InvalidRow {
                    row: 1,
                    what: format!(
                        "a row must have less than {MAX_ROW_BYTES} bytes: is the end of a quoted cell missing?"
                    ),
                    found: format!("{} bytes", bytes.len()),
                });
            }
        }
        if bytes.last().is_some_and(|last| *last != b'\n') {
            bytes.push(b'\n');
        }
        block.quoted = bytes.contains(&b'"');
        Ok(!bytes.is_empty())
    }
}

/// Finds the ends of rows in bytes of which more and more are there.
#[derive(Debug)]
struct RowEnds {
    delimiter: u8,
    /// `true` if a quote was seen: then each byte is looked at.
    quoted: bool,
    seen: usize,
    last: Option<usize>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    CellStart,
    Cell,
    Quoted,
    /// After a quote in a quoted cell: its end, or the first half of a doubled quote.
    Quote,
}

impl RowEnds {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            quoted: false,
            seen: 0,
            last: None,
            state: State::CellStart,
        }
    }

    /// Returns the position after the last end of a row. The bytes begin as those of the call before.
    fn last(&mut self, bytes: &[u8]) -> Option<usize> {
        self.quoted = self.quoted || bytes[self.seen..].contains(&b'"');
        if !self.quoted {
            let end = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
            return end.map(|end| end + 1);
        }
        for (position, &byte) in bytes.iter().enumerate().skip(self.seen) {
            self.state = match (self.state, byte) {
                (State::Quoted, b'"') => State::Quote,
                (State::Quoted, _) | (State::CellStart | State::Quote, b'"') => State::Quoted,
                (_, b'\n' | b'\r') => {
                    self.last = Some(position + 1);
                    State::CellStart
                }
                (_, byte) if byte == self.delimiter => State::CellStart,
                _ => State::Cell,
            };
        }
        self.seen = bytes.len();
        self.last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(bytes: &[u8]) -> Vec<csv::ByteRecord> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes);
        reader.byte_records().map(Result::unwrap).collect()
    }

    proptest! {
        /// The reader of the crate csv is the oracle: cut anywhere that rows are said to end, it reads the same rows.
        #[test]
        fn rows_end_where_a_reader_ends_them(text in "[a,\"\n\r]{0,40}") {
            let bytes = text.as_bytes();
            let whole = records(bytes);
            if let Some(end) = RowEnds::new(b',').last(bytes) {
                let parts = [records(&bytes[..end]), records(&bytes[end..])].concat();
                prop_assert_eq!(parts, whole);
            }
            let mut grown = RowEnds::new(b',');
            grown.last(&bytes[..bytes.len() / 2]);
            prop_assert_eq!(grown.last(bytes), RowEnds::new(b',').last(bytes));
        }
    }

    #[test]
    fn blocks_are_the_stream_cut_between_rows() {
        for row in ["a,\"b\nc\",d\n", "a,b,c\r\n"] {
            let mut text = row.repeat(3 * BLOCK_BYTES / row.len());
            text += "last,row,x";
            let mut blocks = Blocks::new(b"first,row,y\n".to_vec(), text.as_bytes(), b',');
            let (mut block, mut read, mut count) = (Block::default(), Vec::new(), 0);
            while blocks.next(&mut block).unwrap() {
                assert_eq!(block.quoted, block.bytes.contains(&b'"'));
                read.extend_from_slice(&block.bytes);
                count += 1;
            }
            assert!(count >= 3, "{count}");
            let expected = format!("first,row,y\n{text}\n");
            assert!(read == expected.as_bytes());
        }
    }

    #[test]
    fn a_quote_that_never_ends_is_refused_before_it_fills_the_memory() {
        let endless = std::io::repeat(b'a');
        let mut blocks = Blocks::new(b"\"".to_vec(), endless, b',');
        let error = blocks.next(&mut Block::default()).unwrap_err().to_string();
        assert!(
            error.contains("is the end of a quoted cell missing?"),
            "{error}"
        );
    }
}
