//! Text of files that people write.

use std::borrow::Cow;
use std::io;

/// Decodes text in UTF-8, or in UTF-16 with a byte order mark, as spreadsheets and PowerShell save it; the mark is removed.
///
/// # Errors
/// An error of kind [`InvalidData`](io::ErrorKind::InvalidData) for anything else.
pub fn decode_text(bytes: &[u8]) -> io::Result<Cow<'_, str>> {
    let invalid = |encoding: &str| {
        let reason = format!("it is not text in {encoding}");
        io::Error::new(io::ErrorKind::InvalidData, reason)
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
            assert_eq!(decode_text(bytes).unwrap(), "a/ü");
        }
        for bytes in [&little[..little.len() - 1], b"\xffabc"] {
            let error = decode_text(bytes).unwrap_err();
            assert!(error.to_string().contains("not text in"), "{error}");
        }
    }
}
