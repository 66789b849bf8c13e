//! The orientation of a photo, from the metadata in its segments.

use image::metadata::Orientation;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const XMP_FIELD: &[u8] = b"tiff:Orientation";

/// Orientation as a file states it.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    exif: Option<Option<Orientation>>,
    xmp: Option<Orientation>,
}

impl Metadata {
    /// Takes in a segment of application data; the first EXIF block counts.
    pub(super) fn read(&mut self, content: &[u8]) {
        if let Some(exif) = content.strip_prefix(EXIF) {
            self.exif
                .get_or_insert_with(|| Orientation::from_exif_chunk(exif));
        } else if let Some(xmp) = content.strip_prefix(XMP) {
            self.xmp = self.xmp.or_else(|| in_xmp(xmp));
        }
    }

    /// Returns the orientation: that of EXIF, else that of XMP, as Pillow and OpenCV take it.
    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.exif.flatten();
        exif.or(self.xmp).unwrap_or(Orientation::NoTransforms)
    }
}

/// Finds `tiff:Orientation="6"` or `<tiff:Orientation>6`.
fn in_xmp(xmp: &[u8]) -> Option<Orientation> {
    let start = xmp
        .windows(XMP_FIELD.len())
        .position(|window| window == XMP_FIELD)?;
    let digit = match &xmp[start + XMP_FIELD.len()..] {
        [b'=', b'"', digit, ..] | [b'>', digit, ..] => digit,
        _ => return None,
    };
    Orientation::from_exif(digit.checked_sub(b'0')?)
}
