//! Resizing for the detector: anti-aliased, fast, exactness unimportant.

use fer_core::{GrayResizer, ResizeFilter};

use super::plane::{Plane, Size};
use crate::Error;

/// Resizes the gray pixels of `source` to fill `target`, bilinearly.
pub(super) fn resize(
    resizer: &mut GrayResizer,
    source: Plane<'_>,
    target: &mut [u8],
    target_size: Size,
) -> Result<(), Error> {
    let sides = |(width, height): Size| (width as u32, height as u32);
    let (from, to) = (sides(source.size), sides(target_size));
    resizer.resize(source.pixels, from, target, to, ResizeFilter::Bilinear)?;
    Ok(())
}

/// A size scaled, at least one pixel each way.
pub(super) fn scaled((width, height): Size, scale: f32) -> Size {
    let side = |side: usize| ((side as f32 * scale).round() as usize).max(1);
    (side(width), side(height))
}
