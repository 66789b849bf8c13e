//! Gradient features of a window (after SURF: Bay et al., 2008; Li and Zhang, CVPR 2013) and the networks over them.

use pulp::{Simd, WithSimd};

use super::mlp::{Activations, Mlp, Opinion};
use super::vectorized::vectorized;
use super::window::{WINDOW, WindowPixels};

/// Channels: the sums of dx and |dx| where dy >= 0, the same where dy < 0, of dy and |dy| where dx >= 0, and where dx < 0.
const CHANNELS: usize = 8;
/// A feature is 2x2 cells of all channels, normalized to unit length.
pub(super) const FEATURE_LENGTH: usize = 4 * CHANNELS;

const MIN_PATCH: usize = 16;
const PATCH_STEP: usize = 16;
/// Aspect ratios (width, height) of patches, in the order of the model's feature numbers.
const PATCH_SHAPES: [(usize, usize); 5] = [(1, 1), (1, 2), (2, 1), (2, 3), (3, 2)];

/// Part of the window that a feature looks at.
#[derive(Debug, Clone, Copy)]
struct Patch {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// All patches in the order of the model's feature numbers: shape, height, y, x.
fn patches() -> impl Iterator<Item = Patch> {
    PATCH_SHAPES.into_iter().flat_map(|(across, down)| {
        (MIN_PATCH..=WINDOW)
            .filter(move |height| height.is_multiple_of(2) && height.is_multiple_of(down))
            .map(move |height| (height / down * across, height))
            .filter(|(width, _)| width.is_multiple_of(2) && (MIN_PATCH..=WINDOW).contains(width))
            .flat_map(|(width, height)| {
                (0..=WINDOW - height)
                    .step_by(PATCH_STEP)
                    .flat_map(move |y| {
                        (0..=WINDOW - width)
                            .step_by(PATCH_STEP)
                            .map(move |x| Patch {
                                x,
                                y,
                                width,
                                height,
                            })
                    })
            })
    })
}

/// Gradient sums over any rectangle of one window, from sums down its columns.
#[derive(Debug)]
pub(super) struct GradientMap {
    /// `[y][channel][x]`: the sum over the rows above `y`. At most 40 rows of at most 510: 16 bits are enough.
    columns: Vec<[[i16; WINDOW]; CHANNELS]>,
}

impl Default for GradientMap {
    fn default() -> Self {
        Self {
            columns: vec![[[0; WINDOW]; CHANNELS]; WINDOW + 1],
        }
    }
}

impl GradientMap {
    /// Computes the map of a `[WINDOW, WINDOW]` image.
    pub(super) fn compute(&mut self, window: &WindowPixels) {
        let columns = &mut self.columns;
        vectorized(SumGradients { window, columns });
    }

    fn append_feature(&self, patch: Patch, features: &mut Vec<f32>) {
        let start = features.len();
        let (width, height) = (patch.width / 2, patch.height / 2);
        for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (patch.x + column * width, patch.y + row * height);
            features.extend(self.cell_sums(x, y, width, height).map(|sum| sum as f32));
        }
        let feature = &mut features[start..];
        let squares: f64 = feature
            .iter()
            .map(|&value| f64::from(value) * f64::from(value))
            .sum();
        if squares > 0.0 {
            let norm = squares.sqrt() as f32;
            feature.iter_mut().for_each(|value| *value /= norm);
        }
    }

    fn cell_sums(&self, x: usize, y: usize, width: usize, height: usize) -> [i32; CHANNELS] {
        let (above, below) = (&self.columns[y], &self.columns[y + height]);
        std::array::from_fn(|channel| {
            let pairs = above[channel][x..x + width]
                .iter()
                .zip(&below[channel][x..x + width]);
            pairs.map(|(&above, &below)| i32::from(below - above)).sum()
        })
    }
}

/// Fills in the sums below the first row, which stays 0.
struct SumGradients<'a> {
    window: &'a WindowPixels,
    columns: &'a mut [[[i16; WINDOW]; CHANNELS]],
}

impl WithSimd for SumGradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for y in 0..WINDOW {
            let dx = horizontal_gradient(&self.window[y]);
            let dy = vertical_gradient(self.window, y);
            let [above, below] = &mut self.columns[y..][..2] else {
                return;
            };
            let (first, second) = below.split_at_mut(CHANNELS / 2);
            add_split_by_sign(&dx, &dy, &above[..CHANNELS / 2], first);
            add_split_by_sign(&dy, &dx, &above[CHANNELS / 2..], second);
        }
    }
}

/// Central differences along a row; at its ends twice the one-sided difference.
#[inline(always)]
fn horizontal_gradient(row: &[u8; WINDOW]) -> [i16; WINDOW] {
    let row = row.map(i16::from);
    let last = WINDOW - 1;
    let mut gradient = [0; WINDOW];
    for x in 1..last {
        gradient[x] = row[x + 1] - row[x - 1];
    }
    gradient[0] = 2 * (row[1] - row[0]);
    gradient[last] = 2 * (row[last] - row[last - 1]);
    gradient
}

/// Central differences down the columns at row `y`; at the ends twice the one-sided difference.
#[inline(always)]
fn vertical_gradient(window: &WindowPixels, y: usize) -> [i16; WINDOW] {
    let (before, after) = (y.saturating_sub(1), (y + 1).min(WINDOW - 1));
    let factor = if after - before == 1 { 2 } else { 1 };
    let (before, after) = (&window[before], &window[after]);
    std::array::from_fn(|x| factor * (i16::from(after[x]) - i16::from(before[x])))
}

/// Adds `values` and their magnitudes to the first two channels where `other` is not negative, to the last two elsewhere.
#[inline(always)]
fn add_split_by_sign(
    values: &[i16; WINDOW],
    other: &[i16; WINDOW],
    above: &[[i16; WINDOW]],
    below: &mut [[i16; WINDOW]],
) {
    let ([a, b, c, d], [e, f, g, h]) = (above, below) else {
        return;
    };
    for x in 0..WINDOW {
        let (value, magnitude) = (values[x], values[x].abs());
        let negative = other[x] >> 15;
        e[x] = a[x] + (value & !negative);
        f[x] = b[x] + (magnitude & !negative);
        g[x] = c[x] + (value & negative);
        h[x] = d[x] + (magnitude & negative);
    }
}

/// One refining stage: which features it reads and the network that judges them.
#[derive(Debug)]
pub(super) struct SurfClassifier {
    patches: Vec<Patch>,
    threshold: f32,
    mlp: Mlp,
}

impl SurfClassifier {
    /// `ids` number the features from 1; `None` if one does not exist.
    pub(super) fn new(ids: &[usize], threshold: f32, mlp: Mlp) -> Option<Self> {
        let all: Vec<Patch> = patches().collect();
        let patches = ids
            .iter()
            .map(|id| all.get(id.checked_sub(1)?).copied())
            .collect::<Option<_>>()?;
        Some(Self {
            patches,
            threshold,
            mlp,
        })
    }

    /// Returns the stage's score of a window, or `None` if it holds no face.
    pub(super) fn judge(&self, map: &GradientMap, buffers: &mut Activations) -> Option<Opinion> {
        let opinion = self.mlp.evaluate(buffers, |input| {
            for &patch in &self.patches {
                map.append_feature(patch, input);
            }
        });
        (opinion.score > self.threshold).then_some(opinion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(pixel: impl Fn(usize, usize) -> u8) -> WindowPixels {
        std::array::from_fn(|y| std::array::from_fn(|x| pixel(x, y)))
    }

    #[test]
    fn a_ramp_has_one_gradient_everywhere() {
        let mut map = GradientMap::default();
        map.compute(&window(|x, _| 3 * x as u8));
        // dx = 6 everywhere, dy = 0.
        assert_eq!(map.cell_sums(5, 7, 4, 2), [48, 48, 0, 0, 0, 0, 0, 0]);
        map.compute(&window(|_, y| 200 - 2 * y as u8));
        assert_eq!(map.cell_sums(0, 0, 40, 40), [0, 0, 0, 0, -6400, 6400, 0, 0]);
    }

    #[test]
    fn features_have_unit_length_and_a_flat_window_has_none() {
        let mut map = GradientMap::default();
        let mut features = Vec::new();
        map.compute(&window(|x, y| (x * y % 251) as u8));
        for patch in patches() {
            features.clear();
            map.append_feature(patch, &mut features);
            assert_eq!(features.len(), FEATURE_LENGTH);
            let length: f32 = features.iter().map(|value| value * value).sum();
            assert!((length - 1.0).abs() < 1e-5);
        }
        map.compute(&[[7; WINDOW]; WINDOW]);
        features.clear();
        map.append_feature(
            Patch {
                x: 0,
                y: 0,
                width: 16,
                height: 16,
            },
            &mut features,
        );
        assert!(features.iter().all(|&value| value == 0.0));
    }
}
