//! TIFF files, classic and Big, to pixels as Pillow gives them.
//!
//! The decoder of the crate `tiff` reads samples; colors are made here: of palettes, YCbCr, CMYK and any width of sample.
//! JPEG streams in a TIFF file are decoded as JPEG files are.

mod failure;
mod jpeg_chunks;
mod levels;

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{ByteOrder, PhotometricInterpretation as Photometric, Tag};

use super::budget::{MAX_DECODER_BYTES, check_size};
use super::jpeg::{Colors, print_black, rgb};
use super::orientation::Metadata;
use crate::Result;
use failure::{corrupt, of_decoder, unsupported};
use levels::{levels, unpacked};

/// The compression of a JPEG stream per strip or tile.
const JPEG: u16 = 7;
/// Samples as they are.
const UNCOMPRESSED: u16 = 1;
/// The samples of all channels lie side by side.
const CHUNKY: u16 = 1;
/// XMP, as Adobe registered it.
const XMP: Tag = Tag::Unknown(700);
/// Color channels are multiplied by the alpha that follows.
const ASSOCIATED_ALPHA: u16 = 1;
/// A bit of `NewSubfileType`: a smaller copy of another image of the file.
const IS_THUMBNAIL: u32 = 1;

type Reader<'a> = Decoder<Cursor<&'a [u8]>>;

/// The first image of a file.
pub(super) struct Decoded {
    pub(super) image: DynamicImage,
    pub(super) orientation: Orientation,
    /// The file holds further images, other than smaller copies.
    pub(super) has_more: bool,
}

/// Decodes the first image of a file.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded> {
    let mut reader = open(bytes)?;
    let orientation = orientation(&mut reader)?;
    let photometric = number(&mut reader, Tag::PhotometricInterpretation)?;
    let photometric = photometric.and_then(Photometric::from_u16);
    let compression = number(&mut reader, Tag::Compression)?;
    let is_chunky = number(&mut reader, Tag::PlanarConfiguration)?.unwrap_or(CHUNKY) == CHUNKY;
    let colors = match photometric {
        Some(Photometric::BlackIsZero) => Some(Colors::Gray),
        Some(Photometric::RGB) => Some(Colors::Rgb),
        Some(Photometric::YCbCr) => Some(Colors::YCbCr),
        _ => None,
    };
    let image = match colors {
        Some(colors) if compression == Some(JPEG) && is_chunky => {
            jpeg_chunks::decode(bytes, &mut reader, colors)?
        }
        _ if photometric == Some(Photometric::RGBPalette) => paletted(bytes, &mut reader)?,
        _ => sampled(&mut reader)?,
    };
    Ok(Decoded {
        image,
        orientation,
        has_more: has_more(&mut reader),
    })
}

fn open(bytes: &[u8]) -> Result<Reader<'_>> {
    let mut limits = Limits::unlimited();
    limits.decoding_buffer_size = MAX_DECODER_BYTES as usize;
    limits.intermediate_buffer_size = MAX_DECODER_BYTES as usize;
    limits.ifd_value_size = MAX_DECODER_BYTES as usize;
    let reader = Decoder::new(Cursor::new(bytes)).map_err(of_decoder)?;
    Ok(reader.with_limits(limits))
}

fn number(reader: &mut Reader<'_>, tag: Tag) -> Result<Option<u16>> {
    reader.find_tag_unsigned(tag).map_err(of_decoder)
}

fn orientation(reader: &mut Reader<'_>) -> Result<Orientation> {
    let stated = number(reader, Tag::Orientation)?;
    if let Some(stated) = stated.and_then(|stated| Orientation::from_exif(stated.try_into().ok()?))
    {
        return Ok(stated);
    }
    let mut metadata = Metadata::default();
    if let Ok(Some(packet)) = reader.find_tag(XMP) {
        metadata.xmp(&packet.into_u8_vec().unwrap_or_default());
    }
    Ok(metadata.orientation())
}

/// Returns `true` if an image other than a thumbnail follows. Damage there is no reason to refuse the first image.
fn has_more(reader: &mut Reader<'_>) -> bool {
    while reader.more_images() {
        if reader.next_image().is_err() {
            return false;
        }
        let kind = reader.find_tag_unsigned::<u32>(Tag::NewSubfileType);
        if kind.ok().flatten().unwrap_or(0) & IS_THUMBNAIL == 0 {
            return true;
        }
    }
    false
}

/// Samples as they are stored.
struct Samples {
    width: u32,
    height: u32,
    values: DecodingResult,
    color: ColorType,
    bits: u8,
    /// Samples of a pixel that lie side by side.
    channels: usize,
    is_planar: bool,
}

fn samples(reader: &mut Reader<'_>) -> Result<Samples> {
    let (width, height) = reader.dimensions().map_err(of_decoder)?;
    check_size(width, height, 0)?;
    let color = reader.colortype().map_err(of_decoder)?;
    let layout = reader.image_buffer_layout().map_err(of_decoder)?;
    check_size(width, height, layout.complete_len as u64)?;
    let mut values = DecodingResult::U8(Vec::new());
    (reader.read_image_to_buffer(&mut values)).map_err(of_decoder)?;
    let bits = color.bit_depth();
    let row_bits = layout.row_stride.map_or(0, |bytes| bytes.get() * 8);
    Ok(Samples {
        width,
        height,
        values,
        color,
        bits,
        channels: row_bits / (width as usize * usize::from(bits).max(1)).max(1),
        is_planar: layout.planes > 1,
    })
}

/// Decodes an image whose samples are levels.
fn sampled(reader: &mut Reader<'_>) -> Result<DynamicImage> {
    let alpha = reader.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples);
    let alpha = alpha
        .ok()
        .flatten()
        .and_then(|kinds| kinds.first().copied());
    // Pillow converts YCbCr itself where it needs no library to read the samples.
    let is_plain = number(reader, Tag::Compression)?.unwrap_or(UNCOMPRESSED) == UNCOMPRESSED;
    let of_ycbcr = if is_plain { plain_rgb } else { rgb };
    let samples = samples(reader)?;
    let (width, height, color) = (samples.width, samples.height, samples.color);
    let pixels = width as usize * height as usize;
    let channels = if samples.bits < 8 {
        1
    } else {
        samples.channels
    };
    if samples.bits < 8 && (samples.channels > 1 || samples.is_planar) {
        return Err(unsupported("several channels of fewer than eight bits"));
    }
    let levels = levels(samples.values, samples.bits, width as usize)?;
    let planes = if samples.is_planar {
        levels.len() / pixels.max(1)
    } else {
        channels
    };
    let wanted = match color {
        ColorType::Gray(_) | ColorType::Multiband { .. } => 1,
        ColorType::RGB(_) | ColorType::YCbCr(_) => 3,
        ColorType::RGBA(_) | ColorType::CMYK(_) | ColorType::CMYKA(_) => 4,
        _ => return Err(unsupported(format_args!("colors of the kind {color:?}"))),
    };
    if planes < wanted || levels.len() < pixels * planes {
        return Err(corrupt("it has too few samples"));
    }
    let at = |pixel: usize, channel: usize| match samples.is_planar {
        true => levels[channel * pixels + pixel],
        false => levels[pixel * channels + channel],
    };
    let triple = |pixel| [at(pixel, 0), at(pixel, 1), at(pixel, 2)];
    let is_associated = alpha == Some(ASSOCIATED_ALPHA);
    if wanted == 1 {
        return gray(
            width,
            height,
            (0..pixels).map(|pixel| at(pixel, 0)).collect(),
        );
    }
    let color_of = |pixel: usize| match color {
        ColorType::YCbCr(_) => {
            let [y, cb, cr] = triple(pixel);
            of_ycbcr(y, cb, cr)
        }
        ColorType::CMYK(_) | ColorType::CMYKA(_) => {
            let mut left = triple(pixel).map(|ink| 255 - ink);
            print_black(&mut left, &[255 - at(pixel, 3)]);
            left
        }
        ColorType::RGBA(_) if is_associated => match at(pixel, 3) {
            0 => [0; 3],
            alpha => triple(pixel)
                .map(|level| (u16::from(level) * 255 / u16::from(alpha)).min(255) as u8),
        },
        _ => triple(pixel),
    };
    colored(width, height, (0..pixels).flat_map(color_of).collect())
}

/// Converts with products of 6 fraction bits, each half a unit up and then cut off towards zero, as Pillow's tables are.
fn plain_rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    /// The factors are in hundred thousandths.
    const ONE: i64 = 100_000;
    let product = |factor: i64, chroma: u8| {
        let product = 64 * factor * (i64::from(chroma) - 128);
        (2 * product + ONE) / (2 * ONE)
    };
    let red = product(140_200, cr);
    let green = product(-34_414, cb) + product(-71_414, cr);
    let blue = product(177_200, cb);
    [red, green, blue].map(|sum| (i64::from(y) + (sum >> 6)).clamp(0, 255) as u8)
}

/// Decodes an image of indices into a palette.
fn paletted(bytes: &[u8], reader: &mut Reader<'_>) -> Result<DynamicImage> {
    let palette = reader.find_tag_unsigned_vec::<u16>(Tag::ColorMap);
    let palette = palette.map_err(of_decoder)?.unwrap_or_default();
    // All reds, then all greens, then all blues, of sixteen bits; some writers put bytes.
    let colors = palette.len() / 3;
    let is_wide = palette.iter().any(|&level| level > 255);
    let level = |index: usize| {
        let level = palette.get(index).copied().unwrap_or(0);
        if is_wide {
            (level >> 8) as u8
        } else {
            level as u8
        }
    };
    let color_of = |index: u8| match usize::from(index) {
        index if index < colors => [
            level(index),
            level(index + colors),
            level(index + 2 * colors),
        ],
        _ => [0; 3],
    };
    let bytes = with_gray_levels(bytes, reader)?;
    let samples = samples(&mut open(&bytes)?)?;
    let (width, height) = (samples.width, samples.height);
    let indices = match samples.values {
        DecodingResult::U8(packed) if samples.bits < 8 => {
            unpacked(&packed, samples.bits, width as usize)
        }
        DecodingResult::U8(indices) => indices,
        _ => return Err(unsupported("a palette of more than 256 colors")),
    };
    let step = if samples.bits < 8 {
        1
    } else {
        samples.channels.max(1)
    };
    let indices = indices.into_iter().step_by(step);
    colored(width, height, indices.flat_map(color_of).collect())
}

/// Returns the file with the first image's indices said to be levels of gray, which the decoder reads as they are.
fn with_gray_levels(bytes: &[u8], reader: &mut Reader<'_>) -> Result<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let lost = || corrupt("its directory is damaged");
    let start = reader.ifd_pointer().ok_or_else(lost)?.0 as usize;
    let is_big_endian = reader.byte_order() == ByteOrder::BigEndian;
    let two = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if is_big_endian {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    };
    // Classic: a count of two bytes and entries of twelve. BigTIFF: eight and twenty. Counts are as the decoder has read them.
    let (first, entry) = match two(2) {
        Some(43) => (start.saturating_add(8), 20),
        _ => (start.saturating_add(2), 12),
    };
    let end = bytes.len();
    let mut entries = (first..end).step_by(entry);
    let tag = Tag::PhotometricInterpretation.to_u16();
    let found = entries.find(|&at| two(at) == Some(tag)).ok_or_else(lost)?;
    let value = found + entry - if entry == 20 { 8 } else { 4 };
    let gray = Photometric::BlackIsZero.to_u16();
    let gray = if is_big_endian {
        gray.to_be_bytes()
    } else {
        gray.to_le_bytes()
    };
    (bytes.get_mut(value..value + 2).ok_or_else(lost)?).copy_from_slice(&gray);
    Ok(bytes)
}

fn gray(width: u32, height: u32, levels: Vec<u8>) -> Result<DynamicImage> {
    let image = GrayImage::from_raw(width, height, levels).map(DynamicImage::from);
    image.ok_or_else(|| corrupt("it has too few samples"))
}

fn colored(width: u32, height: u32, pixels: Vec<u8>) -> Result<DynamicImage> {
    let image = RgbImage::from_raw(width, height, pixels).map(DynamicImage::from);
    image.ok_or_else(|| corrupt("it has too few samples"))
}
