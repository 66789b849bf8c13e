//! PNM files whose brightest level is not that of a byte: scaled as Pillow scales them.

use image::{DynamicImage, GrayImage, RgbImage};

use super::budget::check_size;
use crate::{Error, Result};

const FORMAT: &str = "PNM";

/// The brightest levels of bytes and of sixteen bits.
const BYTE: u32 = u8::MAX as u32;
const WIDE: u32 = u16::MAX as u32;

/// The header of a file: its size and format.
struct Header {
    width: u32,
    height: u32,
    channels: usize,
    /// The levels are text.
    is_plain: bool,
    /// The number that stands for the brightest level.
    brightest: u32,
}

/// Decodes a gray or color file whose levels need scaling; `None` for any other, which the crate `image` reads as Pillow does.
pub(super) fn decode(bytes: &[u8]) -> Result<Option<DynamicImage>> {
    let (channels, is_plain, mut rest) = match bytes {
        [b'P', b'2', rest @ ..] => (1, true, rest),
        [b'P', b'3', rest @ ..] => (3, true, rest),
        [b'P', b'5', rest @ ..] => (1, false, rest),
        [b'P', b'6', rest @ ..] => (3, false, rest),
        _ => return Ok(None),
    };
    let mut number = || number(&mut rest).ok_or_else(|| corrupt("its header is damaged"));
    let header = Header {
        width: number()?,
        height: number()?,
        brightest: number()?,
        channels,
        is_plain,
    };
    if matches!(header.brightest, BYTE | WIDE) {
        return Ok(None);
    }
    if !(1..=WIDE).contains(&header.brightest) {
        return Err(corrupt(format!(
            "its brightest level is {}, expected 1 to {WIDE}",
            header.brightest
        )));
    }
    check_size(header.width, header.height, 0)?;
    let levels = header.levels(rest)?;
    let (width, height) = (header.width, header.height);
    let image = match channels {
        1 => GrayImage::from_raw(width, height, levels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, levels).map(DynamicImage::from),
    };
    image.map(Some).ok_or_else(|| corrupt("it ends early"))
}

impl Header {
    fn levels(&self, mut rest: &[u8]) -> Result<Vec<u8>> {
        let count = self.width as usize * self.height as usize * self.channels;
        let wide = self.brightest > BYTE;
        if !self.is_plain {
            let bytes = if wide { 2 } else { 1 };
            let levels = rest.chunks_exact(bytes).take(count);
            let level = |bytes: &[u8]| {
                bytes
                    .iter()
                    .fold(0, |sum, &byte| sum << 8 | u32::from(byte))
            };
            return Ok(levels.map(|bytes| self.scaled(level(bytes))).collect());
        }
        // A level takes a digit and a space, whatever size the header states.
        let mut levels = Vec::with_capacity(count.min(rest.len() / 2 + 1));
        while levels.len() < count {
            let level = number(&mut rest).ok_or_else(|| corrupt("it ends early"))?;
            if level > self.brightest {
                return Err(corrupt("a level is above the brightest"));
            }
            levels.push(self.scaled(level));
        }
        Ok(levels)
    }

    /// Pillow makes sixteen bits of wide gray levels, which become bytes as those of any other file do.
    fn scaled(&self, level: u32) -> u8 {
        let share = f64::from(level) / f64::from(self.brightest);
        let to = |most: u32| {
            (share * f64::from(most))
                .round_ties_even()
                .min(f64::from(most))
        };
        if self.brightest > BYTE && self.channels == 1 {
            ((to(WIDE) as u32 + 128) / 257) as u8
        } else {
            to(BYTE) as u8
        }
    }
}

/// Takes the next number of a text and the character behind it; white space and comments may stand before it.
fn number(rest: &mut &[u8]) -> Option<u32> {
    loop {
        match rest {
            [b'#', comment @ ..] => {
                let end = comment.iter().position(|byte| b"\r\n".contains(byte))?;
                *rest = comment.get(end..)?;
            }
            [byte, after @ ..] if is_space(*byte) => *rest = after,
            _ => break,
        }
    }
    let end = rest.iter().position(|&byte| is_space(byte) || byte == b'#');
    let (digits, after) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = match after {
        [byte, after @ ..] if is_space(*byte) => after,
        after => after,
    };
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'\x0b'
}

fn corrupt(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::CorruptImage {
        format: FORMAT,
        source: reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(file: &[u8]) -> Vec<u8> {
        decode(file).unwrap().unwrap().into_bytes()
    }

    #[test]
    fn levels_are_rounded_to_the_nearest_byte_and_ties_to_the_even() {
        assert_eq!(levels(b"P5 4 1 100\n\x00\x01\x32\xff"), [0, 3, 128, 255]);
        assert_eq!(
            levels(b"P2\n# a comment\n3 1 2 0 1 # more\n2\n"),
            [0, 128, 255]
        );
        assert_eq!(
            levels(b"P6 1 1 1000\n\x00\x00\x01\xf4\x03\xe8"),
            [0, 128, 255]
        );
        // 500 of 1000 is 32768 of 65535.
        assert_eq!(levels(b"P5 2 1 1000\n\x01\xf4\x03\xe8"), [128, 255]);
    }

    #[test]
    fn other_files_are_left_to_the_other_decoder() {
        for file in [
            &b"P5 1 1 255\nx"[..],
            b"P6 1 1 65535\n......",
            b"P4 1 1\nx",
            b"P7\n",
        ] {
            assert!(decode(file).unwrap().is_none());
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        for file in [
            &b"P5 4 1 100\nx"[..],
            b"P2 2 1 7\n1",
            b"P2 2 1 7\n1 8",
            b"P2 2 1 7\n1 -1",
            b"P5 1 1 0\nx",
            b"P5 1 1 70000\nx",
            b"P5 1 #",
            b"P3 30000 4000 100\n1 2",
        ] {
            assert!(decode(file).is_err(), "{}", String::from_utf8_lossy(file));
        }
    }
}
