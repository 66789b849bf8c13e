//! Gray images as the detector handles them.

/// Columns and rows.
pub(super) type Size = (usize, usize);

/// A gray image, `[height, width]`, one byte per pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane<'a> {
    pub(super) pixels: &'a [u8],
    pub(super) size: Size,
}
