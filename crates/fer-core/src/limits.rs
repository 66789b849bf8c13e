//! Limits on the size of an image, for every decoder.

use crate::{Error, Result};

/// The longest side of an image, in pixels.
pub const MAX_IMAGE_SIDE: u32 = 32_768;

/// The most pixels of an image: 134 million, more than cameras take and 400 MB as RGB.
pub const MAX_IMAGE_PIXELS: u64 = 1 << 27;

/// The longest image file that is read, in bytes.
pub const MAX_IMAGE_FILE_BYTES: u64 = 512 << 20;

/// Refuses an image of `width` by `height` pixels that exceeds [`MAX_IMAGE_SIDE`] or [`MAX_IMAGE_PIXELS`].
///
/// # Errors
/// [`Error::ImageTooLarge`].
pub fn check_image_size(width: u32, height: u32) -> Result<()> {
    let pixels = u64::from(width) * u64::from(height);
    if width.max(height) > MAX_IMAGE_SIDE || pixels > MAX_IMAGE_PIXELS {
        return Err(too_large(width, height));
    }
    Ok(())
}

/// Returns the error of an image of `width` by `height` pixels.
pub(crate) fn too_large(width: u32, height: u32) -> Error {
    Error::ImageTooLarge {
        width,
        height,
        max_side: MAX_IMAGE_SIDE,
        max_pixels: MAX_IMAGE_PIXELS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn sizes_up_to_the_limits_pass() {
        check_image_size(MAX_IMAGE_SIDE, 4096).unwrap();
        for (width, height) in [(MAX_IMAGE_SIDE + 1, 1), (MAX_IMAGE_SIDE, 4097)] {
            let refused = check_image_size(width, height).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::ImageTooLarge);
        }
    }
}
