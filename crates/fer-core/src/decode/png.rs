//! Orientation in PNG files: the decoder looks at one kind of chunk, before the pixels.

use std::io::Read;

use flate2::read::ZlibDecoder;
use image::metadata::Orientation;

use super::orientation::Metadata;

const SIGNATURE_BYTES: usize = 8;

/// The most bytes of metadata that are inflated: no camera writes more.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// ImageMagick's name for EXIF in a chunk of text, from before PNG had a chunk for it.
const EXIF_PROFILE: &[u8] = b"Raw profile type exif";
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// Returns the orientation that a file states before or after its pixels, as Pillow reads it.
pub(super) fn orientation(bytes: &[u8]) -> Orientation {
    let mut metadata = Metadata::default();
    let mut profile = None;
    let mut has_exif = false;
    for (kind, content) in chunks(bytes) {
        match kind {
            b"eXIf" => {
                metadata.replace_exif(content);
                has_exif = true;
            }
            b"iTXt" => {
                if let Some(packet) = international_text(content, XMP) {
                    metadata.xmp(&packet);
                }
            }
            b"tEXt" | b"zTXt" => {
                profile = profile.or_else(|| exif_profile(content, kind == b"zTXt"));
            }
            _ => {}
        }
    }
    if let (false, Some(profile)) = (has_exif, profile) {
        metadata.exif(&profile);
    }
    metadata.orientation()
}

/// Iterates over the chunks: kind and content.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(SIGNATURE_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (content, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = after.get(4..).unwrap_or_default();
        Some((kind, content))
    })
}

/// Returns the value of a text chunk under the name `key`.
fn international_text(content: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let content = content.strip_prefix(key)?.strip_prefix(b"\0")?;
    let (&[is_compressed, _method], content) = content.split_first_chunk::<2>()?;
    // Language and translated key, each up to a zero.
    let mut parts = content.splitn(3, |&byte| byte == 0);
    let text = parts.nth(2)?;
    if is_compressed == 0 {
        Some(text.to_vec())
    } else {
        inflate(text)
    }
}

/// Returns the EXIF block that ImageMagick writes in hexadecimal digits, after its name and length.
fn exif_profile(content: &[u8], is_compressed: bool) -> Option<Vec<u8>> {
    let content = content.strip_prefix(EXIF_PROFILE)?.strip_prefix(b"\0")?;
    let text = if is_compressed {
        inflate(content.strip_prefix(b"\0")?)?
    } else {
        content.to_vec()
    };
    let text = String::from_utf8(text).ok()?;
    let digits: Vec<u32> = (text.split('\n').skip(3))
        .flat_map(|line| line.trim().chars().map(|digit| digit.to_digit(16)))
        .collect::<Option<_>>()?;
    let (pairs, _) = digits.as_chunks::<2>();
    Some(
        pairs
            .iter()
            .map(|[high, low]| (high * 16 + low) as u8)
            .collect(),
    )
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut reader = ZlibDecoder::new(bytes).take(MAX_TEXT_BYTES);
    reader.read_to_end(&mut text).ok()?;
    Some(text)
}
