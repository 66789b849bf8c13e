use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::digest::hex;
use crate::random::Purpose;

fn stream(index: u64) -> Random {
    Random::new(5, Purpose::Augmentation, 1, index)
}

fn augment(config: &AugmentationConfig, face: &[u8], index: u64) -> Vec<u8> {
    let size = face.len().isqrt();
    let mut out = vec![0; face.len()];
    Augmenter::new(config, size)
        .apply(face, &mut stream(index), None, &mut out)
        .unwrap();
    out
}

fn face() -> Vec<u8> {
    (0..48 * 48).map(|pixel| (pixel % 251) as u8).collect()
}

/// Each change, every time.
fn everything() -> AugmentationConfig {
    AugmentationConfig {
        tone_curve: 1.0,
        local_contrast: 1.0,
        dark_skin: 1.0,
        glasses: 1.0,
        mask: 1.0,
        hand: 1.0,
        low_light: 1.0,
        erase: 1.0,
        noise: 1.0,
        blur: 1.0,
        downscale: 1.0,
        jpeg: 1.0,
        ..Default::default()
    }
}

proptest! {
    #[test]
    fn no_change_is_the_identity(face in proptest::collection::vec(any::<u8>(), 144)) {
        prop_assert_eq!(augment(&AugmentationConfig::none(), &face, 0), face);
    }

    #[test]
    fn a_flip_mirrors_rows_and_twice_is_the_identity(face in proptest::collection::vec(any::<u8>(), 144)) {
        let flip = AugmentationConfig { flip: 1.0, ..AugmentationConfig::none() };
        let mirrored = augment(&flip, &face, 0);
        for (row, original) in mirrored.chunks(12).zip(face.chunks(12)) {
            prop_assert!(row.iter().eq(original.iter().rev()));
        }
        prop_assert_eq!(augment(&flip, &mirrored, 0), face);
    }

    #[test]
    fn geometry_keeps_levels_within_those_of_the_image(
        face in proptest::collection::vec(40u8..200, 144),
        index in any::<u64>(),
    ) {
        let geometry = AugmentationConfig {
            rotation: 180.0, scale: 0.5, shift: 0.5, shear: 0.3, ..AugmentationConfig::none()
        };
        let out = augment(&geometry, &face, index);
        let (low, high) = (face.iter().min().unwrap(), face.iter().max().unwrap());
        prop_assert!(out.iter().all(|level| (low..=high).contains(&level)));
    }

    #[test]
    fn a_blank_image_stays_blank_under_geometry_and_blur(level in any::<u8>(), index in any::<u64>()) {
        let config = AugmentationConfig {
            flip: 0.5, rotation: 45.0, scale: 0.5, shift: 0.3, shear: 0.3,
            downscale: 1.0, blur: 1.0, blur_sigma: 2.0,
            ..AugmentationConfig::none()
        };
        prop_assert_eq!(augment(&config, &[level; 144], index), vec![level; 144]);
    }
}

#[test]
fn the_same_stream_gives_the_same_image_whatever_came_before() {
    let (config, face) = (everything(), face());
    let mut used = Augmenter::new(&config, 48);
    let mut out = vec![0; face.len()];
    for index in [9, 3] {
        used.apply(&face, &mut stream(index), None, &mut out)
            .unwrap();
    }
    assert_eq!(out, augment(&config, &face, 3));
    assert_ne!(out, augment(&config, &face, 4));
}

#[test]
fn what_is_off_draws_nothing() {
    let mut random = stream(1);
    assert!(!happens(0.0, &mut random));
    assert_eq!(random.bits(), stream(1).bits());
}

#[test]
fn the_default_changes_are_those_of_version_0_1() {
    // Written by the code before tone curves, occlusions and compression came.
    let mut digest = Sha256::new();
    for index in 0..64 {
        digest.update(augment(&AugmentationConfig::default(), &face(), index));
    }
    assert_eq!(
        hex(&digest.finalize()),
        "c13eab2e992116bc3d6dc63043070f5b2e1ec6c431961a2b7fef7117857df8c8"
    );
}

#[test]
fn the_clean_copy_is_turned_and_lit_alike_and_nothing_more() {
    let face = face();
    let kept = AugmentationConfig {
        downscale: 0.0,
        blur: 0.0,
        noise: 0.0,
        erase: 0.0,
        ..Default::default()
    };
    for index in 0..20 {
        let (mut clean, mut out) = (vec![0; face.len()], vec![0; face.len()]);
        Augmenter::new(&everything(), 48)
            .apply(&face, &mut stream(index), Some(&mut clean), &mut out)
            .unwrap();
        assert_eq!(clean, augment(&kept, &face, index));
        assert_ne!(clean, out);
        assert_eq!(
            out,
            augment(&everything(), &face, index),
            "with or without the copy"
        );
    }
}

#[test]
fn compression_is_that_of_a_jpeg_file_of_a_quality_in_the_range() {
    let face = face();
    let qualities = AugmentationConfig {
        jpeg: 1.0,
        jpeg_quality_min: 10,
        jpeg_quality_max: 12,
        ..AugmentationConfig::none()
    };
    let image = GrayImage::from_raw(48, 48, face.clone()).unwrap();
    let expected = [10, 11, 12].map(|quality| recompress(&image, quality).unwrap().into_raw());
    let mut seen = [false; 3];
    for index in 0..50 {
        let out = augment(&qualities, &face, index);
        let quality = expected.iter().position(|expected| *expected == out);
        seen[quality.expect("one of the three qualities")] = true;
    }
    assert_eq!(seen, [true; 3]);
}

#[test]
fn each_new_change_changes_the_image_when_it_is_on() {
    let face = face();
    let none = AugmentationConfig::none;
    for (name, config) in [
        (
            "tone_curve",
            AugmentationConfig {
                tone_curve: 1.0,
                ..none()
            },
        ),
        (
            "local_contrast",
            AugmentationConfig {
                local_contrast: 1.0,
                ..none()
            },
        ),
        (
            "dark_skin",
            AugmentationConfig {
                dark_skin: 1.0,
                ..none()
            },
        ),
        (
            "glasses",
            AugmentationConfig {
                glasses: 1.0,
                ..none()
            },
        ),
        (
            "mask",
            AugmentationConfig {
                mask: 1.0,
                ..none()
            },
        ),
        (
            "hand",
            AugmentationConfig {
                hand: 1.0,
                ..none()
            },
        ),
        (
            "low_light",
            AugmentationConfig {
                low_light: 1.0,
                ..none()
            },
        ),
        (
            "jpeg",
            AugmentationConfig {
                jpeg: 1.0,
                ..none()
            },
        ),
    ] {
        assert_ne!(augment(&config, &face, 0), face, "{name}");
        assert_ne!(
            augment(&config, &face, 0),
            augment(&config, &face, 1),
            "{name}"
        );
    }
}

#[test]
fn brightness_moves_the_mean_and_contrast_the_spread() {
    let face: Vec<u8> = (0..144).map(|pixel| 78 + (pixel % 100) as u8).collect();
    let mean = |image: &[u8]| {
        image.iter().map(|&level| f32::from(level)).sum::<f32>() / image.len() as f32
    };
    let spread = |image: &[u8]| {
        f32::from(*image.iter().max().unwrap()) - f32::from(*image.iter().min().unwrap())
    };
    let brightness = AugmentationConfig {
        brightness: 0.2,
        ..AugmentationConfig::none()
    };
    let contrast = AugmentationConfig {
        contrast: 0.5,
        ..AugmentationConfig::none()
    };
    let shifts: Vec<f32> = (0..50)
        .map(|index| mean(&augment(&brightness, &face, index)) - mean(&face))
        .collect();
    assert!(shifts.iter().any(|shift| *shift > 20.0) && shifts.iter().any(|shift| *shift < -20.0));
    assert!(shifts.iter().all(|shift| shift.abs() <= 52.0));
    let ratios: Vec<f32> = (0..50)
        .map(|index| spread(&augment(&contrast, &face, index)) / spread(&face))
        .collect();
    assert!(ratios.iter().any(|ratio| *ratio > 1.3) && ratios.iter().any(|ratio| *ratio < 0.7));
}
