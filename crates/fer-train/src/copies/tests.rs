use image::imageops::{self, FilterType};
use image::{DynamicImage, GrayImage, ImageFormat, Luma};

use super::*;
use crate::testing::portraits::{SIDE, crop, plain, portrait, relit};

fn reencoded(face: &GrayImage) -> GrayImage {
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::from(face.clone())
        .write_to(&mut file, ImageFormat::Jpeg)
        .unwrap();
    image::load_from_memory(file.get_ref())
        .unwrap()
        .into_luma8()
}

fn bytes(faces: &[GrayImage]) -> Vec<u8> {
    faces
        .iter()
        .flat_map(|face| face.as_raw().iter().copied())
        .collect()
}

#[test]
fn copies_are_found_however_they_were_treated() {
    let portrait = portrait(1);
    let original = plain(&portrait);
    for (treatment, copy, kind) in [
        ("nothing", original.clone(), CopyKind::Exact),
        ("JPEG", reencoded(&original), CopyKind::Near),
        ("brighter", relit(&original, 1.0, 25.0), CopyKind::Near),
        ("less contrast", relit(&original, 0.6, 40.0), CopyKind::Near),
        ("shifted", crop(&portrait, 8, 1, 88), CopyKind::Near),
        ("cropped closer", crop(&portrait, 9, 8, 80), CopyKind::Near),
        ("cropped wider", crop(&portrait, 0, 0, 95), CopyKind::Near),
        (
            "mirrored",
            imageops::flip_horizontal(&original),
            CopyKind::Mirrored,
        ),
        (
            "mirrored, brighter, JPEG",
            reencoded(&relit(&imageops::flip_horizontal(&original), 0.9, 20.0)),
            CopyKind::Mirrored,
        ),
    ] {
        let pairs = copies_within(&bytes(&[original.clone(), copy]), 48, &Threads::single());
        assert_eq!(pairs.len(), 1, "{treatment}");
        assert_eq!(
            (pairs[0].a, pairs[0].b, pairs[0].kind),
            (0, 1, kind),
            "{treatment}"
        );
        assert!(pairs[0].score <= 1.0);
    }
}

#[test]
fn exact_copies_of_near_copies_are_paired_too() {
    let original = plain(&portrait(1));
    let brighter = relit(&original, 1.0, 25.0);
    let faces = [original.clone(), brighter.clone(), original, brighter];
    let pairs: Vec<(usize, usize, CopyKind)> =
        copies_within(&bytes(&faces), 48, &Threads::single())
            .iter()
            .map(|pair| (pair.a, pair.b, pair.kind))
            .collect();
    let expected = [
        (0, 1, CopyKind::Near),
        (0, 2, CopyKind::Exact),
        (0, 3, CopyKind::Near),
        (1, 2, CopyKind::Near),
        (1, 3, CopyKind::Exact),
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn different_portraits_are_no_copies() {
    let faces: Vec<GrayImage> = (0..60).map(|seed| plain(&portrait(seed))).collect();
    assert!(copies_within(&bytes(&faces), 48, &Threads::single()).is_empty());
}

#[test]
fn blank_faces_are_exact_copies_only() {
    let blank = |level| GrayImage::from_pixel(SIDE, SIDE, Luma([level]));
    let pairs = copies_within(
        &bytes(&[blank(0), blank(128), blank(0)]),
        48,
        &Threads::single(),
    );
    assert_eq!(
        pairs,
        [CopyPair {
            a: 0,
            b: 2,
            kind: CopyKind::Exact,
            score: 1.0
        }]
    );
}

#[test]
fn training_faces_with_a_copy_elsewhere_are_named() {
    let portraits: Vec<GrayImage> = (0..6).map(portrait).collect();
    let train: Vec<GrayImage> = portraits.iter().chain([&portraits[2]]).map(plain).collect();
    let others = [
        plain(&portraits[0]),
        imageops::flip_horizontal(&plain(&portraits[4])),
        crop(&portraits[2], 7, 6, 84),
        plain(&portrait(99)),
    ];
    // 6 is an exact copy of 2 and copied by way of it.
    assert_eq!(
        copies_across(&bytes(&train), &[&bytes(&others)], 48, &Threads::single()),
        [0, 2, 4, 6]
    );
    assert!(copies_across(&bytes(&train), &[], 48, &Threads::single()).is_empty());
    assert!(copies_across(&[], &[&bytes(&others)], 48, &Threads::single()).is_empty());
}

#[test]
fn faces_of_another_size_are_compared_at_48_pixels() {
    let faces: Vec<GrayImage> = [1, 2, 1]
        .into_iter()
        .map(|seed| imageops::resize(&plain(&portrait(seed)), 64, 64, FilterType::Triangle))
        .collect();
    let treated = relit(&faces[2], 0.8, 10.0);
    let pairs = copies_within(
        &bytes(&[faces[0].clone(), faces[1].clone(), treated]),
        64,
        &Threads::single(),
    );
    assert_eq!(
        pairs
            .iter()
            .map(|pair| (pair.a, pair.b, pair.kind))
            .collect::<Vec<_>>(),
        [(0, 2, CopyKind::Near)]
    );
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let faces: Vec<GrayImage> = (0..30)
        .map(|i| crop(&portrait(i % 11), (i % 5) as u32, (i % 3) as u32, 88))
        .collect();
    let run = |threads| {
        let threads = Threads::new(threads).unwrap();
        copies_within(&bytes(&faces), 48, &threads)
    };
    let alone = run(1);
    assert!(alone.len() > 19, "{}", alone.len());
    assert_eq!(alone, run(3));
}

#[test]
fn groups_join_copies_of_copies() {
    let pair = |a, b| CopyPair {
        a,
        b,
        kind: CopyKind::Near,
        score: 0.9,
    };
    assert_eq!(
        groups(&[pair(4, 7), pair(0, 2), pair(5, 7), pair(2, 9)]),
        [vec![0, 2, 9], vec![4, 5, 7]]
    );
    assert_eq!(groups(&[]), Vec::<Vec<usize>>::new());
}
