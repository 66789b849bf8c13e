//! The deletion test: an explanation is right if covering what it marks changes the answer more than covering anything else (Petsiuk,
//! Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", 2018, section 4.3).

use fer_core::{Classifier, Emotion, ImageView, PixelFormat};

/// The share of the face that is covered.
const COVERED: f64 = 0.15;
/// Sides of the blocks that are covered at random.
const BLOCK: usize = 4;
/// Reach of the blur that covers, to each side: a mean over 17 by 17 pixels.
const REACH: usize = 8;

/// Mean losses of the probability of an emotion on its faces, when parts of them are covered.
#[derive(Debug)]
pub(crate) struct Losses {
    /// Faces that are right and at least [`sure`](losses) before.
    pub(crate) faces: usize,
    /// What the face's own map marks most.
    pub(crate) own: f64,
    /// Blocks at random.
    pub(crate) random: f64,
    /// What the map of the face before marks most.
    pub(crate) other: f64,
}

/// Runs the deletion test on gray faces `[size, size]` of one emotion that get it with a probability of at least `sure`.
pub(crate) fn losses(
    classifier: &Classifier,
    faces: &[Vec<u8>],
    emotion: Emotion,
    sure: f32,
) -> Losses {
    let size = classifier.model().preprocessing.input_size;
    let probability = |face: &[u8]| {
        let predictions = classifier.predict_faces(face).unwrap();
        f64::from(predictions[0].probability(emotion))
    };
    let faces: Vec<_> = faces
        .iter()
        .filter(|face| {
            let prediction = classifier.predict_faces(face).unwrap()[0];
            prediction.emotion() == emotion && prediction.confidence() >= sure
        })
        .collect();
    let marked: Vec<Vec<usize>> = faces
        .iter()
        .map(|face| {
            let view = ImageView::new(face, size as u32, size as u32, PixelFormat::Gray8).unwrap();
            hottest(classifier.explain(&view, Some(emotion)).unwrap().heat())
        })
        .collect();
    let mean = |chosen: &dyn Fn(usize) -> Vec<usize>| {
        let losses = faces.iter().enumerate().map(|(index, face)| {
            probability(face) - probability(&covered(face, size, &chosen(index)))
        });
        losses.sum::<f64>() / faces.len() as f64
    };
    Losses {
        faces: faces.len(),
        own: mean(&|index| marked[index].clone()),
        random: mean(&|index| random_blocks(size, index as u64)),
        other: mean(&|index| marked[index.checked_sub(1).unwrap_or(faces.len() - 1)].clone()),
    }
}

/// The positions of the largest values.
fn hottest(heat: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..heat.len()).collect();
    order.sort_by(|a, b| heat[*b].total_cmp(&heat[*a]));
    order.truncate((COVERED * heat.len() as f64) as usize);
    order
}

/// Positions of blocks of a grid, chosen at random by xorshift.
fn random_blocks(size: usize, seed: u64) -> Vec<usize> {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut order: Vec<usize> = (0..(size / BLOCK).pow(2)).collect();
    for last in (1..order.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(last, (state % (last as u64 + 1)) as usize);
    }
    order.truncate((COVERED * order.len() as f64).round() as usize);
    let blocks = order.into_iter().map(|block| {
        let columns = size / BLOCK;
        (block % columns * BLOCK, block / columns * BLOCK)
    });
    blocks
        .flat_map(|(x, y)| {
            (y..y + BLOCK)
                .flat_map(move |row| (x..x + BLOCK).map(move |column| row * size + column))
        })
        .collect()
}

/// The face with the chosen pixels blurred.
fn covered(face: &[u8], size: usize, chosen: &[usize]) -> Vec<u8> {
    let mut result = face.to_vec();
    for &index in chosen {
        let around = |at: usize| at.saturating_sub(REACH)..(at + REACH + 1).min(size);
        let (mut sum, mut count) = (0, 0);
        for y in around(index / size) {
            for x in around(index % size) {
                sum += u32::from(face[y * size + x]);
                count += 1;
            }
        }
        result[index] = (sum / count) as u8;
    }
    result
}
