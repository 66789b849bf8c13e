//! Thumbnails: what a face looks like from afar, compared pair by pair.

use super::COMPARED_SIDE;

const SIDE: usize = 8;
const CELL: usize = COMPARED_SIDE / SIDE;

/// Numbers in a thumbnail.
pub(super) const LENGTH: usize = SIDE * SIDE;

/// Thumbnails compared at once; a multiple of the widest vector that the compiler may use.
const PANEL: usize = 8;

/// An 8x8 thumbnail with mean 0 and length 1; all zero for a blank face.
pub(super) type Thumbnail = [f32; LENGTH];

/// Shrinks pixels `[48, 48]` to their thumbnail.
pub(super) fn thumbnail(pixels: &[f32]) -> Thumbnail {
    let mut cells = [0.0; LENGTH];
    for (y, row) in pixels.chunks_exact(COMPARED_SIDE).enumerate() {
        for (x, pixel) in row.iter().enumerate() {
            cells[y / CELL * SIDE + x / CELL] += pixel;
        }
    }
    let mean = cells.iter().sum::<f32>() / LENGTH as f32;
    cells.iter_mut().for_each(|cell| *cell -= mean);
    let length = cells.iter().map(|cell| cell * cell).sum::<f32>().sqrt();
    // Blank: one gray level of difference over the face is noise.
    if length < (CELL * CELL) as f32 {
        return [0.0; LENGTH];
    }
    cells.map(|cell| cell / length)
}

/// The thumbnail of the mirrored face.
pub(super) fn mirrored(thumbnail: &Thumbnail) -> Thumbnail {
    std::array::from_fn(|index| thumbnail[index / SIDE * SIDE + SIDE - 1 - index % SIDE])
}

/// Thumbnails laid out for comparison with many at once: panels of [`PANEL`], each `[LENGTH, PANEL]`.
pub(super) struct ThumbnailPanels {
    values: Vec<[[f32; PANEL]; LENGTH]>,
    count: usize,
}

impl ThumbnailPanels {
    pub(super) fn new(thumbnails: &[Thumbnail]) -> Self {
        let values = thumbnails
            .chunks(PANEL)
            .map(|chunk| {
                let mut panel = [[0.0; PANEL]; LENGTH];
                for (column, thumbnail) in chunk.iter().enumerate() {
                    for (row, value) in panel.iter_mut().zip(thumbnail) {
                        row[column] = *value;
                    }
                }
                panel
            })
            .collect();
        Self {
            values,
            count: thumbnails.len(),
        }
    }

    /// Calls `found(query, index, similarity)` for every thumbnail from `start` on that is similar to one of `queries` by at least
    /// `threshold` (cosine).
    pub(super) fn search<const QUERIES: usize>(
        &self,
        queries: &[Thumbnail; QUERIES],
        start: usize,
        threshold: f32,
        mut found: impl FnMut(usize, usize, f32),
    ) {
        for (number, panel) in self.values.iter().enumerate().skip(start / PANEL) {
            let similarities = products(queries, panel);
            for (query, row) in similarities.iter().enumerate() {
                for (column, &similarity) in row.iter().enumerate() {
                    let index = number * PANEL + column;
                    if similarity >= threshold && index >= start && index < self.count {
                        found(query, index, similarity);
                    }
                }
            }
        }
    }
}

/// Scalar products of each query with each thumbnail of a panel; the accumulators stay in registers.
fn products<const QUERIES: usize>(
    queries: &[Thumbnail; QUERIES],
    panel: &[[f32; PANEL]; LENGTH],
) -> [[f32; PANEL]; QUERIES] {
    let mut sums = [[0.0_f32; PANEL]; QUERIES];
    for (position, values) in panel.iter().enumerate() {
        for (sums, query) in sums.iter_mut().zip(queries) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += query[position] * value;
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(slope_x: f32, slope_y: f32) -> Vec<f32> {
        (0..COMPARED_SIDE * COMPARED_SIDE)
            .map(|i| slope_x * (i % COMPARED_SIDE) as f32 + slope_y * (i / COMPARED_SIDE) as f32)
            .collect()
    }

    #[test]
    fn brightness_and_contrast_do_not_matter() {
        let face = ramp(2.0, 1.0);
        let brighter: Vec<f32> = face.iter().map(|pixel| 30.0 + 0.5 * pixel).collect();
        for (a, b) in thumbnail(&face).iter().zip(thumbnail(&brighter)) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn a_blank_face_has_no_thumbnail() {
        assert_eq!(
            thumbnail(&[128.0; COMPARED_SIDE * COMPARED_SIDE]),
            [0.0; LENGTH]
        );
    }

    #[test]
    fn mirroring_the_thumbnail_is_mirroring_the_face() {
        for (a, b) in mirrored(&thumbnail(&ramp(2.0, 1.0)))
            .iter()
            .zip(thumbnail(&ramp(-2.0, 1.0)))
        {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn search_finds_what_products_one_by_one_find() {
        let faces: Vec<Thumbnail> = (0..21)
            .map(|i| thumbnail(&ramp((i % 5) as f32 - 2.0, (i % 7) as f32 - 3.0)))
            .collect();
        let queries = [faces[3], faces[20]];
        let mut found = Vec::new();
        ThumbnailPanels::new(&faces).search(&queries, 5, 0.7, |query, index, _| {
            found.push((query, index))
        });
        found.sort_unstable();
        let mut expected = Vec::new();
        for (query, thumbnail) in queries.iter().enumerate() {
            for (index, other) in faces.iter().enumerate().skip(5) {
                if thumbnail.iter().zip(other).map(|(a, b)| a * b).sum::<f32>() >= 0.7 {
                    expected.push((query, index));
                }
            }
        }
        assert!(!expected.is_empty());
        assert_eq!(found, expected);
    }
}
