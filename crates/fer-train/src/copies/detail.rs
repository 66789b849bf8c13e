//! The detail of a face: the band of spatial frequencies between texture and lighting.
//!
//! Under similar light, two frontal faces correlate by 0.9 as they are, more than two crops of one photograph may. What is left after
//! a difference of Gaussians (Marr & Hildreth 1980) is edges, hair and wrinkles, in which different photographs differ.

use super::COMPARED_SIDE;

/// Side of a detail image.
pub(super) const SIDE: usize = COMPARED_SIDE / 2;

/// Gaussians of the band, in pixels of the compared square: finer detail is lost to re-encoding, coarser is lighting.
const FINE: f32 = 1.0;
const COARSE: f32 = 4.0;

/// The band-pass image of a face at full size, `[48, 48]`.
pub(super) struct Detail(Vec<f32>);

/// The band-pass image at half size, `[24, 24]`.
pub(super) type Reduced = [[f32; SIDE]; SIDE];

impl Detail {
    /// Filters pixels `[48, 48]`.
    pub(super) fn of(pixels: &[f32], filter: &BandPass) -> Self {
        let mut fine = filter.fine.blur(pixels);
        for (value, coarse) in fine.iter_mut().zip(filter.coarse.blur(pixels)) {
            *value -= coarse;
        }
        Self(fine)
    }

    /// At half size, each value the mean of four.
    pub(super) fn reduced(&self) -> Reduced {
        reduce(|y, x| self.0[y * COMPARED_SIDE + x])
    }

    /// Enlarged about the center by `zoom` (bilinear; beyond the edge its value is repeated), then at half size.
    pub(super) fn zoomed(&self, zoom: f32) -> Reduced {
        let places: [Tap; COMPARED_SIDE] = std::array::from_fn(|target| Tap::of(target, zoom));
        reduce(|y, x| {
            let (y, x) = (&places[y], &places[x]);
            let row = |index: usize| {
                let left = self.0[index * COMPARED_SIDE + x.index];
                let right = self.0[index * COMPARED_SIDE + x.next];
                left + x.fraction * (right - left)
            };
            let (upper, lower) = (row(y.index), row(y.next));
            upper + y.fraction * (lower - upper)
        })
    }
}

fn reduce(value: impl Fn(usize, usize) -> f32) -> Reduced {
    std::array::from_fn(|y| {
        std::array::from_fn(|x| {
            let (y, x) = (2 * y, 2 * x);
            0.25 * (value(y, x) + value(y, x + 1) + value(y + 1, x) + value(y + 1, x + 1))
        })
    })
}

/// The left-right mirrored image.
pub(super) fn mirrored(detail: &Reduced) -> Reduced {
    std::array::from_fn(|y| std::array::from_fn(|x| detail[y][SIDE - 1 - x]))
}

/// Position of a pixel of the zoomed image between two pixels of the original.
struct Tap {
    index: usize,
    next: usize,
    fraction: f32,
}

impl Tap {
    fn of(target: usize, zoom: f32) -> Self {
        let last = (COMPARED_SIDE - 1) as f32;
        let center = last / 2.0;
        let source = ((target as f32 - center) / zoom + center).clamp(0.0, last);
        let index = source as usize;
        Self {
            index,
            next: (index + 1).min(COMPARED_SIDE - 1),
            fraction: source - index as f32,
        }
    }
}

/// The two blurs whose difference is the detail.
pub(super) struct BandPass {
    fine: Gaussian,
    coarse: Gaussian,
}

impl BandPass {
    pub(super) fn new() -> Self {
        Self {
            fine: Gaussian::new(FINE),
            coarse: Gaussian::new(COARSE),
        }
    }
}

/// A Gaussian blur along one axis as a matrix `[48, 48]`, the image reflected at its edges.
struct Gaussian(Vec<f32>);

impl Gaussian {
    fn new(sigma: f32) -> Self {
        let radius = (3.0 * sigma).ceil() as isize;
        let weight = |offset: isize| (-0.5 * (offset as f32 / sigma).powi(2)).exp();
        let total: f32 = (-radius..=radius).map(weight).sum();
        let mut matrix = vec![0.0; COMPARED_SIDE * COMPARED_SIDE];
        for target in 0..COMPARED_SIDE {
            for offset in -radius..=radius {
                matrix[target * COMPARED_SIDE + reflect(target as isize + offset)] +=
                    weight(offset) / total;
            }
        }
        Self(matrix)
    }

    fn blur(&self, pixels: &[f32]) -> Vec<f32> {
        let rows = self.along_columns(pixels);
        transpose(&self.along_columns(&transpose(&rows)))
    }

    /// The product of the matrix and the image.
    fn along_columns(&self, pixels: &[f32]) -> Vec<f32> {
        let mut blurred = vec![0.0; pixels.len()];
        for (target, weights) in blurred
            .chunks_exact_mut(COMPARED_SIDE)
            .zip(self.0.chunks_exact(COMPARED_SIDE))
        {
            for (&weight, source) in weights.iter().zip(pixels.chunks_exact(COMPARED_SIDE)) {
                if weight != 0.0 {
                    target
                        .iter_mut()
                        .zip(source)
                        .for_each(|(sum, pixel)| *sum += weight * pixel);
                }
            }
        }
        blurred
    }
}

/// Mirrors a position beyond the edge back inside: `... 1 0 | 0 1 2 ...`.
fn reflect(position: isize) -> usize {
    let side = COMPARED_SIDE as isize;
    let inside = if position < 0 {
        -1 - position
    } else if position >= side {
        2 * side - 1 - position
    } else {
        position
    };
    inside as usize
}

fn transpose(pixels: &[f32]) -> Vec<f32> {
    (0..pixels.len())
        .map(|index| pixels[index % COMPARED_SIDE * COMPARED_SIDE + index / COMPARED_SIDE])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: usize = COMPARED_SIDE * COMPARED_SIDE;

    fn energy(detail: &Reduced) -> f32 {
        detail.iter().flatten().map(|value| value * value).sum()
    }

    fn waves(period: f32) -> Vec<f32> {
        let angle = |i: usize| std::f32::consts::TAU * (i % COMPARED_SIDE) as f32 / period;
        (0..LENGTH).map(|i| 50.0 * angle(i).sin()).collect()
    }

    #[test]
    fn brightness_is_no_detail() {
        let detail = Detail::of(&[200.0; LENGTH], &BandPass::new()).reduced();
        assert!(energy(&detail) < 1e-3);
    }

    #[test]
    fn the_band_passes_features_and_stops_lighting() {
        let filter = BandPass::new();
        let share = |period| energy(&Detail::of(&waves(period), &filter).reduced());
        assert!(
            share(10.0) > 20.0 * share(96.0),
            "{} {}",
            share(10.0),
            share(96.0)
        );
    }

    #[test]
    fn zoom_one_changes_nothing_and_zoom_two_doubles_periods() {
        let filter = BandPass::new();
        let detail = Detail::of(&waves(8.0), &filter);
        assert_eq!(detail.zoomed(1.0), detail.reduced());
        let crossings = |image: &Reduced| {
            image[12]
                .windows(2)
                .filter(|pair| pair[0] * pair[1] < 0.0)
                .count()
        };
        let (before, after) = (crossings(&detail.reduced()), crossings(&detail.zoomed(2.0)));
        assert!(after.abs_diff(before / 2) <= 1, "{before} {after}");
    }
}
