//! Explanations: the parts of a face that an answer comes from.

use crate::{Classifier, Emotion, ImageView, Result};

/// Sides of a patch in the face's side: a feature such as an eye or a corner of the mouth.
const PATCHES_PER_SIDE: usize = 4;
/// Steps from one patch to the next in the patch's side.
const STEPS_PER_PATCH: usize = 3;
/// Reach of the blur that covers a patch, as a share of the face's side: shapes vanish, light and shade stay.
const BLUR: f32 = 1.0 / 8.0;

/// A map over the square that the network saw: how much each place speaks for an emotion, or against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    emotion: Emotion,
    size: usize,
    heat: Vec<f32>,
}

impl Explanation {
    /// The emotion that is explained.
    pub fn emotion(&self) -> Emotion {
        self.emotion
    }

    /// Side of the map in pixels: the network's input size.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The map `[size, size]`, rows top to bottom, in [-1, 1]: positive where the face speaks for the emotion, negative where it
    /// speaks against it; the largest magnitude is 1. All 0 if covering changes nothing.
    pub fn heat(&self) -> &[f32] {
        &self.heat
    }
}

impl Classifier {
    /// Explains the prediction of one face by occlusion (Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks",
    /// 2014, section 4.2): patches of the face are blurred one after the other, and the map is the mean loss of the emotion's
    /// log-odds over the patches that cover a place.
    ///
    /// Explains `emotion`, or the predicted one. Costs about a hundred predictions.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn explain(&self, view: &ImageView<'_>, emotion: Option<Emotion>) -> Result<Explanation> {
        let preprocessing = &self.model().preprocessing;
        let size = preprocessing.input_size;
        let mut face = vec![0; preprocessing.face_len()];
        preprocessing.face_bytes(view, &mut face)?;
        let emotion = match emotion {
            Some(emotion) => emotion,
            None => self.predict(view)?.emotion(),
        };

        let blurred = blurred(&face, size);
        let patches = patches(size);
        let mut faces = face.clone();
        for patch in &patches {
            let start = faces.len();
            faces.extend_from_slice(&face);
            for index in patch.pixels(size) {
                faces[start + index] = blurred[index];
            }
        }
        let logits = self.logits(&faces)?;
        let evidence: Vec<f64> = logits
            .iter()
            .map(|logits| log_odds(logits, emotion))
            .collect();
        let losses = evidence[1..].iter().map(|covered| evidence[0] - covered);
        let heat = mean_over_patches(&patches, losses, size);
        Ok(Explanation {
            emotion,
            size,
            heat,
        })
    }
}

/// A square of the face.
#[derive(Debug, Clone, Copy)]
struct Patch {
    x: usize,
    y: usize,
    side: usize,
}

impl Patch {
    /// The positions of its pixels in a face `[size, size]`.
    fn pixels(self, size: usize) -> impl Iterator<Item = usize> {
        let Self { x, y, side } = self;
        (y..y + side).flat_map(move |row| (x..x + side).map(move |column| row * size + column))
    }
}

/// Overlapping patches that cover a face `[size, size]`.
fn patches(size: usize) -> Vec<Patch> {
    let side = size.div_ceil(PATCHES_PER_SIDE);
    let step = side.div_ceil(STEPS_PER_PATCH);
    let last = size - side;
    let starts: Vec<usize> = (0..last).step_by(step).chain([last]).collect();
    let rows = starts.iter();
    rows.flat_map(|&y| starts.iter().map(move |&x| Patch { x, y, side }))
        .collect()
}

/// The mean loss over the patches that cover each pixel, scaled to magnitudes of at most 1.
fn mean_over_patches(
    patches: &[Patch],
    losses: impl Iterator<Item = f64>,
    size: usize,
) -> Vec<f32> {
    let mut sums = vec![(0.0, 0.0); size * size];
    for (patch, loss) in patches.iter().zip(losses) {
        for index in patch.pixels(size) {
            let (sum, count) = &mut sums[index];
            *sum += loss;
            *count += 1.0;
        }
    }
    let means: Vec<f64> = sums.iter().map(|(sum, count)| sum / count).collect();
    let largest = means
        .iter()
        .fold(0.0, |largest: f64, mean| largest.max(mean.abs()));
    let scale = if largest > 0.0 { 1.0 / largest } else { 0.0 };
    means.iter().map(|mean| (mean * scale) as f32).collect()
}

/// The logarithm of an emotion's odds against the others.
fn log_odds(logits: &[f32; Emotion::COUNT], emotion: Emotion) -> f64 {
    let own = f64::from(logits[emotion.index()]);
    let others = Emotion::ALL.into_iter().filter(|other| *other != emotion);
    let others = others.map(|other| (f64::from(logits[other.index()]) - own).exp());
    -others.sum::<f64>().ln()
}

/// The face `[size, size]` after three box blurs, which make a smooth one; edges are repeated.
fn blurred(face: &[u8], size: usize) -> Vec<u8> {
    let reach = ((size as f32 * BLUR / 2.0).round() as usize).max(1);
    let mut levels: Vec<f32> = face.iter().map(|&level| f32::from(level)).collect();
    for _ in 0..3 {
        // Each pass blurs the rows and turns them into columns.
        for _ in 0..2 {
            levels = blurred_rows_as_columns(&levels, size, reach);
        }
    }
    levels.iter().map(|level| (level + 0.5) as u8).collect()
}

fn blurred_rows_as_columns(levels: &[f32], size: usize, reach: usize) -> Vec<f32> {
    let mut columns = vec![0.0; levels.len()];
    for (y, row) in levels.chunks_exact(size).enumerate() {
        for x in 0..size {
            let around = (x..=x + 2 * reach).map(|at| row[at.saturating_sub(reach).min(size - 1)]);
            columns[x * size + y] = around.sum::<f32>() / (2 * reach + 1) as f32;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_cover_every_pixel_of_faces_of_any_size() {
        for size in 1..70 {
            let mut covered = vec![false; size * size];
            for patch in patches(size) {
                patch.pixels(size).for_each(|index| covered[index] = true);
            }
            assert!(covered.iter().all(|covered| *covered), "{size}");
        }
        assert_eq!(patches(48).len(), 100);
    }

    #[test]
    fn a_blur_keeps_what_is_even_and_spreads_what_is_not() {
        assert_eq!(blurred(&[77; 20 * 20], 20), [77; 20 * 20]);
        let mut spot = vec![0; 21 * 21];
        spot[10 * 21 + 10] = 255;
        let levels = blurred(&spot, 21);
        assert!(levels[10 * 21 + 10] < 60);
        assert!(levels[10 * 21 + 11] > 0 && levels[9 * 21 + 10] == levels[10 * 21 + 9]);
    }

    #[test]
    fn odds_are_those_of_the_probability() {
        let logits = [1.0_f32, -0.5, 0.25, 2.0];
        let total: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
        let p = f64::from(logits[3]).exp() / total;
        assert!((log_odds(&logits, Emotion::ALL[3]) - (p / (1.0 - p)).ln()).abs() < 1e-9);
    }
}
