//! Image files to pixels: the one decode path for training, photographs, the command line and Python.

mod jpeg;
mod quiet;

use std::io::{self, Cursor};
use std::path::Path;

use image::codecs::gif::GifDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::ImageError;
use image::{
    AnimationDecoder, DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits,
    RgbImage,
};

use crate::limits::{check_image_size, too_large};
use crate::{Error, Image, MAX_IMAGE_FILE_BYTES, PixelFormat, Result, read_capped};

/// The most memory that a decoder may take for one image, in bytes.
const MAX_DECODER_BYTES: u64 = 512 << 20;

impl Image {
    /// Reads an image file. See [`Image::decode`].
    ///
    /// # Errors
    /// [`Error::File`] with the path and what went wrong: reading the file, or any error of [`Image::decode`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_file(path).map_err(|error| error.at(path))?;
        Self::decode(&bytes).map_err(|error| error.at(path))
    }

    /// Returns `true` if `bytes` begin as the content of an image file does.
    pub fn is_encoded(bytes: &[u8]) -> bool {
        image::guess_format(bytes).is_ok()
            || matches!(unknown_format(bytes), Error::UnsupportedImage { .. })
    }

    /// Decodes the content of a JPEG, PNG, WebP, GIF, BMP, TIFF or PNM file, as told by the content itself.
    ///
    /// The pixels of a JPEG are those of libjpeg-turbo to the last bit, and so those of Pillow and OpenCV; arithmetic,
    /// lossless and 12-bit coding are unsupported.
    ///
    /// The EXIF orientation is applied, in a JPEG without one that of its XMP. Whatever the file holds (palettes, 16 bits, CMYK, floats), the result is
    /// [`Gray8`](PixelFormat::Gray8) for grey images and [`Rgb8`](PixelFormat::Rgb8) for others; alpha is dropped
    /// without blending. Of an animation it is the first frame, and [`Image::is_animated`] says so.
    ///
    /// # Errors
    /// [`Error::EmptyImageFile`], [`Error::NotAnImage`], [`Error::UnsupportedImage`], [`Error::CorruptImage`], or
    /// [`Error::ImageTooLarge`] past [`MAX_IMAGE_SIDE`](crate::MAX_IMAGE_SIDE),
    /// [`MAX_IMAGE_PIXELS`](crate::MAX_IMAGE_PIXELS) or 512 MiB of decoder memory. Whatever
    /// the bytes, it does not panic.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::EmptyImageFile);
        }
        let format = image::guess_format(bytes).map_err(|_| unknown_format(bytes))?;
        // Decoders are third-party parsers of hostile bytes: a panic in one is a corrupt file, not the caller's end.
        quiet::catch(|| decode_as(format, bytes)).unwrap_or_else(|| {
            Err(Error::CorruptImage {
                format: name(format),
                source: "the decoder gave up".into(),
            })
        })
    }
}

/// Names the format of phones' photos, which is not read.
fn unknown_format(bytes: &[u8]) -> Error {
    match bytes.get(4..12) {
        Some(b"ftypheic" | b"ftypheix" | b"ftyphevc" | b"ftypmif1" | b"ftypmsf1") => {
            Error::UnsupportedImage {
                format: "HEIC",
                source: "convert it to JPEG or PNG".into(),
            }
        }
        _ => Error::NotAnImage,
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    read_capped(path, MAX_IMAGE_FILE_BYTES).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => Error::ImageFileTooLarge {
            limit: MAX_IMAGE_FILE_BYTES,
        },
        _ => error.into(),
    })
}

fn decode_as(format: ImageFormat, bytes: &[u8]) -> Result<Image> {
    if format == ImageFormat::Jpeg {
        return decode_jpeg(bytes);
    }
    let failed = |error| decode_error(format, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, decoder.total_bytes())?;
    let orientation = decoder.orientation().map_err(failed)?;
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => too_large(width, height),
        error => failed(error),
    })?;
    decoded.apply_orientation(orientation);
    let animated = is_animated(format, bytes, limits).map_err(failed)?;
    Ok(to_image(decoded)?.with_animated(animated))
}

fn decode_jpeg(bytes: &[u8]) -> Result<Image> {
    let decoded = jpeg::decode(bytes, check_size)?;
    let (width, height, pixels) = (decoded.width, decoded.height, decoded.pixels);
    let image = if decoded.is_gray {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    };
    let mut image = image.ok_or(Error::EmptyImage { width, height })?;
    image.apply_orientation(decoded.orientation);
    to_image(image)
}

/// Refuses an image whose sides, pixels or decoder memory are beyond the limits.
fn check_size(width: u32, height: u32, decoder_bytes: u64) -> Result<()> {
    check_image_size(width, height)?;
    if decoder_bytes > MAX_DECODER_BYTES {
        return Err(too_large(width, height));
    }
    Ok(())
}

fn to_image(decoded: DynamicImage) -> Result<Image> {
    let (width, height) = (decoded.width(), decoded.height());
    if decoded.color().has_color() {
        let pixels = decoded.into_rgb8().into_raw();
        Image::new(pixels, width, height, PixelFormat::Rgb8)
    } else {
        let pixels = decoded.into_luma8().into_raw();
        Image::new(pixels, width, height, PixelFormat::Gray8)
    }
}

fn is_animated(format: ImageFormat, bytes: &[u8], limits: Limits) -> image::ImageResult<bool> {
    let bytes = Cursor::new(bytes);
    match format {
        ImageFormat::Gif => {
            let mut decoder = GifDecoder::new(bytes)?;
            decoder.set_limits(limits)?;
            // A damaged later frame is no reason to refuse the first.
            Ok(decoder.into_frames().take(2).flatten().count() > 1)
        }
        ImageFormat::Png => PngDecoder::with_limits(bytes, limits)?.is_apng(),
        ImageFormat::WebP => Ok(WebPDecoder::new(bytes)?.has_animation()),
        _ => Ok(false),
    }
}

fn decode_error(format: ImageFormat, error: ImageError) -> Error {
    let format = name(format);
    match error {
        ImageError::Unsupported(_) => Error::UnsupportedImage {
            format,
            source: error.into(),
        },
        ImageError::IoError(source) if source.kind() != io::ErrorKind::UnexpectedEof => {
            Error::Io(source)
        }
        _ => Error::CorruptImage {
            format,
            source: error.into(),
        },
    }
}

fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Pnm => "PNM",
        other => other.extensions_str().first().copied().unwrap_or("unknown"),
    }
}
