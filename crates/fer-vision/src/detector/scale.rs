//! Resizing for the detector: anti-aliased, fast, exactness unimportant.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::plane::{Plane, Size};
use crate::Error;

/// Resizes the gray pixels of `source` to fill `target`, bilinearly.
pub(super) fn resize(
    resizer: &mut Resizer,
    source: Plane<'_>,
    target: &mut [u8],
    target_size: Size,
) -> Result<(), Error> {
    let (width, height) = source.size;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let source = TypedImageRef::<U8>::from_buffer(width as u32, height as u32, source.pixels)
        .map_err(Error::detector)?;
    let (width, height) = target_size;
    let mut target = TypedImage::<U8>::from_buffer(width as u32, height as u32, target)
        .map_err(Error::detector)?;
    resizer
        .resize_typed(&source, &mut target, &options)
        .map_err(Error::detector)
}

/// A size scaled, at least one pixel each way.
pub(super) fn scaled((width, height): Size, scale: f32) -> Size {
    let side = |side: usize| ((side as f32 * scale).round() as usize).max(1);
    (side(width), side(height))
}
