//! Marker segments, the parts that a file is made of (ITU-T T.81, B.1.1).

use super::failure::corrupt;
use super::scan::ZIGZAG;
use crate::Result;

/// The markers that mean something here (T.81, table B.1).
pub(super) mod marker {
    pub(in super::super) const BASELINE: u8 = 0xc0;
    pub(in super::super) const EXTENDED: u8 = 0xc1;
    pub(in super::super) const PROGRESSIVE: u8 = 0xc2;
    pub(in super::super) const HUFFMAN: u8 = 0xc4;
    pub(in super::super) const START: u8 = 0xd8;
    pub(in super::super) const END: u8 = 0xd9;
    pub(in super::super) const SCAN: u8 = 0xda;
    pub(in super::super) const QUANTIZATION: u8 = 0xdb;
    pub(in super::super) const RESTART_INTERVAL: u8 = 0xdd;
    pub(in super::super) const APP0: u8 = 0xe0;
    pub(in super::super) const APP1: u8 = 0xe1;
    pub(in super::super) const APP14: u8 = 0xee;
}

/// The segments of a file, one after the other.
#[derive(Debug)]
pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Returns the bytes after the last segment.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Steps over bytes of entropy-coded data.
    pub(super) fn skip(&mut self, count: usize) {
        self.at += count;
    }

    /// Returns the next marker with its content, which is empty for markers that stand alone, or `None` at the end of
    /// the file. Bytes between segments are skipped.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>> {
        loop {
            let rest = self.rest();
            let Some(start) = rest.iter().position(|&byte| byte == 0xff) else {
                return Ok(None);
            };
            let fill = rest[start..].iter().take_while(|&&byte| byte == 0xff);
            let place = start + fill.count();
            let Some(&marker) = rest.get(place) else {
                return Ok(None);
            };
            self.at += place + 1;
            match marker {
                marker::END => return Ok(Some((marker, &[]))),
                // A stuffed zero, TEM, restart markers and the start of an image.
                0 | 0x01 | 0xd0..=marker::START => {}
                _ => {
                    let content = self.content()?;
                    return Ok(Some((marker, content)));
                }
            }
        }
    }

    /// Takes a length, which counts itself, and as many bytes.
    fn content(&mut self) -> Result<&'a [u8]> {
        let rest = self.rest();
        let length = rest.first_chunk().map(|&pair| u16::from_be_bytes(pair));
        let content = length.and_then(|length| rest.get(2..usize::from(length)));
        let content = content.ok_or_else(|| corrupt("the file ends within its header"))?;
        self.at += 2 + content.len();
        Ok(content)
    }
}

/// Takes in quantization tables (T.81, B.2.4.1), in rows of eight.
pub(super) fn read_quantization(
    mut content: &[u8],
    tables: &mut [Option<[u16; 64]>; 4],
) -> Result<()> {
    let malformed = || corrupt("a quantization table is malformed");
    while let Some((&place, rest)) = content.split_first() {
        let bytes_per_value = match place >> 4 {
            0 => 1,
            1 => 2,
            _ => return Err(malformed()),
        };
        let (values, rest) = (rest.split_at_checked(64 * bytes_per_value)).ok_or_else(malformed)?;
        let slot = tables
            .get_mut(usize::from(place & 15))
            .ok_or_else(malformed)?;
        let mut table = [0; 64];
        for (value, &place) in values.chunks(bytes_per_value).zip(&ZIGZAG) {
            table[usize::from(place)] = value
                .iter()
                .fold(0, |value, &byte| value << 8 | u16::from(byte));
        }
        *slot = Some(table);
        content = rest;
    }
    Ok(())
}
