//! Image files around the browser's decoder: what is refused before, and why it refuses.

mod jpeg;

use fer_core::Error;

/// Signatures of the formats that browsers decode: name, offset, bytes.
const SIGNATURES: [(&str, usize, &[u8]); 8] = [
    (JPEG, 0, b"\xff\xd8\xff"),
    ("PNG", 0, b"\x89PNG\r\n\x1a\n"),
    ("GIF", 0, b"GIF8"),
    ("WebP", 8, b"WEBP"),
    ("BMP", 0, b"BM"),
    ("AVIF", 4, b"ftypavif"),
    (HEIC, 4, b"ftyphei"),
    (HEIC, 4, b"ftypmif1"),
];

const JPEG: &str = "JPEG";
/// Phones' format, which some browsers decode.
const HEIC: &str = "HEIC";

/// Refuses the content of a file that a browser's decoder would take for something else.
///
/// # Errors
/// [`Error::EmptyImageFile`], or [`Error::CorruptImage`] for a JPEG file that was cut short.
pub(crate) fn check(bytes: &[u8]) -> Result<(), Error> {
    if bytes.is_empty() {
        return Err(Error::EmptyImageFile);
    }
    if format_of(bytes) == Some(JPEG) && !jpeg::is_whole(bytes) {
        return Err(Error::CorruptImage {
            format: JPEG,
            source: "the compressed data has no end".into(),
        });
    }
    Ok(())
}

/// Returns the error of a file that the browser does not decode.
pub(crate) fn refusal(bytes: &[u8]) -> Error {
    match format_of(bytes) {
        Some(HEIC) => Error::UnsupportedImage {
            format: HEIC,
            source: "convert it to JPEG or PNG".into(),
        },
        Some(format) => Error::CorruptImage {
            format,
            source: "the browser cannot decode it".into(),
        },
        None => Error::NotAnImage,
    }
}

/// Returns the format that a file says it has.
fn format_of(bytes: &[u8]) -> Option<&'static str> {
    let has = |(_, start, signature): &(_, usize, &[u8])| {
        let rest = bytes.get(*start..);
        rest.is_some_and(|rest| rest.starts_with(signature))
    };
    let found = SIGNATURES.iter().find(|signature| has(signature));
    found.map(|(format, ..)| *format)
}

#[cfg(test)]
mod tests {
    use fer_core::ErrorKind;

    use super::*;

    #[test]
    fn files_are_told_apart_when_the_browser_gives_up() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\nrubbish"[..], ErrorKind::CorruptImage),
            (b"RIFF\0\0\0\0WEBP", ErrorKind::CorruptImage),
            (b"\0\0\0\x18ftypheic", ErrorKind::UnsupportedImage),
            (b"some text", ErrorKind::UnsupportedImage),
            (b"", ErrorKind::UnsupportedImage),
        ] {
            assert_eq!(refusal(bytes).kind(), expected);
        }
    }

    #[test]
    fn empty_files_and_half_jpegs_are_refused_before() {
        for bytes in [&b""[..], b"\xff\xd8\xff cut short"] {
            assert_eq!(check(bytes).unwrap_err().kind(), ErrorKind::CorruptImage);
        }
        for bytes in [&b"GIF8"[..], b"text"] {
            check(bytes).unwrap();
        }
    }
}
