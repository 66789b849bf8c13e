//! The gray copy of an image that faces are searched on.

use fer_core::{GrayResizer, ImageView, PixelFormat};

use super::plane::{Plane, Size};
use super::scale::{resize, scaled};
use super::turn::Turn;
use crate::Error;

/// A gray, possibly smaller copy of an image. Keeps its buffers from image to image.
#[derive(Default)]
pub(super) struct GrayCopy {
    gray: Vec<u8>,
    shrunk: Vec<u8>,
    turned: Vec<u8>,
    resizer: GrayResizer,
    /// Size of the latest copy.
    size: Size,
    /// `true` if the latest copy lies in `shrunk` and not in `gray`.
    is_shrunk: bool,
}

impl GrayCopy {
    /// Copies `image`, shrunk to `scale` if that is below 1, and says at what scale the copy came out.
    pub(super) fn copy(
        &mut self,
        image: &ImageView<'_>,
        scale: f32,
    ) -> Result<(Plane<'_>, f32), Error> {
        self.gray.clear();
        image
            .rows()
            .for_each(|row| append_gray(row, image.format(), &mut self.gray));
        self.size = (image.width() as usize, image.height() as usize);
        self.is_shrunk = scale < 1.0;
        if !self.is_shrunk {
            return Ok((self.plane(), 1.0));
        }
        let full = Plane {
            pixels: &self.gray,
            size: self.size,
        };
        let size = scaled(self.size, scale);
        self.shrunk.resize(size.0 * size.1, 0);
        resize(&mut self.resizer, full, &mut self.shrunk, size)?;
        self.size = size;
        Ok((self.plane(), scale))
    }

    /// Columns and rows of the latest copy.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// The latest copy.
    fn plane(&self) -> Plane<'_> {
        let pixels = if self.is_shrunk {
            &self.shrunk
        } else {
            &self.gray
        };
        Plane {
            pixels,
            size: self.size,
        }
    }

    /// Turns the latest copy about its center, and shrinks it to `scale`, at most 1.
    pub(super) fn turn(&mut self, roll: f32, scale: f32) -> (Plane<'_>, Turn) {
        let turn = Turn::new(self.size, roll, scale);
        let mut turned = std::mem::take(&mut self.turned);
        turn.draw(self.plane(), &mut turned);
        self.turned = turned;
        let plane = Plane {
            pixels: &self.turned,
            size: turn.size,
        };
        (plane, turn)
    }
}

/// Rec. 601 luma in eight bits: the detector reads the signs of differences, so speed outweighs the last gray level.
fn append_gray(pixels: &[u8], format: PixelFormat, gray: &mut Vec<u8>) {
    let weigh = |red: u8, green: u8, blue: u8| {
        ((77 * u16::from(red) + 150 * u16::from(green) + 29 * u16::from(blue)) >> 8) as u8
    };
    match format {
        PixelFormat::Gray8 => gray.extend_from_slice(pixels),
        PixelFormat::Rgb8 => {
            gray.extend(pixels.as_chunks().0.iter().map(|&[r, g, b]| weigh(r, g, b)));
        }
        PixelFormat::Bgr8 => {
            gray.extend(pixels.as_chunks().0.iter().map(|&[b, g, r]| weigh(r, g, b)));
        }
        PixelFormat::Rgba8 => {
            gray.extend(
                pixels
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&[r, g, b, _]| weigh(r, g, b)),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_of_one_image_gives_the_same_copy() {
        let rgb: Vec<u8> = (0..60 * 50 * 3).map(|i| (i * 31 % 256) as u8).collect();
        let pixels = || rgb.as_chunks::<3>().0.iter();
        let bgr: Vec<u8> = pixels().flat_map(|&[r, g, b]| [b, g, r]).collect();
        let rgba: Vec<u8> = pixels().flat_map(|&[r, g, b]| [r, g, b, 9]).collect();
        let copy = |pixels: &[u8], format, scale| {
            let view = ImageView::new(pixels, 60, 50, format).unwrap();
            let mut copy = GrayCopy::default();
            let (plane, at) = copy.copy(&view, scale).unwrap();
            (plane.pixels.to_vec(), plane.size, at)
        };
        for scale in [2.0, 0.4] {
            let expected = copy(&rgb, PixelFormat::Rgb8, scale);
            assert_eq!(copy(&bgr, PixelFormat::Bgr8, scale), expected);
            assert_eq!(copy(&rgba, PixelFormat::Rgba8, scale), expected);
        }
        assert_eq!(copy(&rgb, PixelFormat::Rgb8, 0.4).1, (24, 20));
    }
}
