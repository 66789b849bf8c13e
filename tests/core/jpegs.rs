//! JPEG files against Pillow: tests/data/jpeg/generate.py wrote the files and the digests of Pillow's pixels.

use fer_core::{Image, chain};

use crate::corpus::{Corpus, digest};

const CORPUS: Corpus = Corpus {
    files: include_bytes!("../data/jpeg/corpus.bin"),
    list: include_str!("../data/jpeg/corpus.json"),
};

#[test]
fn pixels_of_every_sampling_and_order_of_scans_are_pillows_to_the_last_bit() {
    let mut count = 0;
    for (entry, file) in CORPUS.entries() {
        let Some(expected) = entry.pixels else {
            continue;
        };
        let image = Image::decode(file).unwrap_or_else(|e| panic!("{}: {}", entry.name, chain(&e)));
        assert_eq!(digest(image.pixels()), expected, "{}", entry.name);
        count += 1;
    }
    assert!(count > 350, "{count} files");
}

#[test]
fn legal_files_of_rare_kinds_are_refused_with_advice() {
    let refused = CORPUS.refusals();
    assert_eq!(refused.len(), 6);
    for (name, message) in refused {
        assert!(message.contains("save it as"), "{name}: {message}");
        if name.contains("arithmetic") {
            assert!(message.contains("arithmetic coding"), "{message}");
        }
    }
}

#[test]
fn a_file_that_lacks_pixels_is_corrupt_wherever_it_is_cut() {
    for (entry, file) in CORPUS.entries() {
        let of_interest = [
            "420 interleaved",
            "420 separate",
            "420 progressive",
            "43x35 gray",
        ];
        if !of_interest.iter().any(|name| entry.name.ends_with(name)) {
            continue;
        }
        let end = b"\xff\xd9";
        for length in 2..file.len() - 20 {
            for tail in [&[][..], end, &file[..30]] {
                let cut = [&file[..length], tail].concat();
                let result = Image::decode(&cut);
                // A progressive image between two scans is whole, only coarser, if its end is marked.
                let between_scans = entry.name.contains("progressive") && tail == end;
                assert!(
                    result.is_err() || between_scans,
                    "{} at {length}",
                    entry.name
                );
            }
        }
    }
}

#[test]
fn the_first_exif_block_tells_the_orientation_and_without_one_xmp() {
    let (_, file) = CORPUS.entries().swap_remove(0);
    let upright = Image::decode(file).unwrap();
    let (width, height) = (upright.width(), upright.height());
    let exif = |orientation: u8| {
        let mut block = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
        block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
        block
    };
    let xmp = |text: &str| [&b"http://ns.adobe.com/xap/1.0/\0"[..], text.as_bytes()].concat();
    let six = "<rdf:Description tiff:Orientation=\"6\"/>";
    for (blocks, is_turned) in [
        (vec![exif(6), exif(3)], true),
        (vec![exif(1), exif(6)], false),
        (vec![xmp(six)], true),
        (vec![xmp("<tiff:Orientation>8</tiff:Orientation>")], true),
        (vec![xmp("<tiff:Orientation>x")], false),
        (vec![xmp(six), exif(1)], false),
    ] {
        let mut bytes = file[..2].to_vec();
        for block in &blocks {
            bytes.extend([0xff, 0xe1]);
            bytes.extend((block.len() as u16 + 2).to_be_bytes());
            bytes.extend(block);
        }
        bytes.extend(&file[2..]);
        let image = Image::decode(&bytes).unwrap();
        let expected = if is_turned {
            (height, width)
        } else {
            (width, height)
        };
        assert_eq!((image.width(), image.height()), expected, "{blocks:?}");
    }
}
