//! One image at many scales, so that a window of fixed size meets faces of every size.

use fer_core::GrayResizer;

use super::super::plane::{Plane, Size};
use super::super::scale::{resize, scaled};
use super::window::{WINDOW, Window, WindowPixels};
use crate::Error;

/// Levels until the scale has halved: steps of 0.79.
const LEVELS_PER_OCTAVE: usize = 3;
/// Pixels that repeat the edge around each level: faces cut by the image's edge are found, too.
pub(super) const MARGIN: usize = 8;

/// The image at one scale, with [`MARGIN`] around it.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of this level for one of the image.
    scale: f32,
}

impl Level {
    /// Takes over an image of `width` by `height` pixels and repeats its edge over the margin.
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

    /// Leaves in `half` the means of 2x2 pixels of the image, and says how many; an odd row or column is left out.
    fn halve(&self, half: &mut Vec<u8>) -> Size {
        let inner = |side: usize| (side - 2 * MARGIN) / 2;
        let (width, height) = (inner(self.width), inner(self.height));
        half.clear();
        for y in 0..height {
            let row = |y: usize| &self.pixels[(MARGIN + y) * self.width + MARGIN..][..2 * width];
            let pairs = |y: usize| row(y).as_chunks::<2>().0.iter();
            half.extend(pairs(2 * y).zip(pairs(2 * y + 1)).map(|(upper, lower)| {
                let pixels = [upper[0], upper[1], lower[0], lower[1]].map(u16::from);
                ((pixels.iter().sum::<u16>() + 2) / 4) as u8
            }));
        }
        (width, height)
    }

    /// The part of the image that the window at (x, y) of this level covers.
    pub(super) fn window(&self, x: usize, y: usize) -> Window {
        let image = |position: usize| (position as f32 - MARGIN as f32) / self.scale;
        Window {
            x: image(x),
            y: image(y),
            side: WINDOW as f32 / self.scale,
            score: 0.0,
        }
    }

    /// Samples `window` at `WINDOW` by `WINDOW` points, bilinearly; the edge repeats outside. `line` is a buffer.
    fn sample(&self, window: &Window, line: &mut Vec<u16>, out: &mut WindowPixels) {
        let columns = Samples::new(window.x, window.side, self.scale, self.width);
        let rows = Samples::new(window.y, window.side, self.scale, self.height);
        if let (Some(x), Some(y)) = (columns.on_pixels(), rows.on_pixels()) {
            for (row, out) in out.iter_mut().enumerate() {
                out.copy_from_slice(&self.pixels[(y + row) * self.width + x..][..WINDOW]);
            }
            return;
        }
        let columns: [Sample; WINDOW] = std::array::from_fn(|i| columns.at(i));
        let (left, right) = (columns[0].first, columns[WINDOW - 1].second);
        for (row, out) in out.iter_mut().enumerate() {
            let row = rows.at(row);
            let upper = &self.pixels[row.first * self.width..][left..=right];
            let lower = &self.pixels[row.second * self.width..][left..=right];
            line.clear();
            line.extend(upper.iter().zip(lower).map(|(&upper, &lower)| {
                u16::from(upper) * (ONE - row.weight) + u16::from(lower) * row.weight
            }));
            for (out, column) in out.iter_mut().zip(&columns) {
                let first = u32::from(line[column.first - left]) * u32::from(ONE - column.weight);
                let second = u32::from(line[column.second - left]) * u32::from(column.weight);
                *out = ((first + second) >> (2 * WEIGHT_BITS)) as u8;
            }
        }
    }
}

/// Precision of the positions between pixels.
const WEIGHT_BITS: u32 = 8;
const ONE: u16 = 1 << WEIGHT_BITS;

/// A position between two pixels; `weight` belongs to the second, in `1 / ONE`.
#[derive(Debug, Clone, Copy)]
struct Sample {
    first: usize,
    second: usize,
    weight: u16,
}

/// The centers of `WINDOW` equal parts of a window's side, in pixels of a level.
#[derive(Debug, Clone, Copy)]
struct Samples {
    start: f32,
    step: f32,
    length: usize,
}

impl Samples {
    /// For a window that begins at `start` of the image and is `side` long, on a level `length` pixels long.
    fn new(start: f32, side: f32, scale: f32, length: usize) -> Self {
        let step = side * scale / WINDOW as f32;
        let start = start * scale + MARGIN as f32 + 0.5 * step - 0.5;
        Self {
            start,
            step,
            length,
        }
    }

    fn at(&self, i: usize) -> Sample {
        let position = (self.start + i as f32 * self.step).clamp(0.0, (self.length - 1) as f32);
        let position = (position * f32::from(ONE) + 0.5) as usize;
        let first = position >> WEIGHT_BITS;
        Sample {
            first,
            second: (first + 1).min(self.length - 1),
            weight: (position % usize::from(ONE)) as u16,
        }
    }

    /// The first pixel, if the samples are pixels side by side.
    fn on_pixels(&self) -> Option<usize> {
        let (first, last) = (self.at(0), self.at(WINDOW - 1));
        let on_pixel = first.weight == 0 && last.weight == 0;
        (on_pixel && last.first == first.first + WINDOW - 1).then_some(first.first)
    }
}

/// All levels of an image, finest first. Keeps its buffers from image to image.
#[derive(Default)]
pub(super) struct Pyramid {
    levels: Vec<Level>,
    used: usize,
    scaled: Vec<u8>,
    line: Vec<u16>,
    resizer: GrayResizer,
}

impl Pyramid {
    /// Builds the levels on which a window covers `min_face` to `max_face` pixels of the image.
    pub(super) fn build(
        &mut self,
        image: Plane<'_>,
        min_face: f32,
        max_face: f32,
    ) -> Result<(), Error> {
        self.used = 0;
        let window = WINDOW as f32;
        let scale =
            |level: usize| window / min_face * (-(level as f32) / LEVELS_PER_OCTAVE as f32).exp2();
        while scale(self.used) >= window / max_face {
            let size = match self.used.checked_sub(LEVELS_PER_OCTAVE) {
                Some(finer) => self.levels[finer].halve(&mut self.scaled),
                None => {
                    let size = scaled(image.size, scale(self.used));
                    self.scaled.resize(size.0 * size.1, 0);
                    resize(&mut self.resizer, image, &mut self.scaled, size)?;
                    size
                }
            };
            if size.0.min(size.1) + 2 * MARGIN < WINDOW {
                break;
            }
            if self.levels.len() == self.used {
                self.levels.push(Level::default());
            }
            self.levels[self.used].fill(&self.scaled, size, scale(self.used));
            self.used += 1;
        }
        Ok(())
    }

    pub(super) fn levels(&self) -> &[Level] {
        &self.levels[..self.used]
    }

    /// Samples `window` from the coarsest level that still has its detail.
    pub(super) fn sample(&mut self, window: &Window, out: &mut WindowPixels) {
        let needed = WINDOW as f32 / window.side;
        let fine_enough = |level: &&Level| level.scale >= needed * 0.999;
        let levels = &self.levels[..self.used];
        if let Some(level) = levels.iter().rev().find(fine_enough).or(levels.first()) {
            level.sample(window, &mut self.line, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gradient(width: usize, height: usize) -> Vec<u8> {
        (0..width * height)
            .map(|i| (i % width + i / width) as u8)
            .collect()
    }

    #[test]
    fn levels_shrink_until_the_window_covers_the_image() {
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
            [(116, 96), (95, 79), (79, 66), (66, 56), (55, 47), (47, 41)]
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

    proptest! {
        #[test]
        fn every_level_has_room_for_a_window(size in (1_usize..400, 1_usize..90), min_face in 10.0..120.0_f32) {
            let pixels = gradient(size.0, size.1);
            let mut pyramid = Pyramid::default();
            pyramid.build(Plane { pixels: &pixels, size }, min_face, f32::MAX).unwrap();
            for level in pyramid.levels() {
                prop_assert!(level.width.min(level.height) >= WINDOW);
                prop_assert_eq!(level.pixels.len(), level.width * level.height);
            }
        }
    }

    #[test]
    fn half_a_level_is_the_means_of_its_squares() {
        let pixels: Vec<u8> = (0..45 * 41).map(|i| (i * 7919 % 251) as u8).collect();
        let (mut level, mut half) = (Level::default(), Vec::new());
        level.fill(&pixels, (45, 41), 1.0);
        assert_eq!(level.halve(&mut half), (22, 20));
        for (i, &pixel) in half.iter().enumerate() {
            let corner = i / 22 * 2 * 45 + i % 22 * 2;
            let square = [0, 1, 45, 46].map(|place| f32::from(pixels[corner + place]));
            let mean = square.iter().sum::<f32>() / 4.0;
            assert!((f32::from(pixel) - mean).abs() <= 0.5);
        }
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

    proptest! {
        #[test]
        fn sampling_between_pixels_is_bilinear(x in -20.0..60.0_f32, y in -20.0..50.0_f32, side in 20.0..70.0_f32) {
            let pixels: Vec<u8> = (0..80 * 70).map(|i| (i % 80 + 2 * (i / 80)) as u8).collect();
            let mut level = Level::default();
            level.fill(&pixels, (80, 70), 1.0);
            let mut sampled = [[0; WINDOW]; WINDOW];
            let window = Window { x, y, side, score: 0.0 };
            level.sample(&window, &mut Vec::new(), &mut sampled);
            let at = |start: f32, i: usize, last: f32| {
                (start + (i as f32 + 0.5) * side / WINDOW as f32 - 0.5).clamp(0.0, last)
            };
            for (row, sampled) in sampled.iter().enumerate() {
                for (column, &pixel) in sampled.iter().enumerate() {
                    let expected = at(x, column, 79.0) + 2.0 * at(y, row, 69.0);
                    prop_assert!((f32::from(pixel) - expected).abs() < 1.1);
                }
            }
        }
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
        for number in 0..pyramid.levels().len() {
            let level = &pyramid.levels()[number];
            let (x, y) = (level.width - WINDOW, (level.height - WINDOW) / 2);
            let window = level.window(x, y);
            pyramid.sample(&window, &mut sampled);
            let level = &pyramid.levels()[number];
            for (row, sampled) in sampled.iter().enumerate() {
                let pixels = &level.pixels[(y + row) * level.width + x..][..WINDOW];
                assert_eq!(sampled, pixels);
            }
        }
    }
}
