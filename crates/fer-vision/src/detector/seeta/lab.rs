//! Locally assembled binary (LAB) features and the boosted classifiers over them, which propose face windows.
//!
//! A LAB feature compares the mean of a 3x3 block with those of its eight neighboring blocks: one bit a neighbor (Yan et al.,
//! "Locally assembled binary (LAB) feature with feature-centric cascade for fast and accurate face detection", CVPR 2008).

use pulp::{Simd, WithSimd};

use super::vectorized::vectorized;
use super::window::WINDOW;

/// Side of a block in pixels.
const BLOCK: usize = 3;
/// Side of the 3x3 blocks that one feature reads.
const FEATURE: usize = 3 * BLOCK;
/// Windows are rejected after each group of this many features.
const GROUP: usize = 10;

/// Offsets in blocks of the eight neighbors from the feature's top left, with the bit that each sets.
const NEIGHBORS: [(usize, usize, i16); 8] = [
    (0, 0, 0x80),
    (1, 0, 0x40),
    (2, 0, 0x20),
    (0, 1, 0x10),
    (2, 1, 0x08),
    (0, 2, 0x04),
    (1, 2, 0x02),
    (2, 2, 0x01),
];

/// One feature value per pixel, for the feature whose top left corner is there.
#[derive(Debug, Default)]
pub(super) struct FeatureMap {
    values: Vec<u8>,
    stride: usize,
    /// The last rows of block sums, `[BLOCK_ROWS, stride]`, row `y` at `y % BLOCK_ROWS`.
    blocks: Vec<i16>,
    column_sums: Vec<i16>,
    bits: Vec<i16>,
}

/// Rows of block sums kept: those of one feature, rounded up to a power of two.
const BLOCK_ROWS: usize = 8;

impl FeatureMap {
    /// Computes the features of `pixels` (`[height, width]`), both sides at least a window long.
    pub(super) fn compute(&mut self, pixels: &[u8], width: usize) {
        self.stride = width;
        // Where no feature fits, at the right and the bottom, nothing is read either.
        self.values.resize(pixels.len(), 0);
        self.blocks.resize(BLOCK_ROWS * width, 0);
        self.column_sums.resize(width, 0);
        vectorized(ComputeFeatures { map: self, pixels });
    }

    /// Block `x` of row `y` is the sum of the 3x3 pixels whose top left corner is (x, y).
    #[inline(always)]
    fn sum_blocks(&mut self, pixels: &[u8], y: usize) {
        let width = self.stride;
        let row = |line: usize| &pixels[(y + line) * width..][..width];
        let rows = row(0).iter().zip(row(1)).zip(row(2));
        for (sum, ((&a, &b), &c)) in self.column_sums.iter_mut().zip(rows) {
            *sum = i16::from(a) + i16::from(b) + i16::from(c);
        }
        let sums = &self.column_sums;
        let triples = sums.iter().zip(&sums[1..]).zip(&sums[2..]);
        let blocks = &mut self.blocks[y % BLOCK_ROWS * width..][..width];
        for (block, ((a, b), c)) in blocks.iter_mut().zip(triples) {
            *block = a + b + c;
        }
    }

    /// `values[y, x]` has a bit for each neighbor whose block sum the center's reaches.
    #[inline(always)]
    fn compare_blocks(&mut self, y: usize) {
        let width = self.stride;
        let features = width - FEATURE + 1;
        let block = |column: usize, line: usize| {
            let row = (y + line * BLOCK) % BLOCK_ROWS;
            &self.blocks[row * width + column * BLOCK..][..features]
        };
        let center = block(1, 1);
        self.bits.clear();
        self.bits.resize(features, 0);
        for (column, line, bit) in NEIGHBORS {
            let neighbor = block(column, line);
            for ((bits, center), neighbor) in self.bits.iter_mut().zip(center).zip(neighbor) {
                *bits |= if center >= neighbor { bit } else { 0 };
            }
        }
        let values = &mut self.values[y * width..][..features];
        for (value, &bits) in values.iter_mut().zip(&self.bits) {
            *value = bits as u8;
        }
    }
}

/// Computes the features of `pixels`.
struct ComputeFeatures<'a> {
    map: &'a mut FeatureMap,
    pixels: &'a [u8],
}

impl WithSimd for ComputeFeatures<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let height = self.pixels.len() / self.map.stride;
        for y in 0..=height - BLOCK {
            self.map.sum_blocks(self.pixels, y);
            if let Some(y) = y.checked_sub(FEATURE - BLOCK) {
                self.map.compare_blocks(y);
            }
        }
    }
}

/// A boosted sum of table look-ups with early rejection.
#[derive(Debug)]
pub(super) struct BoostedClassifier {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    /// Position of each feature in the window, (x, y).
    offsets: [(usize, usize); GROUP],
    /// Score of each value of each feature.
    weights: Box<[[f32; 256]; GROUP]>,
    threshold: f32,
}

/// A window of the scanned row that no group has rejected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Survivor {
    pub(super) x: u32,
    pub(super) score: f32,
}

impl BoostedClassifier {
    /// Pairs up the model's lists; `None` if they disagree or a feature leaves the window.
    pub(super) fn new(
        offsets: &[(usize, usize)],
        thresholds: &[f32],
        tables: &[[f32; 256]],
    ) -> Option<Self> {
        let fits = |&(x, y): &(usize, usize)| x.max(y) + FEATURE <= WINDOW;
        let count = offsets.len();
        let sound = count > 0 && count.is_multiple_of(GROUP) && offsets.iter().all(fits);
        if !sound || tables.len() != count || thresholds.len() != count {
            return None;
        }
        let (offsets, _) = offsets.as_chunks();
        let (tables, _) = tables.as_chunks();
        let groups = offsets.iter().zip(tables).zip(thresholds.chunks(GROUP));
        let groups = groups.map(|((&offsets, &weights), thresholds)| {
            Some(Group {
                offsets,
                weights: Box::new(weights),
                threshold: *thresholds.last()?,
            })
        });
        Some(Self {
            groups: groups.collect::<Option<_>>()?,
        })
    }

    /// Leaves in `survivors` those of the windows in row `y`, given by their columns, that look like a face.
    pub(super) fn scan_row(
        &self,
        map: &FeatureMap,
        y: usize,
        windows: &[u32],
        survivors: &mut Vec<Survivor>,
    ) {
        survivors.clear();
        survivors.extend(windows.iter().map(|&x| Survivor { x, score: 0.0 }));
        let rows = &map.values[y * map.stride..][..(WINDOW - FEATURE + 1) * map.stride];
        for group in &self.groups {
            if survivors.is_empty() {
                break;
            }
            let offsets = group.offsets.map(|(x, y)| y * map.stride + x);
            // Every window is written to the place of the next survivor: whether it stays is a coin toss that no branch predicts.
            let mut kept = 0;
            for i in 0..survivors.len() {
                let mut survivor = survivors[i];
                for (offset, weights) in offsets.into_iter().zip(group.weights.iter()) {
                    let value = rows[offset + survivor.x as usize];
                    survivor.score += weights[usize::from(value)];
                }
                survivors[kept] = survivor;
                kept += usize::from(survivor.score >= group.threshold);
            }
            survivors.truncate(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive_feature(pixels: &[u8], width: usize, x: usize, y: usize) -> u8 {
        let block = |bx: usize, by: usize| -> u32 {
            (0..9)
                .map(|i| u32::from(pixels[(y + by * 3 + i / 3) * width + x + bx * 3 + i % 3]))
                .sum()
        };
        NEIGHBORS
            .iter()
            .map(|&(bx, by, bit)| {
                if block(1, 1) >= block(bx, by) {
                    bit as u8
                } else {
                    0
                }
            })
            .sum()
    }

    proptest! {
        #[test]
        fn features_match_their_definition(
            (width, pixels) in (40_usize..60).prop_flat_map(|width| {
                (Just(width), prop::collection::vec(any::<u8>(), width * 40..width * 44).prop_map(move |mut pixels| {
                    pixels.truncate(pixels.len() / width * width);
                    pixels
                }))
            }),
        ) {
            let mut map = FeatureMap::default();
            // What another image left behind does not matter.
            map.compute(&[200; 50 * 70], 70);
            map.compute(&pixels, width);
            for y in 0..=pixels.len() / width - FEATURE {
                for x in 0..=width - FEATURE {
                    prop_assert_eq!(map.values[y * width + x], naive_feature(&pixels, width, x, y));
                }
            }
        }
    }
}
