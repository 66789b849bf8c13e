//! Orientation of a photo, in the metadata that Pillow and OpenCV look at: EXIF, else XMP.

use image::metadata::Orientation;

/// The name before an EXIF block in JPEG files, which some writers put into others too.
pub(super) const EXIF: &[u8] = b"Exif\0\0";

const XMP_FIELD: &[u8] = b"tiff:Orientation";

/// Orientation as a file states it.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// That of the EXIF block, and whether there is one.
    exif: Option<Option<Orientation>>,
    xmp: Option<Orientation>,
}

impl Metadata {
    /// Takes in an EXIF block; the first one counts.
    pub(super) fn exif(&mut self, block: &[u8]) {
        self.exif.get_or_insert_with(|| in_exif(block));
    }

    /// Takes in an EXIF block in the place of any before.
    pub(super) fn replace_exif(&mut self, block: &[u8]) {
        self.exif = Some(in_exif(block));
    }

    /// Takes in a packet of XMP; the first that states an orientation counts.
    pub(super) fn xmp(&mut self, packet: &[u8]) {
        self.xmp = self.xmp.or_else(|| in_xmp(packet));
    }

    /// Returns the orientation: that of EXIF, else that of XMP.
    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.exif.flatten();
        exif.or(self.xmp).unwrap_or(Orientation::NoTransforms)
    }
}

fn in_exif(block: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(block.strip_prefix(EXIF).unwrap_or(block))
}

/// Finds `tiff:Orientation="6"` or `<tiff:Orientation>6`.
fn in_xmp(packet: &[u8]) -> Option<Orientation> {
    let fields = packet.windows(XMP_FIELD.len()).enumerate();
    let mut fields = fields.filter(|(_, window)| *window == XMP_FIELD);
    fields.find_map(|(at, _)| match packet.get(at + XMP_FIELD.len()..)? {
        [b'=', b'"', digit, ..] | [b'>', digit, ..] => {
            Orientation::from_exif(digit.checked_sub(b'0')?)
        }
        _ => None,
    })
}
