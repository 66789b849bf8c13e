//! Images that a TIFF file holds as JPEG streams, one per strip or tile.

use image::{DynamicImage, GrayImage, RgbImage};
use tiff::decoder::{ChunkType, Decoder};
use tiff::tags::Tag;

use super::super::budget::check_size;
use super::super::jpeg::{self, Colors};
use super::failure::{corrupt, of_decoder, unsupported};
use crate::Result;

/// The bytes of a marker: an abbreviated stream of tables lies between a begin and an end.
const MARKER_BYTES: usize = 2;

/// Decodes the image of `bytes` to which `reader` points; `colors` is what its channels stand for.
pub(super) fn decode(
    bytes: &[u8],
    reader: &mut Decoder<impl std::io::Read + std::io::Seek>,
    colors: Colors,
) -> Result<DynamicImage> {
    let (width, height) = reader.dimensions().map_err(of_decoder)?;
    let channels = colors.bytes();
    check_size(
        width,
        height,
        u64::from(width) * u64::from(height) * channels as u64,
    )?;
    let (chunk_width, chunk_height) = reader.chunk_dimensions();
    let (offsets, lengths) = match reader.get_chunk_type() {
        ChunkType::Strip => (Tag::StripOffsets, Tag::StripByteCounts),
        ChunkType::Tile => (Tag::TileOffsets, Tag::TileByteCounts),
    };
    let mut numbers = |tag| {
        let found = reader.find_tag_unsigned_vec::<usize>(tag);
        found.map_err(of_decoder).map(Option::unwrap_or_default)
    };
    let (offsets, lengths) = (numbers(offsets)?, numbers(lengths)?);
    let tables = reader.find_tag(Tag::JPEGTables).map_err(of_decoder)?;
    let tables = tables.map(|tables| tables.into_u8_vec().map_err(of_decoder));
    let tables = tables.transpose()?.unwrap_or_default();
    let tables = tables.get(..tables.len().saturating_sub(MARKER_BYTES));
    let tables = tables.unwrap_or_default();

    let across = width.div_ceil(chunk_width.max(1)) as usize;
    let down = height.div_ceil(chunk_height.max(1)) as usize;
    if offsets.len() < across * down || lengths.len() < across * down {
        return Err(corrupt("it has too few strips or tiles"));
    }
    // A chunk's stream may be padded to whole blocks. Larger ones would make a small file a long work.
    let fits = |found: u32, chunk: u32, image: u32| found <= chunk.min(image).next_multiple_of(64);
    let row_bytes = width as usize * channels;
    let mut pixels = vec![0; row_bytes * height as usize];
    for (index, (&offset, &length)) in offsets.iter().zip(&lengths).take(across * down).enumerate()
    {
        let stream = offset
            .checked_add(length)
            .and_then(|end| bytes.get(offset..end));
        let stream = stream.ok_or_else(|| corrupt("it ends early"))?;
        let joined;
        let stream = match (tables, stream.get(MARKER_BYTES..)) {
            (tables @ [_, ..], Some(rest)) => {
                joined = [tables, rest].concat();
                &joined
            }
            _ => stream,
        };
        let chunk = jpeg::decode(stream, Some(colors), |found_width, found_height, memory| {
            if !fits(found_width, chunk_width, width) || !fits(found_height, chunk_height, height) {
                return Err(corrupt("a strip or tile is larger than stated"));
            }
            check_size(found_width, found_height, memory)
        })?;
        if chunk.is_gray != (colors == Colors::Gray) {
            return Err(unsupported("JPEG streams of other colors than the file's"));
        }
        let x = (index % across) * chunk_width as usize;
        let y = (index / across) * chunk_height as usize;
        let columns = (chunk.width.min(chunk_width) as usize).min(width as usize - x) * channels;
        let rows = (chunk.height.min(chunk_height) as usize).min(height as usize - y);
        let chunk_row = chunk.width as usize * channels;
        for (row, source) in chunk.pixels.chunks_exact(chunk_row).take(rows).enumerate() {
            let start = (y + row) * row_bytes + x * channels;
            pixels[start..start + columns].copy_from_slice(&source[..columns]);
        }
    }
    let image = match channels {
        1 => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    image.ok_or_else(|| corrupt("it has no pixels"))
}
