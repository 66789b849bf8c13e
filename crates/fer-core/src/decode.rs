//! Image files to pixels: the one decode path for training, photographs, the command line and Python.

mod budget;
mod content;
mod gif;
mod jpeg;
mod orientation;
mod png;
mod pnm;
mod tiff;

use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};

use crate::limits::too_large;
use crate::{Error, Image, MAX_IMAGE_FILE_BYTES, PixelFormat, Result, catch_panic, read_capped};
use budget::{MAX_DECODER_BYTES, check_size};
use content::name;
use orientation::Metadata;

impl Image {
    /// Reads an image file. See [`Image::decode`].
    ///
    /// # Errors
    /// [`Error::File`] with the path and what went wrong: reading the file, or any error of [`Image::decode`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_file(path).map_err(|error| error.at(shown(path)))?;
        Self::decode(&bytes).map_err(|error| error.at(path))
    }

    /// Returns `true` if `bytes` begin as the content of an image file does.
    pub fn is_encoded(bytes: &[u8]) -> bool {
        match content::format(bytes) {
            Ok(_) | Err(Error::UnsupportedImage { .. }) => true,
            Err(_) => false,
        }
    }

    /// Decodes the content of a JPEG, PNG, WebP, GIF, BMP, TIFF or PNM file, as told by the content itself.
    ///
    /// The pixels of a JPEG are those of libjpeg-turbo to the last bit, and so those of Pillow and OpenCV; arithmetic,
    /// lossless and 12-bit coding are unsupported.
    ///
    /// The EXIF orientation is applied, in a file without one that of its XMP. Whatever the file holds (palettes, 16 bits, CMYK,
    /// floats in [0, 1]), the result is [`Gray8`](PixelFormat::Gray8) for gray images and [`Rgb8`](PixelFormat::Rgb8) for
    /// others; alpha is dropped without blending. Of an animation or a file of several pages it is the first, and
    /// [`Image::is_animated`] says so.
    ///
    /// # Errors
    /// [`Error::EmptyImageFile`], [`Error::NotAnImage`], [`Error::OtherContent`], [`Error::UnsupportedImage`], [`Error::CorruptImage`], or
    /// [`Error::ImageTooLarge`] past [`MAX_IMAGE_SIDE`](crate::MAX_IMAGE_SIDE),
    /// [`MAX_IMAGE_PIXELS`](crate::MAX_IMAGE_PIXELS) or 512 MiB of decoder memory. Whatever
    /// the bytes, it does not panic.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::EmptyImageFile);
        }
        let format = content::format(bytes)?;
        catch_panic(|| decode_as(format, bytes)).unwrap_or_else(|| {
            Err(Error::CorruptImage {
                format: name(format),
                source: "the decoder gave up".into(),
            })
        })
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    read_capped(path, MAX_IMAGE_FILE_BYTES).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => Error::ImageFileTooLarge {
            limit: MAX_IMAGE_FILE_BYTES,
        },
        // What stands in the place of a path in other programs.
        _ if is_address(path) => {
            let reason = "an address is no path: download the image, or pass its bytes";
            io::Error::new(io::ErrorKind::NotFound, reason).into()
        }
        _ => error.into(),
    })
}

/// Returns `true` for `https://...`, `s3://...`, `file:///...` and `data:image/png;base64,...`.
fn is_address(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let letters = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric());
    let (scheme, rest) = bytes.split_at(letters.count());
    !scheme.is_empty() && (rest.starts_with(b"://") || scheme == b"data" && rest.starts_with(b":"))
}

/// Returns a path for a message: no system has paths so long that they are cut here.
fn shown(path: &Path) -> PathBuf {
    const LONGEST: usize = 4096;
    const SHOWN: usize = 60;
    match path.to_str() {
        Some(text) if text.len() > LONGEST => {
            let beginning: String = text.chars().take(SHOWN).collect();
            format!("{beginning}...").into()
        }
        _ => path.to_path_buf(),
    }
}

fn decode_as(format: ImageFormat, bytes: &[u8]) -> Result<Image> {
    match format {
        ImageFormat::Jpeg => decode_jpeg(bytes),
        ImageFormat::Gif => {
            let (frame, has_more) = gif::decode(bytes)?;
            Ok(to_image(frame.into())?.with_animated(has_more))
        }
        ImageFormat::Tiff => {
            let tiff::Decoded {
                mut image,
                orientation,
                has_more,
            } = tiff::decode(bytes)?;
            image.apply_orientation(orientation);
            Ok(to_image(image)?.with_animated(has_more))
        }
        ImageFormat::Pnm => match pnm::decode(bytes)? {
            Some(image) => to_image(image),
            None => decode_with(format, bytes),
        },
        _ => decode_with(format, bytes),
    }
}

/// Decodes a format that the crate `image` reads as Pillow does.
fn decode_with(format: ImageFormat, bytes: &[u8]) -> Result<Image> {
    let failed = |error| decode_error(format, error);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_DECODER_BYTES);

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, decoder.total_bytes())?;
    let orientation = match format {
        ImageFormat::Png => png::orientation(bytes),
        _ => orientation_of(&mut decoder).map_err(failed)?,
    };
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => too_large(width, height),
        error => failed(error),
    })?;
    decoded.apply_orientation(orientation);
    let animated = is_animated(format, bytes, limits).map_err(failed)?;
    Ok(to_image(decoded)?.with_animated(animated))
}

fn orientation_of(decoder: &mut impl ImageDecoder) -> image::ImageResult<Orientation> {
    let mut metadata = Metadata::default();
    if let Some(block) = decoder.exif_metadata()? {
        metadata.exif(&block);
    }
    if let Some(packet) = decoder.xmp_metadata()? {
        metadata.xmp(&packet);
    }
    Ok(metadata.orientation())
}

fn decode_jpeg(bytes: &[u8]) -> Result<Image> {
    let decoded = jpeg::decode(bytes, None, check_size)?;
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
