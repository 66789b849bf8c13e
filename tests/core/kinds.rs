//! Odd PNG, GIF, WebP and TIFF files against Pillow: tests/data/kinds/generate.py wrote the files and the digests.

use fer_core::{ErrorKind, Image, PixelFormat, chain};

use crate::corpus::{Corpus, digest};

const CORPUS: Corpus = Corpus {
    files: include_bytes!("../data/kinds/corpus.bin"),
    list: include_str!("../data/kinds/corpus.json"),
};

fn rgb(image: &Image) -> Vec<u8> {
    match image.format() {
        PixelFormat::Gray8 => image
            .pixels()
            .iter()
            .flat_map(|&level| [level; 3])
            .collect(),
        _ => image.pixels().to_vec(),
    }
}

#[test]
fn pixels_palettes_and_orientations_are_pillows_to_the_last_bit() {
    let mut differing = Vec::new();
    let mut count = 0;
    for (entry, file) in CORPUS.entries() {
        let Some(expected) = entry.pixels else {
            continue;
        };
        count += 1;
        match Image::decode(file) {
            Ok(image) if digest(&rgb(&image)) != expected => differing.push(entry.name),
            Ok(image) => assert_eq!(image.is_animated(), entry.has_more, "{}", entry.name),
            Err(error) => differing.push(format!("{}: {}", entry.name, chain(&error))),
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(count > 100, "{count} files");
}

#[test]
fn files_of_rare_kinds_are_refused_with_advice() {
    assert_eq!(CORPUS.refusals().len(), 6);
}

#[test]
fn whatever_happens_to_a_file_it_is_an_image_or_an_error() {
    let mut state = 11u64;
    let mut random = |below: usize| {
        // Numerical Recipes' LCG; the upper bits are the good ones.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as usize % below
    };
    let (mut images, mut errors) = (0, 0);
    for (_, file) in CORPUS.entries() {
        for _ in 0..60 {
            let mut bytes = file.to_vec();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                match random(8) {
                    0 => bytes.truncate(at + 1),
                    1 => bytes[at] = 0xff,
                    _ => bytes[at] ^= 1 << random(8),
                }
            }
            // A damaged size asks for much memory, which other tests are about.
            match Image::decode(&bytes) {
                Ok(image) => {
                    let bytes = image.width() as usize * image.height() as usize;
                    assert_eq!(image.pixels().len(), bytes * image.format().channels());
                    images += 1;
                }
                Err(_) => errors += 1,
            }
        }
    }
    assert!(
        images > 500 && errors > 500,
        "{images} images, {errors} errors"
    );
}

#[test]
fn what_is_no_image_is_named() {
    for (content, word) in [
        (&b"\0\0\0\x18ftypheix\0\0\0\0"[..], "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"<?xml version='1.0'?>\n<svg>", "SVG"),
        (b"\0\0\x01\0\x01\0", "ICO"),
        (b"8BPS\0\x01", "Photoshop"),
    ] {
        let message = chain(&Image::decode(content).unwrap_err());
        assert!(message.contains(word), "{message}");
        assert!(message.contains("convert it to JPEG or PNG"), "{message}");
        assert!(Image::is_encoded(content));
    }
    for (content, word) in [
        (&b"\0\0\0\x20ftypisom\0\0\x02\0"[..], "a video"),
        (b"RIFF\x10\0\0\0AVI LIST", "a video"),
        (b"\x1a\x45\xdf\xa3\x01", "a video"),
        (b"%PDF-1.4", "PDF"),
        (
            b"version https://git-lfs.github.com/spec/v1\n",
            "git lfs pull",
        ),
        (b"<!doctype html><html>", "a web page"),
    ] {
        let error = Image::decode(content).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedImage);
        assert!(error.to_string().contains(word), "{error}");
        assert!(!Image::is_encoded(content));
    }
}
