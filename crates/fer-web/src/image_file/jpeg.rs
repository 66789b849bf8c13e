//! Telling a JPEG file that was cut short, of which a browser may paint the missing part gray.

const START_OF_SCAN: u8 = 0xda;
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Returns `true` if the compressed data is followed by the marker that ends the image.
///
/// Within the data the marker cannot occur (a byte of `0xff` is stuffed with a zero there), but before it can: in an
/// embedded thumbnail.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    let data = start_of_data(bytes).and_then(|start| bytes.get(start..));
    data.is_some_and(|data| data.windows(2).rev().any(|pair| pair == END_OF_IMAGE))
}

/// Steps over the segments of the header, each a marker and a length that counts itself but not the marker.
fn start_of_data(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    loop {
        // Any byte may stand between segments, and any number of 0xff before a marker.
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        at += bytes.get(at..)?.iter().position(|&byte| byte != 0xff)?;
        let marker = bytes[at];
        let length = bytes.get(at + 1..at + 3)?;
        at += 1 + usize::from(u16::from_be_bytes([length[0], length[1]]));
        if marker == START_OF_SCAN {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_whole;

    const THUMBNAIL: &[u8] = b"\xff\xe1\x00\x06\xff\xd9ab";
    const SCAN: &[u8] = b"\xff\xda\x00\x04ab\x12\xff\x00\x34";

    #[test]
    fn the_end_is_looked_for_after_the_scan_begins() {
        let start = b"\xff\xd8";
        let whole = [start, THUMBNAIL, b"\xff", SCAN, b"\xff\xd9"].concat();
        assert!(is_whole(&whole));
        assert!(is_whole(&[&whole, &b"trailing bytes"[..]].concat()));
        for length in 0..whole.len() {
            assert!(
                !is_whole(&whole[..length]),
                "{length} of {} bytes",
                whole.len()
            );
        }
    }
}
