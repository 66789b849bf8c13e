//! Which windows are worth a look: flat ones hold no face.

use pulp::{Simd, WithSimd};

use super::vectorized::vectorized;
use super::window::{STEP, WINDOW};

/// Windows with a standard deviation of at most this many gray levels are flat.
const MIN_DEVIATION: u64 = 10;
/// Blocks of `STEP` by `STEP` pixels along a window's side.
const BLOCKS: usize = WINDOW / STEP;

/// Sums of a level's pixels and of their squares over blocks of `STEP` by `STEP` pixels, from which those over windows follow.
#[derive(Debug, Default)]
pub(super) struct ContrastMap {
    columns: usize,
    /// `[rows, columns]`
    blocks: Vec<Moments>,
    column_sums: Vec<Moments>,
}

/// Sum and sum of squares of up to a window of pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Moments {
    sum: u32,
    squares: u32,
}

impl Moments {
    fn plus(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            squares: self.squares + other.squares,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            sum: self.sum - other.sum,
            squares: self.squares - other.squares,
        }
    }

    /// Returns `true` if a window of these moments is not flat.
    fn has_contrast(self) -> bool {
        const AREA: u64 = (WINDOW * WINDOW) as u64;
        const LIMIT: u64 = (MIN_DEVIATION * AREA).pow(2);
        let (sum, squares) = (u64::from(self.sum), u64::from(self.squares));
        AREA * squares - sum * sum > LIMIT
    }
}

impl ContrastMap {
    /// Sums up the blocks of `pixels` (`[height, width]`); what is left over at the right and the bottom is in no scanned window.
    pub(super) fn compute(&mut self, pixels: &[u8], width: usize) {
        self.columns = width / STEP;
        self.blocks.clear();
        for rows in pixels.chunks_exact(STEP * width) {
            let start = self.blocks.len();
            self.blocks.resize(start + self.columns, Moments::default());
            vectorized(SumBlocks {
                rows,
                width,
                blocks: &mut self.blocks[start..],
            });
        }
    }

    /// Leaves in `windows` the columns at which a window that begins in row `STEP * row` has contrast. Rows are asked for one by one,
    /// from 0.
    pub(super) fn windows_in_row(&mut self, row: usize, windows: &mut Vec<u32>) {
        let blocks = |row: usize| &self.blocks[row * self.columns..][..self.columns];
        if row == 0 {
            self.column_sums.clear();
            self.column_sums.resize(self.columns, Moments::default());
            for row in 0..BLOCKS {
                for (sum, &block) in self.column_sums.iter_mut().zip(blocks(row)) {
                    *sum = sum.plus(block);
                }
            }
        } else {
            let (entering, leaving) = (blocks(row + BLOCKS - 1), blocks(row - 1));
            let columns = self.column_sums.iter_mut().zip(entering).zip(leaving);
            for ((sum, &entering), &leaving) in columns {
                *sum = sum.plus(entering).minus(leaving);
            }
        }
        let (first, rest) = self.column_sums.split_at(BLOCKS);
        let first = first
            .iter()
            .fold(Moments::default(), |sum, &next| sum.plus(next));
        let leaving_and_entering = self.column_sums.iter().zip(rest);
        let sums = leaving_and_entering.scan(first, |sum, (&leaving, &entering)| {
            *sum = sum.plus(entering).minus(leaving);
            Some(*sum)
        });
        windows.clear();
        let sums = std::iter::once(first).chain(sums);
        windows.extend(
            (0..)
                .step_by(STEP)
                .zip(sums)
                .filter_map(|(x, sum)| sum.has_contrast().then_some(x)),
        );
    }
}

/// Adds up the blocks in `STEP` rows.
struct SumBlocks<'a> {
    rows: &'a [u8],
    width: usize,
    blocks: &'a mut [Moments],
}

impl WithSimd for SumBlocks<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for row in self.rows.chunks_exact(self.width) {
            for (block, pixels) in self.blocks.iter_mut().zip(row.as_chunks::<STEP>().0) {
                for &pixel in pixels {
                    block.sum += u32::from(pixel);
                    block.squares += u32::from(pixel) * u32::from(pixel);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(pixels: &[u8], width: usize, x: usize, y: usize) -> f64 {
        let window: Vec<f64> = (0..WINDOW * WINDOW)
            .map(|i| f64::from(pixels[(y + i / WINDOW) * width + x + i % WINDOW]))
            .collect();
        let mean = window.iter().sum::<f64>() / window.len() as f64;
        let squares = window.iter().map(|pixel| (pixel - mean).powi(2));
        (squares.sum::<f64>() / window.len() as f64).sqrt()
    }

    #[test]
    fn windows_with_contrast_are_those_that_deviate() {
        // Contrast grows to the right and downwards.
        let (width, height) = (150, 90);
        let pixels: Vec<u8> = (0..width * height)
            .map(|i| {
                let amplitude = (i % width + 2 * (i / width)) / 4;
                (128 + (i * 7919 % 251) * amplitude / 251) as u8
            })
            .collect();
        let mut map = ContrastMap::default();
        map.compute(&pixels, width);
        let (mut windows, mut flat) = (Vec::new(), 0);
        for y in (0..=height - WINDOW).step_by(STEP) {
            map.windows_in_row(y / STEP, &mut windows);
            let expected: Vec<u32> = (0..=width - WINDOW)
                .step_by(STEP)
                .filter(|&x| deviation(&pixels, width, x, y) > MIN_DEVIATION as f64)
                .map(|x| x as u32)
                .collect();
            assert_eq!(windows, expected, "row {y}");
            flat += (width - WINDOW) / STEP + 1 - expected.len();
        }
        assert!(flat > 0 && !windows.is_empty());
    }
}
