//! The part of a photo around a face, gray and no larger than needed, and the squares cut out of it.

use super::Framing;
use crate::preprocess::luma;
use crate::resize::{GrayResizer, ResizeFilter};
use crate::{Image, ImageView, PixelFormat, Result};

/// Half the side of a patch, in sides of the square that it is taken around: squares near that one fit in whole, turned or not.
const REACH: f32 = 1.0;

/// The gray part of an image around a square; squares of any place, size and roll are cut out of it.
///
/// Beyond the edges of the image, its edge pixels go on.
#[derive(Debug, Clone)]
pub struct GrayPatch {
    /// `[height, width]`
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    /// Column and row of the patch's corner in the image.
    origin: (f32, f32),
    /// Patch pixels per image pixel, across and down.
    scale: (f32, f32),
}

impl GrayPatch {
    /// Copies the part of `image` around `framing`, shrunk if need be so that its side becomes at most `resolution` pixels.
    ///
    /// # Errors
    /// [`Error::Resize`](crate::Error::Resize) if shrinking fails, which a correct build rules out.
    pub fn around(image: &ImageView<'_>, framing: &Framing, resolution: u32) -> Result<Self> {
        let reach = REACH * framing.side;
        let (x, width) = part(framing.x - reach, framing.x + reach, image.width());
        let (y, height) = part(framing.y - reach, framing.y + reach, image.height());
        let view = image.crop(x, y, width, height)?;
        let mut pixels = vec![0; width as usize * height as usize];
        luma(&view, &mut pixels);
        let mut patch = Self {
            pixels,
            width: width as usize,
            height: height as usize,
            origin: (x as f32, y as f32),
            scale: (1.0, 1.0),
        };
        if framing.side > resolution as f32 {
            patch.shrink(resolution as f32 / framing.side)?;
        }
        Ok(patch)
    }

    fn shrink(&mut self, scale: f32) -> Result<()> {
        let scaled = |side: usize| ((side as f32 * scale).round() as usize).max(1);
        let (width, height) = (scaled(self.width), scaled(self.height));
        let mut pixels = vec![0; width * height];
        GrayResizer::default().resize(
            &self.pixels,
            (self.width as u32, self.height as u32),
            &mut pixels,
            (width as u32, height as u32),
            ResizeFilter::Bilinear,
        )?;
        self.scale = (
            width as f32 / self.width as f32,
            height as f32 / self.height as f32,
        );
        (self.pixels, self.width, self.height) = (pixels, width, height);
        Ok(())
    }

    /// Fills `out`, `[size, size]`, with the gray levels of `framing`, turned upright.
    ///
    /// Each value is the mean of a grid of bilinear samples, fine enough that no pixel of the patch is passed over.
    pub fn sample(&self, framing: &Framing, size: usize, out: &mut [f32]) {
        let (scale_x, scale_y) = self.scale;
        let patch_side = framing.side * scale_x.max(scale_y);
        let grid = (patch_side / size as f32).ceil().max(1.0) as usize;
        let samples = size * grid;
        let step = framing.side / samples as f32;
        let (sin, cos) = framing.roll.sin_cos();
        // Sample (column, row) lies at start + column * across + row * down, in pixels of the patch.
        let across = (step * cos * scale_x, step * sin * scale_y);
        let down = (-step * sin * scale_x, step * cos * scale_y);
        let half = (samples as f32 - 1.0) / 2.0;
        let start = (
            (framing.x - self.origin.0) * scale_x - 0.5 - half * (across.0 + down.0),
            (framing.y - self.origin.1) * scale_y - 0.5 - half * (across.1 + down.1),
        );
        out.fill(0.0);
        let share = 1.0 / (grid * grid) as f32;
        for row in 0..samples {
            let line = &mut out[row / grid * size..][..size];
            let (x, y) = (start.0 + row as f32 * down.0, start.1 + row as f32 * down.1);
            for (column, value) in line.iter_mut().enumerate() {
                for fine in column * grid..(column + 1) * grid {
                    let fine = fine as f32;
                    *value += share * self.at(x + fine * across.0, y + fine * across.1);
                }
            }
        }
    }

    /// Cuts `framing` out as a gray image of `size` by `size` pixels, turned upright.
    ///
    /// # Errors
    /// [`Error::EmptyImage`](crate::Error::EmptyImage) if `size` is 0.
    pub fn cut(&self, framing: &Framing, size: u32) -> Result<Image> {
        let mut levels = vec![0.0; (size * size) as usize];
        self.sample(framing, size as usize, &mut levels);
        let pixels = levels.iter().map(|level| (level + 0.5) as u8).collect();
        Image::new(pixels, size, size, PixelFormat::Gray8)
    }

    /// The level at a place of the patch, between pixel centers by bilinear interpolation.
    fn at(&self, x: f32, y: f32) -> f32 {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = (
            (left + 1).min(self.width - 1),
            (top + 1).min(self.height - 1),
        );
        let (across, down) = (x - left as f32, y - top as f32);
        let level = |row: usize, column: usize| f32::from(self.pixels[row * self.width + column]);
        let lerp = |from: f32, to: f32, share: f32| from + (to - from) * share;
        let upper = lerp(level(top, left), level(top, right), across);
        let lower = lerp(level(bottom, left), level(bottom, right), across);
        lerp(upper, lower, down)
    }
}

/// First pixel and number of the pixels between two places, at least one, inside `0..limit`.
fn part(from: f32, to: f32, limit: u32) -> (u32, u32) {
    let first = (from.floor().max(0.0) as u32).min(limit - 1);
    let end = (to.ceil().max(0.0) as u32).clamp(first + 1, limit);
    (first, end - first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A level that grows by 2 per column and by 1 per row.
    fn slope(width: u32, height: u32) -> Image {
        let level = |i: u32| (2 * (i % width) + i / width) as u8;
        let pixels = (0..width * height).map(level).collect();
        Image::new(pixels, width, height, PixelFormat::Gray8).unwrap()
    }

    proptest! {
        /// On a slope the levels of any square are known by arithmetic.
        #[test]
        fn squares_show_what_lies_there(
            x in 35.0..45.0_f32, y in 35.0..45.0_f32, side in 8.0..30.0_f32, roll in -3.0..3.0_f32,
            size in 4..20_usize, resolution in 10..60_u32,
        ) {
            let image = slope(80, 80);
            let framing = Framing { x, y, side, roll };
            let patch = GrayPatch::around(&image.view(), &framing, resolution).unwrap();
            let mut out = vec![0.0; size * size];
            patch.sample(&framing, size, &mut out);
            let (sin, cos) = roll.sin_cos();
            for (index, level) in out.into_iter().enumerate() {
                let place = |i: usize| ((i as f32 + 0.5) / size as f32 - 0.5) * side;
                let (u, v) = (place(index % size), place(index / size));
                let (x, y) = (x + cos * u - sin * v, y + sin * u + cos * v);
                let expected = 2.0 * (x - 0.5) + (y - 0.5);
                prop_assert!((level - expected).abs() < 1.5, "{level} {expected}");
            }
        }
    }

    #[test]
    fn an_upright_square_of_whole_pixels_is_copied() {
        let image = slope(30, 20);
        let framing = Framing {
            x: 12.0,
            y: 9.0,
            side: 8.0,
            roll: 0.0,
        };
        let patch = GrayPatch::around(&image.view(), &framing, 100).unwrap();
        let cut = patch.cut(&framing, 8).unwrap();
        let view = image.view();
        let expected: Vec<u8> = view
            .crop(8, 5, 8, 8)
            .unwrap()
            .rows()
            .flatten()
            .copied()
            .collect();
        assert_eq!(cut.pixels(), expected);
    }

    #[test]
    fn squares_outside_the_image_repeat_its_edge() {
        let image = slope(10, 10);
        let framing = Framing {
            x: -100.0,
            y: 5.0,
            side: 6.0,
            roll: 0.4,
        };
        let patch = GrayPatch::around(&image.view(), &framing, 100).unwrap();
        let cut = patch.cut(&framing, 4).unwrap();
        assert!(cut.pixels().iter().all(|&level| level < 10));
    }
}
