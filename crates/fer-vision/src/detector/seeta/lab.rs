//! Locally assembled binary (LAB) features and the boosted classifiers over them, which propose face windows.
//!
//! A LAB feature compares the mean of a 3x3 block with those of its eight neighbouring blocks: one bit a neighbour (Yan et al.,
//! "Locally assembled binary (LAB) feature with feature-centric cascade for fast and accurate face detection", CVPR 2008).

use pulp::{Simd, WithSimd};

use super::WINDOW;
use super::vectorized::vectorized;

/// Side of a block in pixels.
const BLOCK: usize = 3;
/// Side of the 3x3 blocks that one feature reads.
const FEATURE: usize = 3 * BLOCK;
/// Windows are rejected after each group of this many features.
const GROUP: usize = 10;

/// Offsets in blocks of the eight neighbours from the feature's top left, with the bit that each sets.
const NEIGHBOURS: [(usize, usize, i16); 8] = [
    (0, 0, 0x80),
    (1, 0, 0x40),
    (2, 0, 0x20),
    (0, 1, 0x10),
    (2, 1, 0x08),
    (0, 2, 0x04),
    (1, 2, 0x02),
    (2, 2, 0x01),
];

/// One feature value a pixel, for the feature whose top left corner is there.
#[derive(Debug, Default)]
pub(super) struct FeatureMap {
    values: Vec<u8>,
    stride: usize,
    blocks: Vec<i16>,
    column_sums: Vec<i16>,
    bits: Vec<i16>,
}

impl FeatureMap {
    /// Computes the features of `pixels` (`[height, width]`), both sides at least a window long.
    pub(super) fn compute(&mut self, pixels: &[u8], width: usize) {
        vectorized(ComputeFeatures {
            map: self,
            pixels,
            width,
        });
    }

    /// `values[y, x]` has a bit for each neighbour whose block sum the centre's reaches.
    #[inline(always)]
    fn compare_blocks(&mut self, width: usize) {
        let height = self.blocks.len() / width;
        self.stride = width;
        self.values.clear();
        self.values.resize(width * height, 0);
        let features = width - FEATURE + 1;
        self.bits.resize(features, 0);
        for y in 0..=height - FEATURE {
            let row = |block: usize| &self.blocks[(y + block * BLOCK) * width..][..width];
            let centre = &row(1)[BLOCK..][..features];
            self.bits.fill(0);
            for (column, line, bit) in NEIGHBOURS {
                let neighbour = &row(line)[column * BLOCK..][..features];
                for ((bits, centre), neighbour) in self.bits.iter_mut().zip(centre).zip(neighbour) {
                    *bits |= if centre >= neighbour { bit } else { 0 };
                }
            }
            let values = &mut self.values[y * width..][..features];
            for (value, &bits) in values.iter_mut().zip(&self.bits) {
                *value = bits as u8;
            }
        }
    }

    /// `blocks[y, x]` is the sum of the 3x3 block whose top left corner is (x, y).
    #[inline(always)]
    fn compute_block_sums(&mut self, pixels: &[u8], width: usize) {
        let height = pixels.len() / width;
        self.blocks.clear();
        self.blocks.resize(width * height, 0);
        self.column_sums.resize(width, 0);
        for y in 0..=height - BLOCK {
            let row = |line: usize| &pixels[(y + line) * width..][..width];
            let rows = row(0).iter().zip(row(1)).zip(row(2));
            for (sum, ((&a, &b), &c)) in self.column_sums.iter_mut().zip(rows) {
                *sum = i16::from(a) + i16::from(b) + i16::from(c);
            }
            let sums = &self.column_sums;
            let triples = sums.iter().zip(&sums[1..]).zip(&sums[2..]);
            for (block, ((a, b), c)) in self.blocks[y * width..][..width].iter_mut().zip(triples) {
                *block = a + b + c;
            }
        }
    }
}

/// Computes the features of `pixels`.
struct ComputeFeatures<'a> {
    map: &'a mut FeatureMap,
    pixels: &'a [u8],
    width: usize,
}

impl WithSimd for ComputeFeatures<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.map.compute_block_sums(self.pixels, self.width);
        self.map.compare_blocks(self.width);
    }
}

/// A boosted sum of table look-ups with early rejection.
#[derive(Debug)]
pub(super) struct BoostedClassifier {
    groups: Vec<Group>,
}

#[derive(Debug)]
struct Group {
    features: [Feature; GROUP],
    threshold: f32,
}

#[derive(Debug)]
struct Feature {
    x: usize,
    y: usize,
    weights: Box<[f32; 256]>,
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
        tables: Vec<[f32; 256]>,
    ) -> Option<Self> {
        let fits = |&(x, y): &(usize, usize)| x.max(y) + FEATURE <= WINDOW;
        let count = offsets.len();
        let sound = count > 0 && count.is_multiple_of(GROUP) && offsets.iter().all(fits);
        if !sound || tables.len() != count {
            return None;
        }
        let mut features = offsets
            .iter()
            .zip(tables)
            .map(|(&(x, y), weights)| Feature {
                x,
                y,
                weights: Box::new(weights),
            });
        let group = |thresholds: &[f32]| {
            let features: Vec<Feature> = features.by_ref().take(GROUP).collect();
            Some(Group {
                features: features.try_into().ok()?,
                threshold: *thresholds.last()?,
            })
        };
        let groups = thresholds.chunks(GROUP).map(group).collect::<Option<_>>()?;
        Some(Self { groups })
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
        for group in &self.groups {
            let lookups = group.features.each_ref().map(|feature| {
                let row = &map.values[(y + feature.y) * map.stride..][..map.stride];
                (&row[feature.x..], feature.weights.as_ref())
            });
            // Every window is written to the place of the next survivor: whether it stays is a coin toss that no branch predicts.
            let mut kept = 0;
            for i in 0..survivors.len() {
                let mut survivor = survivors[i];
                for (row, weights) in lookups {
                    survivor.score += weights[usize::from(row[survivor.x as usize])];
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
        NEIGHBOURS
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
            map.compute(&pixels, width);
            for y in 0..=pixels.len() / width - FEATURE {
                for x in 0..=width - FEATURE {
                    prop_assert_eq!(map.values[y * width + x], naive_feature(&pixels, width, x, y));
                }
            }
        }
    }
}
