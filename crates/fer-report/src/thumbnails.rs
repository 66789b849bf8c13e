//! Thumbnails inside a page.

use std::io::Cursor;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fer_core::{Image, PixelFormat};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, GrayImage, RgbImage};

/// Longest side of a thumbnail, in pixels.
const SIDE: u32 = 96;

/// JPEG quality at which artifacts do not show.
const QUALITY: u8 = 85;

/// Returns an image file as a small JPEG in a `data:` URI; `None` if it cannot be read.
#[must_use]
pub fn thumbnail(path: &Path) -> Option<String> {
    thumbnail_of(Image::open(path).ok()?, SIDE)
}

/// Returns an image as a JPEG of at most `side` pixels in either direction, in a `data:` URI; `None` if its pixel format is
/// neither [`PixelFormat::Gray8`] nor [`PixelFormat::Rgb8`], the two that decoding yields.
#[must_use]
pub fn thumbnail_of(image: Image, side: u32) -> Option<String> {
    let (width, height) = (image.width(), image.height());
    let image: DynamicImage = match image.format() {
        PixelFormat::Gray8 => GrayImage::from_raw(width, height, image.into_pixels())?.into(),
        PixelFormat::Rgb8 => RgbImage::from_raw(width, height, image.into_pixels())?.into(),
        _ => return None,
    };
    let small = if width.max(height) > side {
        image.thumbnail(side, side)
    } else {
        image
    };
    let mut jpeg = Cursor::new(Vec::new());
    small
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))
        .ok()?;
    Some(format!(
        "data:image/jpeg;base64,{}",
        STANDARD.encode(jpeg.into_inner())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_are_small_and_keep_their_shape() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide.png");
        RgbImage::from_pixel(400, 200, image::Rgb([200, 30, 30]))
            .save(&path)
            .unwrap();
        let uri = thumbnail(&path).unwrap();
        let jpeg = STANDARD
            .decode(uri.strip_prefix("data:image/jpeg;base64,").unwrap())
            .unwrap();
        let decoded = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (96, 48));
    }

    #[test]
    fn an_unreadable_file_has_no_thumbnail() {
        assert_eq!(thumbnail(Path::new("nowhere.png")), None);
    }
}
