//! Drawn portraits, for tests.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use crate::copies::COMPARED_SIDE;
use crate::random::{Purpose, Random};

pub(crate) const SIDE: u32 = COMPARED_SIDE as u32;

/// A portrait of 96x96 pixels: an oval with its own place, light and features. Portraits share their outline and so much of their detail.
pub(crate) fn portrait(seed: u64) -> GrayImage {
    let mut random = Random::new(seed, Purpose::Order, 0, 0);
    let features: Vec<[f32; 5]> = (0..40)
        .map(|_| {
            [
                random.range(16.0, 80.0),
                random.range(16.0, 80.0),
                random.range(2.0, 7.0),
                random.range(2.0, 7.0),
                random.symmetric(70.0),
            ]
        })
        .collect();
    let (center_x, center_y, light) = (
        48.0 + random.symmetric(3.0),
        48.0 + random.symmetric(3.0),
        random.symmetric(0.3),
    );
    GrayImage::from_fn(96, 96, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let oval = ((x - center_x) / 34.0).powi(2) + ((y - center_y) / 42.0).powi(2);
        let mut level = if oval < 1.0 {
            165.0 + light * (x - center_x)
        } else {
            60.0
        };
        for [feature_x, feature_y, width, height, strength] in &features {
            let distance = ((x - feature_x) / width).powi(2) + ((y - feature_y) / height).powi(2);
            level += strength * (-distance).exp();
        }
        Luma([level.clamp(0.0, 255.0) as u8])
    })
}

/// The part of a portrait from `(x, y)` with side `size`, at 48x48.
pub(crate) fn crop(portrait: &GrayImage, x: u32, y: u32, size: u32) -> GrayImage {
    let part = imageops::crop_imm(portrait, x, y, size, size).to_image();
    imageops::resize(&part, SIDE, SIDE, FilterType::Triangle)
}

pub(crate) fn plain(portrait: &GrayImage) -> GrayImage {
    crop(portrait, 4, 4, 88)
}

pub(crate) fn relit(face: &GrayImage, gain: f32, offset: f32) -> GrayImage {
    let mut face = face.clone();
    face.pixels_mut().for_each(|Luma([level])| {
        *level = (f32::from(*level) * gain + offset).clamp(0.0, 255.0) as u8
    });
    face
}
