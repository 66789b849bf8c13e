//! GIF files: the first frame on its canvas, with Pillow's pixels.

use std::borrow::Cow;
use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};
use image::RgbImage;

use super::budget::{MAX_DECODER_BYTES, check_size};
use crate::{Error, Result};

const HEADER_BYTES: usize = 13;
const FLAGS: usize = 10;
const HAS_PALETTE: u8 = 0x80;

/// Decodes the first frame and returns its pixels, and whether there are more frames.
///
/// Around a frame smaller than the canvas there is the transparent color, or the palette's first; a frame beyond
/// the canvas enlarges it.
pub(super) fn decode(bytes: &[u8]) -> Result<(RgbImage, bool)> {
    let bytes = with_palette(bytes);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    if let Some(limit) = NonZeroU64::new(MAX_DECODER_BYTES) {
        options.set_memory_limit(MemoryLimit::Bytes(limit));
    }
    let mut decoder = options.read_info(&*bytes).map_err(corrupt)?;
    let (width, height) = (decoder.width(), decoder.height());
    let frame = decoder.next_frame_info().map_err(corrupt)?;
    let frame = frame.ok_or_else(|| corrupt(DecodingError::UnexpectedEof))?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let (columns, rows) = (usize::from(frame.width), usize::from(frame.height));
    let background = frame.transparent.unwrap_or(0);
    let width = usize::from(width).max(left + columns);
    let height = usize::from(height).max(top + rows);
    let working = (width as u64 * height as u64 * 3) + (columns as u64 * rows as u64);
    check_size(width as u32, height as u32, working)?;

    let mut indices = vec![0; columns * rows];
    decoder.read_into_buffer(&mut indices).map_err(corrupt)?;
    let palette = decoder.palette().map_err(corrupt)?;
    let color = |index: u8| {
        let start = usize::from(index) * 3;
        let color = palette.get(start..start + 3);
        color.map_or([0; 3], |color| [color[0], color[1], color[2]])
    };
    let mut pixels = color(background).repeat(width * height);
    for (y, row) in indices.chunks_exact(columns.max(1)).enumerate() {
        let start = ((top + y) * width + left) * 3;
        let (pixels, _) = pixels[start..start + columns * 3].as_chunks_mut::<3>();
        for (pixel, &index) in pixels.iter_mut().zip(row) {
            *pixel = color(index);
        }
    }
    // A damaged later frame is no reason to refuse the first.
    let has_more = matches!(decoder.next_frame_info(), Ok(Some(_)));
    let (width, height) = (width as u32, height as u32);
    let image = RgbImage::from_raw(width, height, pixels);
    Ok((image.ok_or(Error::EmptyImage { width, height })?, has_more))
}

/// Gives a file without a palette for all frames one of grays: frames without their own are gray, as Pillow shows them.
fn with_palette(bytes: &[u8]) -> Cow<'_, [u8]> {
    match bytes.split_at_checked(HEADER_BYTES) {
        Some((header, rest)) if header[FLAGS] & HAS_PALETTE == 0 => {
            let mut bytes = header.to_vec();
            // The lower three bits: 256 colors.
            bytes[FLAGS] |= HAS_PALETTE | 7;
            bytes.extend((0..=255).flat_map(|level| [level; 3]));
            bytes.extend_from_slice(rest);
            bytes.into()
        }
        _ => bytes.into(),
    }
}

fn corrupt(error: DecodingError) -> Error {
    Error::CorruptImage {
        format: "GIF",
        source: error.into(),
    }
}
