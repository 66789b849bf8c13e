//! Resizing of gray images.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::{Error, Result};

/// Resizes `gray`, `[height, width]`, into `target`, whose width and height are `size`.
pub(crate) fn resize_gray(
    gray: &[u8],
    (width, height): (u32, u32),
    target: &mut [u8],
    size: (u32, u32),
    filter: FilterType,
) -> Result<()> {
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    // Typed: `resize` carries the code of every pixel type, which is half a megabyte of the browser's module and most of
    // the time that this crate compiles.
    let source = TypedImageRef::<U8>::from_buffer(width, height, gray).map_err(resize_error)?;
    let mut target = TypedImage::<U8>::from_buffer(size.0, size.1, target).map_err(resize_error)?;
    Resizer::new()
        .resize_typed(&source, &mut target, &options)
        .map_err(resize_error)
}

fn resize_error(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Resize {
        source: Box::new(source),
    }
}
