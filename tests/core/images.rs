//! Image files, good and hostile.

use std::io::Cursor;

use fer_core::{ErrorKind, Image, MAX_IMAGE_SIDE, PixelFormat};
use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{
    DynamicImage, Frame, GrayAlphaImage, GrayImage, ImageEncoder, ImageFormat, Rgb, RgbImage,
    RgbaImage,
};
use proptest::prelude::*;

use crate::noisy_pixels;

/// An image without symmetry.
fn image(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([(x * 7 + y) as u8, (x + y * 11) as u8, (x * 3) as u8])
    })
}

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn kind(bytes: &[u8]) -> ErrorKind {
    Image::decode(bytes).unwrap_err().kind()
}

#[test]
fn lossless_formats_give_their_pixels() {
    let original = image(13, 7);
    for format in [
        ImageFormat::Png,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
        ImageFormat::Pnm,
    ] {
        let image = Image::decode(&encoded(original.clone(), format)).unwrap();
        assert_eq!(
            (image.width(), image.height(), image.format()),
            (13, 7, PixelFormat::Rgb8),
            "{format:?}"
        );
        assert_eq!(image.pixels(), original.as_raw(), "{format:?}");
        assert!(!image.is_animated());
    }
}

#[test]
fn gray_stays_gray() {
    let gray = GrayImage::from_raw(9, 5, noisy_pixels(45)).unwrap();
    let image = Image::decode(&encoded(gray.clone(), ImageFormat::Png)).unwrap();
    assert_eq!(
        (image.format(), image.pixels()),
        (PixelFormat::Gray8, &gray.as_raw()[..])
    );
}

#[test]
fn alpha_is_dropped() {
    let gray = GrayAlphaImage::from_raw(9, 5, noisy_pixels(90)).unwrap();
    let image = Image::decode(&encoded(gray.clone(), ImageFormat::Png)).unwrap();
    let levels: Vec<u8> = gray.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(
        (image.format(), image.pixels()),
        (PixelFormat::Gray8, &levels[..])
    );

    let color = RgbaImage::from_raw(9, 5, noisy_pixels(180)).unwrap();
    let image = Image::decode(&encoded(color.clone(), ImageFormat::Png)).unwrap();
    let channels: Vec<u8> = color
        .pixels()
        .flat_map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]])
        .collect();
    assert_eq!(
        (image.format(), image.pixels()),
        (PixelFormat::Rgb8, &channels[..])
    );
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    let levels = [0u16, 0x00ff, 0x8000, 0xffff];
    let gray = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(4, 1, levels.to_vec()).unwrap();
    let image = Image::decode(&encoded(gray, ImageFormat::Png)).unwrap();
    assert_eq!(
        (image.format(), image.pixels()),
        (PixelFormat::Gray8, &[0, 1, 128, 255][..])
    );
    let color = image::ImageBuffer::<Rgb<u16>, _>::from_raw(1, 1, levels[1..].to_vec()).unwrap();
    let image = Image::decode(&encoded(color, ImageFormat::Png)).unwrap();
    assert_eq!(
        (image.format(), image.pixels()),
        (PixelFormat::Rgb8, &[1, 128, 255][..])
    );
}

#[test]
fn cmyk_jpeg_has_its_colors() {
    // Pure red, green, blue and white quadrants of 16 pixels, as Pillow writes CMYK.
    let image = Image::decode(include_bytes!("../data/images/cmyk.jpg")).unwrap();
    assert_eq!(
        (image.width(), image.height(), image.format()),
        (32, 32, PixelFormat::Rgb8)
    );
    let quadrants = [
        (8, 8, [255, 0, 0]),
        (24, 8, [0, 255, 0]),
        (8, 24, [0, 0, 255]),
        (24, 24, [255, 255, 255]),
    ];
    for (x, y, expected) in quadrants {
        let found = &image.pixels()[(y * 32 + x) * 3..][..3];
        let differs = found
            .iter()
            .zip(expected)
            .any(|(&f, e): (&u8, u8)| f.abs_diff(e) > 12);
        assert!(!differs, "({x}, {y}): {found:?}, expected {expected:?}");
    }
}

/// The EXIF block that says how the stored rows and columns lie in the upright image.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block
}

/// Which upright pixel is stored at `(x, y)`, given the last upright column and row.
type StoredPixel = fn(u32, u32, u32, u32) -> (u32, u32);

#[test]
fn all_eight_orientations_come_out_upright() {
    let upright = image(24, 16);
    let (right, bottom) = (upright.width() - 1, upright.height() - 1);
    // EXIF 2.32, tag 0x0112.
    let stored: [StoredPixel; 8] = [
        |x, y, _, _| (x, y),
        |x, y, right, _| (right - x, y),
        |x, y, right, bottom| (right - x, bottom - y),
        |x, y, _, bottom| (x, bottom - y),
        |x, y, _, _| (y, x),
        |x, y, right, _| (right - y, x),
        |x, y, right, bottom| (right - y, bottom - x),
        |x, y, _, bottom| (y, bottom - x),
    ];
    for (orientation, source) in (1u8..).zip(stored) {
        let (width, height) = if orientation < 5 { (24, 16) } else { (16, 24) };
        let rotated = RgbImage::from_fn(width, height, |x, y| {
            let (x, y) = source(x, y, right, bottom);
            *upright.get_pixel(x, y)
        });
        let mut png = Vec::new();
        let mut encoder = PngEncoder::new(&mut png);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        rotated.write_with_encoder(encoder).unwrap();
        let image = Image::decode(&png).unwrap();
        assert_eq!(
            (image.width(), image.height()),
            (24, 16),
            "PNG, orientation {orientation}"
        );
        assert_eq!(
            image.pixels(),
            upright.as_raw(),
            "PNG, orientation {orientation}"
        );

        let mut jpeg = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, 100);
        encoder.set_exif_metadata(exif(orientation)).unwrap();
        rotated.write_with_encoder(encoder).unwrap();
        let image = Image::decode(&jpeg).unwrap();
        assert_eq!(
            (image.width(), image.height()),
            (24, 16),
            "JPEG, orientation {orientation}"
        );
        // Another orientation of the same size moves pixels by many levels, JPEG by a few.
        let difference: u32 = image
            .pixels()
            .iter()
            .zip(upright.as_raw())
            .map(|(a, b)| u32::from(a.abs_diff(*b)))
            .sum();
        let mean = difference as f32 / upright.as_raw().len() as f32;
        assert!(mean < 6.0, "JPEG, orientation {orientation}: {mean} levels");
    }
}

#[test]
fn an_animation_is_its_first_frame_and_says_so() {
    let first = image(8, 6);
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for frame in [first.clone(), RgbImage::new(8, 6)] {
        encoder
            .encode_frame(Frame::new(DynamicImage::from(frame).to_rgba8()))
            .unwrap();
    }
    drop(encoder);
    let image = Image::decode(&gif).unwrap();
    assert!(image.is_animated());
    assert_eq!(
        (image.width(), image.height(), image.format()),
        (8, 6, PixelFormat::Rgb8)
    );
    let differs = image
        .pixels()
        .iter()
        .zip(first.as_raw())
        .any(|(a, b)| a.abs_diff(*b) > 8);
    assert!(!differs);

    let still = encoded(first, ImageFormat::Gif);
    assert!(!Image::decode(&still).unwrap().is_animated());
}

#[test]
fn one_pixel_is_an_image() {
    let image = Image::decode(&encoded(image(1, 1), ImageFormat::Png)).unwrap();
    assert_eq!((image.width(), image.height()), (1, 1));
}

#[test]
fn empty_and_foreign_files() {
    assert_eq!(kind(b""), ErrorKind::CorruptImage);
    assert_eq!(
        kind(b"these are words, not pixels"),
        ErrorKind::UnsupportedImage
    );
    assert_eq!(kind(&[0; 100]), ErrorKind::UnsupportedImage);
    // A format that is recognized but not built in.
    assert_eq!(
        kind(b"qoif\0\0\0\x01\0\0\0\x01\x03\0"),
        ErrorKind::UnsupportedImage
    );
}

#[test]
fn files_cut_short() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::WebP,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        let whole = encoded(image(64, 64), format);
        let cut = &whole[..whole.len() / 2];
        assert_eq!(kind(cut), ErrorKind::CorruptImage, "{format:?}");
        assert_eq!(kind(&whole[..16]), ErrorKind::CorruptImage, "{format:?}");
    }
}

/// A PNG that claims a size in its header and holds next to nothing.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut png = encoded(GrayImage::new(1, 1), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

#[test]
fn decompression_bombs_are_refused_by_their_header() {
    for (width, height) in [(30_000, 30_000), (MAX_IMAGE_SIDE + 1, 1), (1, u32::MAX / 2)] {
        let error = Image::decode(&png_header(width, height)).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::ImageTooLarge,
            "{width}x{height}: {error}"
        );
        assert!(
            error.to_string().contains(&format!("{width}x{height}")),
            "{error}"
        );
    }
}

#[test]
fn large_photographs_are_within_the_limits() {
    for (width, height) in [(4_608, 3_072), (20_000, 100)] {
        let bytes = encoded(GrayImage::new(width, height), ImageFormat::Png);
        let image = Image::decode(&bytes).unwrap();
        assert_eq!((image.width(), image.height()), (width, height));
    }
}

#[test]
fn files_are_told_by_content_and_errors_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let mislabeled = folder.path().join("smile 😀.jpg");
    std::fs::write(&mislabeled, encoded(image(5, 4), ImageFormat::Png)).unwrap();
    assert_eq!(Image::open(&mislabeled).unwrap().width(), 5);

    let text = folder.path().join("text.jpg");
    std::fs::write(&text, "not an image").unwrap();
    let error = Image::open(&text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedImage);
    assert!(error.to_string().contains("text.jpg"), "{error}");

    let absent = Image::open(folder.path().join("absent.jpg")).unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    let directory = Image::open(folder.path()).unwrap_err();
    assert_eq!(directory.kind(), ErrorKind::Io);
}

#[test]
fn addresses_and_contents_in_the_place_of_a_path_are_named() {
    for text in [
        "https://example.org/a.jpg",
        "s3://bucket/a.jpg",
        "file:///a.jpg",
        "data:image/png;base64,iVBORw0KGgo=",
    ] {
        let error = Image::open(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let message = fer_core::chain(&error);
        assert!(message.contains("an address is no path"), "{message}");
    }
    let long = format!("data:image/png;base64,{}", "A".repeat(100_000));
    assert!(fer_core::chain(&Image::open(long).unwrap_err()).len() < 200);
    let missing = fer_core::chain(&Image::open("C:/no/such.jpg").unwrap_err());
    assert!(!missing.contains("address"), "{missing}");
}

#[cfg(unix)]
#[test]
fn names_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(OsStr::from_bytes(b"caf\xe9.png"));
    std::fs::write(&path, encoded(image(5, 4), ImageFormat::Png)).unwrap();
    assert_eq!(Image::open(&path).unwrap().width(), 5);
}

#[cfg(unix)]
#[test]
fn files_without_permission() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.png");
    std::fs::write(&path, encoded(image(5, 4), ImageFormat::Png)).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
    match Image::open(&path) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::PermissionDenied),
        Ok(_) => println!("skipped: this user may read every file"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever happens to a file, it is an image or an error.
    #[test]
    fn damaged_files_never_panic(
        format in prop::sample::select(vec![
            ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif,
            ImageFormat::Bmp, ImageFormat::Tiff, ImageFormat::Pnm,
        ]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encoded(image(24, 16), format);
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        bytes.truncate(length.index(bytes.len()) + 1);
        let _ = Image::decode(&bytes);
    }
}
