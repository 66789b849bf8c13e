//! Names of what a file holds, by its first bytes.

use image::ImageFormat;

use crate::{Error, Result};

/// First bytes of formats that are recognized and not read: their place, the bytes, and the format's name.
const UNREAD: [(usize, &[u8], &str); 21] = [
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypheim", "HEIC"),
    (4, b"ftypheis", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
    (4, b"ftyphevx", "HEIC"),
    (4, b"ftyphevm", "HEIC"),
    (4, b"ftyphevs", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftypavis", "AVIF"),
    (4, b"ftypcrx ", "Canon raw"),
    (0, b"FUJIFILMCCD-RAW", "Fujifilm raw"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"8BPS", "Photoshop"),
    (0, b"icns", "ICNS"),
    (0, b"<svg", "SVG"),
];

/// First bytes of what is no image.
const OTHERS: [(usize, &[u8], &str); 15] = [
    (4, b"ftyp", VIDEO),
    (4, b"moov", VIDEO),
    (4, b"mdat", VIDEO),
    (8, b"AVI ", VIDEO),
    (0, b"\x1a\x45\xdf\xa3", VIDEO),
    (0, b"\0\0\x01\xba", VIDEO),
    (0, b"FLV\x01", VIDEO),
    (0, b"OggS", VIDEO),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", VIDEO),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"<!DOCTYPE html", "a web page"),
    (0, b"<html", "a web page"),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS: run `git lfs pull`",
    ),
];

const VIDEO: &str =
    "a video: name it with a video's extension to `fer predict`, or use `predict_video`";

/// The length of the text that may stand before an SVG image's first tag.
const SVG_PROLOG_BYTES: usize = 1024;

/// Names the format of an image file.
///
/// # Errors
/// [`Error::UnsupportedImage`] for a format that is not read, [`Error::OtherContent`] for a file of another kind,
/// [`Error::NotAnImage`] for any other.
pub(super) fn format(bytes: &[u8]) -> Result<ImageFormat> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, Tiff, WebP};

    let has = |&&(at, start, _): &&(usize, &[u8], &'static str)| {
        let found = bytes.get(at..at + start.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    match image::guess_format(bytes) {
        Ok(format @ (Jpeg | Png | WebP | Gif | Bmp | Tiff | Pnm)) => return Ok(format),
        // BigTIFF, of either byte order.
        Err(_) if bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b") => {
            return Ok(Tiff);
        }
        Ok(other) => return Err(unread(name(other))),
        Err(_) => {}
    }
    if let Some((_, _, format)) = UNREAD.iter().find(has) {
        return Err(unread(format));
    }
    if let Some((_, _, found)) = OTHERS.iter().find(has) {
        return Err(Error::OtherContent { found });
    }
    let beginning = bytes.get(..SVG_PROLOG_BYTES).unwrap_or(bytes);
    if bytes.starts_with(b"<?xml") && beginning.windows(4).any(|tag| tag == b"<svg") {
        return Err(unread("SVG"));
    }
    Err(Error::NotAnImage)
}

fn unread(format: &'static str) -> Error {
    Error::UnsupportedImage {
        format,
        source: "convert it to JPEG or PNG".into(),
    }
}

/// Returns the name of a format that is read.
pub(super) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Avif => "AVIF",
        ImageFormat::Ico => "ICO",
        ImageFormat::Dds => "DDS",
        ImageFormat::OpenExr => "OpenEXR",
        ImageFormat::Hdr => "Radiance HDR",
        ImageFormat::Qoi => "QOI",
        other => other.extensions_str().first().copied().unwrap_or("unknown"),
    }
}
