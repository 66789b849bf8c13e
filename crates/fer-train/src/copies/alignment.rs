//! Similarity of two detail images after the best shift.

use super::detail::{Reduced, SIDE};

/// Largest shift tried along each axis, in pixels of the reduced image: two of the compared square each.
const MAX_SHIFT: usize = 3;
const SHIFTS: usize = 2 * MAX_SHIFT + 1;
const PADDED: usize = SIDE + 2 * MAX_SHIFT;

/// Squared detail over an overlap below which it is noise, in gray levels squared a pixel.
const MIN_ENERGY: f32 = 0.25;

/// A detail image made ready to be the resting one: its energy in any rectangle is at hand.
pub(super) struct Resting {
    detail: Reduced,
    energy: EnergyTable,
}

/// A detail image made ready to be shifted: zeros around it.
pub(super) struct Shifted {
    padded: [[f32; PADDED]; PADDED],
    energy: EnergyTable,
}

impl Resting {
    pub(super) fn new(detail: Reduced) -> Self {
        Self {
            energy: EnergyTable::of(&detail),
            detail,
        }
    }
}

impl Shifted {
    pub(super) fn new(detail: &Reduced) -> Self {
        let mut padded = [[0.0; PADDED]; PADDED];
        for (row, values) in padded[MAX_SHIFT..].iter_mut().zip(detail) {
            row[MAX_SHIFT..MAX_SHIFT + SIDE].copy_from_slice(values);
        }
        Self {
            padded,
            energy: EnergyTable::of(detail),
        }
    }
}

/// The highest normalized correlation of the two over their overlap, among all shifts of up to [`MAX_SHIFT`], in `[-1, 1]`.
pub(super) fn best_correlation(shifted: &Shifted, resting: &Resting) -> f32 {
    let mut best = -1.0_f32;
    for dy in 0..SHIFTS {
        let products = products(shifted, &resting.detail, dy);
        for (dx, &product) in products.iter().enumerate() {
            let energy = shifted.energy.overlap(dx, dy)
                * resting.energy.overlap(SHIFTS - 1 - dx, SHIFTS - 1 - dy);
            let noise = MIN_ENERGY * ((SIDE - MAX_SHIFT) * (SIDE - MAX_SHIFT)) as f32;
            if energy > noise * noise {
                best = best.max(product / energy.sqrt());
            }
        }
    }
    best
}

/// Scalar products of the resting image with the shifted one, for one vertical and every horizontal shift.
fn products(shifted: &Shifted, resting: &Reduced, dy: usize) -> [f32; SHIFTS] {
    const LANES: usize = 4;
    let mut sums = [[0.0_f32; LANES]; SHIFTS];
    for (row, values) in shifted.padded[dy..].iter().zip(resting) {
        for start in (0..SIDE).step_by(LANES) {
            for (dx, sums) in sums.iter_mut().enumerate() {
                for (lane, sum) in sums.iter_mut().enumerate() {
                    *sum += row[start + dx + lane] * values[start + lane];
                }
            }
        }
    }
    sums.map(|lanes| lanes.iter().sum())
}

/// Sums of squares over rectangles that touch a corner of the image, from a summed-area table (Crow 1984).
struct EnergyTable([[f32; SIDE + 1]; SIDE + 1]);

impl EnergyTable {
    fn of(detail: &Reduced) -> Self {
        let mut sums = [[0.0; SIDE + 1]; SIDE + 1];
        for y in 0..SIDE {
            for x in 0..SIDE {
                let square = detail[y][x] * detail[y][x];
                sums[y + 1][x + 1] = square + sums[y][x + 1] + sums[y + 1][x] - sums[y][x];
            }
        }
        Self(sums)
    }

    /// The energy in the part of this image that a shift of `(dx - MAX_SHIFT, dy - MAX_SHIFT)` leaves over the other.
    fn overlap(&self, dx: usize, dy: usize) -> f32 {
        let span = |shift: usize| {
            (
                shift.saturating_sub(MAX_SHIFT),
                SIDE.min(SIDE + shift - MAX_SHIFT),
            )
        };
        let ((left, right), (top, bottom)) = (span(dx), span(dy));
        self.0[bottom][right] - self.0[top][right] - self.0[bottom][left] + self.0[top][left]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern without symmetry; `offset` moves it.
    fn pattern(offset_x: usize, offset_y: usize) -> Reduced {
        std::array::from_fn(|y| {
            std::array::from_fn(|x| {
                let (x, y) = ((x + offset_x) as f32, (y + offset_y) as f32);
                20.0 * ((0.9 * x).sin() + (0.7 * y + 0.31 * x).cos() + (0.05 * x * y).sin())
            })
        })
    }

    fn correlation(a: &Reduced, b: &Reduced) -> f32 {
        best_correlation(&Shifted::new(a), &Resting::new(*b))
    }

    #[test]
    fn an_image_correlates_fully_with_itself_shifted() {
        for (dx, dy) in [(0, 0), (3, 0), (0, 3), (2, 1), (3, 3)] {
            for (a, b) in [
                (pattern(dx, dy), pattern(0, 0)),
                (pattern(0, dy), pattern(dx, 0)),
            ] {
                let score = correlation(&a, &b);
                assert!((score - 1.0).abs() < 1e-5, "shift {dx}, {dy}: {score}");
            }
        }
    }

    #[test]
    fn contrast_does_not_matter_and_other_patterns_do() {
        let faint = pattern(1, 1).map(|row| row.map(|value| 0.3 * value));
        assert!((correlation(&faint, &pattern(0, 0)) - 1.0).abs() < 1e-5);
        assert!(correlation(&pattern(60, 90), &pattern(0, 0)) < 0.8);
    }

    #[test]
    fn noise_on_a_blank_image_is_not_compared() {
        let blank = pattern(0, 0).map(|row| row.map(|value| 0.001 * value));
        assert_eq!(correlation(&blank, &blank), -1.0);
    }
}
