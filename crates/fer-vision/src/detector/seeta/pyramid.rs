//! One picture at many scales, so that a window of fixed size meets faces of every size.

use fast_image_resize::Resizer;

use super::super::grey::Plane;
use super::super::scale::{Size, resize, scaled};
use super::window::Window;
use super::{WINDOW, WindowPixels};
use crate::Error;

/// Factor between the scales of neighbouring levels.
pub(super) const LEVEL_STEP: f32 = 0.8;
/// Pixels that repeat the edge around each level: faces cut by the picture's edge are found, too.
pub(super) const MARGIN: usize = 8;

/// The picture at one scale, with [`MARGIN`] around it.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of this level for one of the picture.
    scale: f32,
}

impl Level {
    /// Takes over a picture of `width` by `height` pixels and repeats its edge over the margin.
    fn fill(&mut self, pixels: &[u8], (width, height): Size, scale: f32) {
        self.scale = scale;
        self.width = width + 2 * MARGIN;
        self.height = height + 2 * MARGIN;
        self.pixels.clear();
        for y in 0..self.height {
            let row = y.saturating_sub(MARGIN).min(height - 1);
            let row = &pixels[row * width..][..width];
            self.pixels.extend([row[0]; MARGIN]);
            self.pixels.extend_from_slice(row);
            self.pixels.extend([row[width - 1]; MARGIN]);
        }
    }

    fn plane(&self) -> Plane<'_> {
        Plane {
            pixels: &self.pixels,
            size: (self.width, self.height),
        }
    }

    /// The part of the picture that the window at (x, y) of this level covers.
    pub(super) fn window(&self, x: usize, y: usize) -> Window {
        let picture = |position: usize| (position as f32 - MARGIN as f32) / self.scale;
        Window {
            x: picture(x),
            y: picture(y),
            side: WINDOW as f32 / self.scale,
            score: 0.0,
        }
    }

    /// Samples `window` at `WINDOW` by `WINDOW` points, bilinearly; the edge repeats outside.
    fn sample(&self, window: &Window, out: &mut WindowPixels) {
        let columns = samples(window.x, window.side, self.scale, self.width);
        let rows = samples(window.y, window.side, self.scale, self.height);
        if let (Some(x), Some(y)) = (on_pixels(&columns), on_pixels(&rows)) {
            for (row, out) in out.iter_mut().enumerate() {
                out.copy_from_slice(&self.pixels[(y + row) * self.width + x..][..WINDOW]);
            }
            return;
        }
        for (out, row) in out.iter_mut().zip(&rows) {
            let upper = &self.pixels[row.first * self.width..][..self.width];
            let lower = &self.pixels[row.second * self.width..][..self.width];
            for (out, column) in out.iter_mut().zip(&columns) {
                let across = |line: &[u8]| {
                    blend(
                        u32::from(line[column.first]),
                        u32::from(line[column.second]),
                        column.weight,
                    )
                };
                *out = (blend(across(upper), across(lower), row.weight) >> (2 * WEIGHT_BITS)) as u8;
            }
        }
    }
}

/// Precision of the positions between pixels.
const WEIGHT_BITS: u32 = 8;

/// A position between two pixels; `weight` belongs to the second, in `1 / 2^WEIGHT_BITS`.
#[derive(Debug, Clone, Copy)]
struct Sample {
    first: usize,
    second: usize,
    weight: u32,
}

fn blend(first: u32, second: u32, weight: u32) -> u32 {
    first * ((1 << WEIGHT_BITS) - weight) + second * weight
}

/// The centres of `WINDOW` equal parts of a window's side, in pixels of a level.
fn samples(start: f32, side: f32, scale: f32, length: usize) -> [Sample; WINDOW] {
    let one = (1 << WEIGHT_BITS) as f32;
    let last = (length - 1) as f32;
    let step = side * scale / WINDOW as f32;
    let start = start * scale + MARGIN as f32;
    std::array::from_fn(|i| {
        let position = (start + (i as f32 + 0.5) * step - 0.5).clamp(0.0, last);
        let position = (position * one + 0.5) as usize;
        let first = position >> WEIGHT_BITS;
        let weight = position as u32 % (1 << WEIGHT_BITS);
        Sample {
            first,
            second: (first + 1).min(length - 1),
            weight,
        }
    })
}

/// The first pixel, if the positions are those of pixels side by side.
fn on_pixels(samples: &[Sample; WINDOW]) -> Option<usize> {
    let first = samples[0].first;
    let on_pixel = |(i, sample): (usize, &Sample)| sample.weight == 0 && sample.first == first + i;
    samples.iter().enumerate().all(on_pixel).then_some(first)
}

/// All levels of a picture, finest first. Keeps its buffers from picture to picture.
#[derive(Default)]
pub(super) struct Pyramid {
    levels: Vec<Level>,
    used: usize,
    scaled: Vec<u8>,
    resizer: Resizer,
}

impl Pyramid {
    /// Builds the levels on which a window covers `min_face` to `max_face` pixels of the picture.
    pub(super) fn build(
        &mut self,
        picture: Plane<'_>,
        min_face: f32,
        max_face: f32,
    ) -> Result<(), Error> {
        self.used = 0;
        let window = WINDOW as f32;
        let shorter = picture.size.0.min(picture.size.1) as f32;
        let smallest = (window / max_face).max((window - 2.0 * MARGIN as f32) / shorter);
        let mut scale = window / min_face;
        while scale >= smallest {
            if self.levels.len() == self.used {
                self.levels.push(Level::default());
            }
            let size = scaled(picture.size, scale);
            self.scaled.resize(size.0 * size.1, 0);
            // A level at least twice as fine is as good a source as the picture, and smaller.
            let fine_enough = |level: &&Level| (2.0 * scale..=1.0).contains(&level.scale);
            let finer = self.levels[..self.used].iter().rev().find(fine_enough);
            let (source, margin) = finer.map_or((picture, 0), |level| (level.plane(), MARGIN));
            resize(&mut self.resizer, source, margin, &mut self.scaled, size)?;
            self.levels[self.used].fill(&self.scaled, size, scale);
            self.used += 1;
            scale *= LEVEL_STEP;
        }
        Ok(())
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels[..self.used]
    }

    /// Samples `window` from the coarsest level that still has its detail.
    pub(super) fn sample(&self, window: &Window, out: &mut WindowPixels) {
        let needed = WINDOW as f32 / window.side;
        let fine_enough = |level: &&Level| level.scale >= needed * 0.999;
        let levels = self.levels();
        if let Some(level) = levels.iter().rev().find(fine_enough).or(levels.first()) {
            level.sample(window, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(width: usize, height: usize) -> Vec<u8> {
        (0..width * height)
            .map(|i| (i % width + i / width) as u8)
            .collect()
    }

    #[test]
    fn levels_shrink_until_the_window_covers_the_picture() {
        let pixels = gradient(100, 80);
        let mut pyramid = Pyramid::default();
        pyramid
            .build(
                Plane {
                    pixels: &pixels,
                    size: (100, 80),
                },
                40.0,
                f32::MAX,
            )
            .unwrap();
        let sizes: Vec<_> = pyramid
            .levels()
            .iter()
            .map(|level| (level.width, level.height))
            .collect();
        assert_eq!(
            sizes,
            [(116, 96), (96, 80), (80, 67), (67, 57), (57, 49), (49, 42)]
        );
        pyramid
            .build(
                Plane {
                    pixels: &pixels,
                    size: (100, 80),
                },
                40.0,
                55.0,
            )
            .unwrap();
        assert_eq!(pyramid.levels().len(), 2);
    }

    #[test]
    fn the_margin_repeats_the_edge() {
        let pixels = gradient(50, 60);
        let mut pyramid = Pyramid::default();
        pyramid
            .build(
                Plane {
                    pixels: &pixels,
                    size: (50, 60),
                },
                40.0,
                40.0,
            )
            .unwrap();
        let level = &pyramid.levels()[0];
        let at = |x: usize, y: usize| level.pixels[y * level.width + x];
        assert_eq!(
            (at(0, 0), at(MARGIN, MARGIN), at(MARGIN + 9, MARGIN + 4)),
            (0, 0, 13)
        );
        assert_eq!((at(65, 75), at(57, 67)), (108, 108));
        assert_eq!(at(3, 20), at(MARGIN, 20));
    }

    #[test]
    fn sampling_a_scanned_window_gives_its_pixels() {
        let pixels: Vec<u8> = (0..90 * 70).map(|i| (i * 7919 % 251) as u8).collect();
        let mut pyramid = Pyramid::default();
        pyramid
            .build(
                Plane {
                    pixels: &pixels,
                    size: (90, 70),
                },
                24.0,
                f32::MAX,
            )
            .unwrap();
        let mut sampled = [[0; WINDOW]; WINDOW];
        for level in pyramid.levels() {
            let (x, y) = (level.width - WINDOW, (level.height - WINDOW) / 2);
            pyramid.sample(&level.window(x, y), &mut sampled);
            for (row, sampled) in sampled.iter().enumerate() {
                assert_eq!(
                    sampled,
                    &level.pixels[(y + row) * level.width + x..][..WINDOW]
                );
            }
        }
    }
}
