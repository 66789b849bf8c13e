//! Random squares in the crops of the dataset.

use fer_core::framing::{Framing, FramingChange, FramingNet, GrayPatch};
use fer_core::{ImageView, PixelFormat};

use crate::random::Random;

/// The farthest that a square's center lies from the crop's, across and down, in sides of the crop.
const MAX_SHIFT: f32 = 0.13;
/// The largest ratio of the sides of square and crop, either way, as a natural logarithm.
const MAX_GROWTH: f32 = 0.22;
/// The largest roll in radians: 45 degrees.
const MAX_ROLL: f32 = std::f32::consts::FRAC_PI_4;

/// Side of the smallest crop that a training image is shrunk to, in pixels, and how often it is.
const LEAST_RESOLUTION: f32 = 16.0;
const SHRUNK: f32 = 0.4;
/// The strongest noise, light from one side and change of contrast, in standard deviations of the face.
const MAX_NOISE: f32 = 0.15;
const MAX_LIGHT: f32 = 0.4;
const MAX_CONTRAST: f32 = 0.3;

/// Use of a square: training images are made worse at random, validation images are taken as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Draw {
    Training,
    Validation,
}

/// A square of a crop, and the way back.
pub(super) struct Drawn {
    pub(super) patch: GrayPatch,
    pub(super) square: Framing,
    /// The change from the square to the crop.
    pub(super) change: FramingChange,
    mirrored: bool,
}

impl Drawn {
    /// Targets of the network.
    pub(super) fn outputs(&self) -> [f32; FramingNet::OUTPUTS] {
        FramingNet::outputs(&self.change, self.mirrored)
    }
}

/// Draws a square of a crop `[size, size]` and writes what the network sees of it to `input`.
pub(super) fn draw(crop: &[u8], mut random: Random, purpose: Draw, input: &mut [f32]) -> Drawn {
    let size = crop.len().isqrt();
    let whole = Framing {
        x: size as f32 / 2.0,
        y: size as f32 / 2.0,
        side: size as f32,
        roll: 0.0,
    };
    let square = Framing {
        x: whole.x + whole.side * random.symmetric(MAX_SHIFT),
        y: whole.y + whole.side * random.symmetric(MAX_SHIFT),
        side: whole.side * random.symmetric(MAX_GROWTH).exp(),
        roll: random.symmetric(MAX_ROLL),
    };
    let (mirrored, shrunk) = (random.chance(0.5), random.chance(SHRUNK));
    let resolution = random.range(LEAST_RESOLUTION, size as f32);
    let in_training = purpose == Draw::Training;
    let resolution = if in_training && shrunk {
        resolution as u32
    } else {
        size as u32
    };
    let patch = ImageView::new(crop, size as u32, size as u32, PixelFormat::Gray8)
        .and_then(|view| GrayPatch::around(&view, &whole, resolution));
    let Ok(patch) = patch else {
        unreachable!("a crop of the dataset is a square image")
    };
    FramingNet::write_input(&patch, &square, mirrored, input);
    if in_training {
        worsen(&mut random, input);
    }
    Drawn {
        change: square.change_to(&whole),
        patch,
        square,
        mirrored,
    }
}

/// Changes contrast and light and adds noise to the gray levels of a network's input, where it sees anything.
fn worsen(random: &mut Random, input: &mut [f32]) {
    let contrast = 1.0 + random.symmetric(MAX_CONTRAST);
    let (across, down) = (random.symmetric(MAX_LIGHT), random.symmetric(MAX_LIGHT));
    let noise = random.range(0.0, MAX_NOISE);
    let (pixels, _) = input.as_chunks_mut::<3>();
    for [level, x, y] in pixels {
        if (*x, *y) != (0.0, 0.0) {
            *level = *level * contrast + across * *x + down * *y + noise * random.normal();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn the_way_back_from_a_square_leads_to_the_crop() {
        let crop: Vec<u8> = (0..48 * 48).map(|i| (i % 200) as u8).collect();
        for index in 0..200 {
            let random = Random::new(1, Purpose::Framing, 0, index);
            let mut input = vec![0.0; FramingNet::INPUT_LEN];
            let drawn = draw(&crop, random, Draw::Training, &mut input);
            let back = drawn.square.changed(&drawn.change);
            assert!((back.x - 24.0).abs() < 1e-3 && (back.y - 24.0).abs() < 1e-3);
            assert!((back.side - 48.0).abs() < 1e-3 && back.roll.abs() < 1e-5);
            assert!(input.iter().all(|value| value.is_finite()));
        }
    }
}
