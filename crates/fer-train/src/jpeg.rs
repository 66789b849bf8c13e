//! JPEG compression of faces: an augmentation of training and rows of the robustness table.

use fer_core::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageError, ImageFormat};

/// Compresses a face at `quality`, 1 to 100, and decodes it again.
///
/// # Errors
/// [`Error::CorruptImage`] if the codec fails, as it does for a side above 65,535 pixels.
pub(crate) fn recompress(face: &GrayImage, quality: u8) -> Result<GrayImage> {
    let failed = |error: ImageError| Error::CorruptImage {
        format: "JPEG",
        source: error.into(),
    };
    let mut file = Vec::new();
    face.write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))
        .map_err(failed)?;
    let decoded = image::load_from_memory_with_format(&file, ImageFormat::Jpeg).map_err(failed)?;
    Ok(decoded.into_luma8())
}
