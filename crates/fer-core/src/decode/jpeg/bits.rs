//! Bits of entropy-coded data (ITU-T T.81, B.1.1.5 and F.2.2.5).

use super::failure::corrupt;
use crate::Result;

/// A reader of bits, most significant first, up to the next marker.
///
/// Past the end of the data it gives zeros and remembers that it did; [`check`](Self::check) tells.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// The next bits, the first of them in the most significant place.
    buffer: u64,
    /// Bits in the buffer.
    count: u32,
    /// Number of them, the last ones, that are not in the data.
    padding: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            at: 0,
            buffer: 0,
            count: 0,
            padding: 0,
        }
    }

    /// Fills the buffer with at least 32 bits.
    fn fill(&mut self) {
        if self.padding == 0
            && let Some(word) = self.data[self.at..].first_chunk::<4>()
            && !word.contains(&0xff)
        {
            self.buffer |= u64::from(u32::from_be_bytes(*word)) << (32 - self.count);
            self.count += 32;
            self.at += 4;
            return;
        }
        while self.count < 32 {
            let byte = self.next_byte();
            self.padding += if byte.is_none() { 8 } else { 0 };
            self.buffer |= u64::from(byte.unwrap_or(0)) << (56 - self.count);
            self.count += 8;
        }
    }

    /// Takes the next byte of data: not a marker, and without the zero that follows a byte of 0xff.
    fn next_byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.data[self.at..].split_first()?;
        if byte != 0xff {
            self.at += 1;
            return Some(byte);
        }
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        if rest.get(fill) != Some(&0) {
            return None;
        }
        self.at += fill + 2;
        Some(0xff)
    }

    /// Returns the next 16 bits without taking them.
    pub(super) fn peek(&mut self) -> usize {
        if self.count < 16 {
            self.fill();
        }
        (self.buffer >> 48) as usize
    }

    /// Skips `count` bits that were peeked at.
    pub(super) fn skip(&mut self, count: u32) {
        self.buffer <<= count;
        self.count -= count;
    }

    /// Takes `count` bits, at most 16, as a number.
    pub(super) fn take(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        let bits = self.peek() >> (16 - count);
        self.skip(count);
        bits as i32
    }

    /// Takes one bit.
    pub(super) fn flag(&mut self) -> bool {
        self.take(1) == 1
    }

    /// Takes a signed number of `size` bits (T.81, F.2.2.1: EXTEND).
    pub(super) fn signed(&mut self, size: u32) -> i32 {
        let bits = self.take(size);
        if size > 0 && bits < 1 << (size - 1) {
            bits - (1 << size) + 1
        } else {
            bits
        }
    }

    /// Refuses data that ended before the bits taken from it.
    pub(super) fn check(&self) -> Result<()> {
        if self.count < self.padding {
            return Err(corrupt("the compressed data ends early"));
        }
        Ok(())
    }

    /// Steps over the rest of a byte and the restart marker of this number.
    pub(super) fn restart(&mut self, number: u8) -> Result<()> {
        let rest = &self.data[self.end()..];
        let fill = rest.iter().take_while(|&&byte| byte == 0xff).count();
        if fill == 0 || rest.get(fill) != Some(&(0xd0 + number)) {
            return Err(corrupt("a restart marker is missing"));
        }
        *self = Self {
            at: self.end() + fill + 1,
            ..Self::new(self.data)
        };
        Ok(())
    }

    /// Returns the position of the first byte of which no bit was taken.
    pub(super) fn end(&self) -> usize {
        // Bytes that wait in the buffer are given back, each 0xff with the zero that followed it.
        let mut at = self.at;
        for _ in 0..self.count.saturating_sub(self.padding) / 8 {
            at -= 1;
            if at > 0 && self.data[at] == 0 && self.data[at - 1] == 0xff {
                at -= 1;
            }
        }
        at
    }
}
