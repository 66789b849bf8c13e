//! Text of files that people write.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use crate::error::{Error, Result};

/// Decodes text in UTF-8, or in UTF-16 with a byte order mark, as spreadsheets and PowerShell save it; the mark is removed.
///
/// # Errors
/// [`Error::Io`] with `path` for anything else.
pub(crate) fn decode<'a>(bytes: &'a [u8], path: &Path) -> Result<Cow<'a, str>> {
    let invalid = |encoding: &str| {
        let reason = format!("it is not text in {encoding}");
        Error::io(
            "read",
            path,
            io::Error::new(io::ErrorKind::InvalidData, reason),
        )
    };
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|pair| unit(*pair)).collect();
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        text.map(Cow::Owned).ok_or_else(|| invalid("UTF-16"))
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
            std::str::from_utf8(bytes)
                .map(Cow::Borrowed)
                .map_err(|_| invalid("UTF-8"))
        }
    }
}

#[cfg(test)]
mod tests {
    use fer_core::chain;

    use super::*;

    #[test]
    fn byte_order_marks_are_read_and_removed() {
        let little: Vec<u8> = "\u{feff}a/ü"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "\u{feff}a/ü"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [
            &little[..],
            &big[..],
            "\u{feff}a/ü".as_bytes(),
            "a/ü".as_bytes(),
        ] {
            assert_eq!(decode(bytes, Path::new("list")).unwrap(), "a/ü");
        }
        for bytes in [&little[..little.len() - 1], b"\xffabc"] {
            assert!(chain(&decode(bytes, Path::new("list")).unwrap_err()).contains("not text in"));
        }
    }
}
