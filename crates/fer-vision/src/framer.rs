//! From a detector's box to the square that the training data would have cut: the learned framing of a face.

use fer_core::framing::{Framing, FramingChange, FramingNet, GrayPatch};
use fer_core::{ImageView, Threads};

use crate::crop::CropSquare;
use crate::{Error, FaceBox, Result};

/// The framing network, trained on FER2013's training crops by `fer-train`'s example `train_framing`.
const EMBEDDED: &[u8] = include_bytes!("../models/framing.safetensors");

/// Pixels per side that a face is looked at with, at most: three for each of the network's.
const RESOLUTION: u32 = 96;

/// Squares that the network looks at in each round, seen from the best so far. The first rounds come near the face whatever the box;
/// in the last, the mean of several answers is steadier than any of them.
const ROUNDS: [&[FramingChange]; 4] = [
    &[AS_IT_IS],
    &[AS_IT_IS],
    &[AS_IT_IS],
    &[
        AS_IT_IS,
        change(0.06, 0.06, 0.06, 0.1),
        change(-0.06, -0.06, 0.06, -0.1),
        change(0.06, -0.06, -0.06, -0.1),
        change(-0.06, 0.06, -0.06, 0.1),
    ],
];
const AS_IT_IS: FramingChange = change(0.0, 0.0, 0.0, 0.0);

/// The farthest that the network may move the center, in sides of the square that the box gives.
const MAX_SHIFT: f32 = 0.35;
/// The most by which it may change the size, either way, as a natural logarithm.
const MAX_GROWTH: f32 = 0.5;

const fn change(right: f32, down: f32, growth: f32, turn: f32) -> FramingChange {
    FramingChange {
        right,
        down,
        growth,
        turn,
    }
}

/// Frames faces as the training data does.
#[derive(Debug)]
pub(crate) struct Framer {
    net: FramingNet,
    one_thread: Threads,
}

impl Framer {
    /// Reads the embedded network.
    pub(crate) fn embedded() -> Result<Self> {
        Ok(Self {
            net: FramingNet::from_bytes(EMBEDDED)?,
            one_thread: Threads::new(1).map_err(|source| Error::Threads { source })?,
        })
    }

    /// Returns the square around the face that a detector has put a box around.
    pub(crate) fn frame(&self, image: &ImageView<'_>, bounds: &FaceBox) -> Result<Framing> {
        let start = CropSquare::around(bounds, image.width(), image.height()).framing();
        let patch = GrayPatch::around(image, &start, RESOLUTION)?;
        let mut framing = start;
        for looks in ROUNDS {
            let squares: Vec<Framing> = looks.iter().map(|look| framing.changed(look)).collect();
            let changes = self.net.changes(&patch, &squares, &self.one_thread)?;
            let answers: Vec<Framing> = squares
                .iter()
                .zip(&changes)
                .map(|(square, change)| square.changed(change))
                .collect();
            framing = mean(&answers);
        }
        Ok(limited(&start, &framing))
    }
}

/// The mean square: of sizes, the geometric mean.
fn mean(framings: &[Framing]) -> Framing {
    let count = framings.len() as f32;
    let mean = |part: fn(&Framing) -> f32| framings.iter().map(part).sum::<f32>() / count;
    Framing {
        x: mean(|framing| framing.x),
        y: mean(|framing| framing.y),
        side: mean(|framing| framing.side.ln()).exp(),
        roll: mean(|framing| framing.roll),
    }
}

/// Keeps a square near the one that the box gives: the network has never seen what lies farther away.
fn limited(start: &Framing, framing: &Framing) -> Framing {
    let found = start.change_to(framing);
    start.changed(&FramingChange {
        right: found.right.clamp(-MAX_SHIFT, MAX_SHIFT),
        down: found.down.clamp(-MAX_SHIFT, MAX_SHIFT),
        growth: found.growth.clamp(-MAX_GROWTH, MAX_GROWTH),
        ..found
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_network_is_the_one_that_was_measured() {
        use sha2::{Digest, Sha256};

        const TRAINED: &str = "4958aad1d11e9c92226c8265face9959407dcb8078903d105f03e21c74695d12";
        let digest: String = Sha256::digest(EMBEDDED)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(digest, TRAINED);
        assert!(EMBEDDED.len() < 300_000);
        Framer::embedded().unwrap();
    }

    #[test]
    fn squares_stay_near_the_box() {
        let start = Framing {
            x: 50.0,
            y: 50.0,
            side: 20.0,
            roll: 0.0,
        };
        let near = start.changed(&change(0.1, -0.2, 0.3, 0.6));
        let kept = start.change_to(&limited(&start, &near));
        assert!((kept.down + 0.2).abs() < 1e-5 && (kept.turn - 0.6).abs() < 1e-5);
        let far = start.changed(&change(2.0, -0.2, -3.0, 0.6));
        let kept = start.change_to(&limited(&start, &far));
        assert!((kept.right - MAX_SHIFT).abs() < 1e-5 && (kept.growth + MAX_GROWTH).abs() < 1e-5);
    }
}
