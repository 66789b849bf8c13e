//! An RGB picture to draw on: rectangles and text.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use fer_core::{Image, ImageView, PixelFormat};

/// Red, green and blue.
pub(super) type Color = [u8; 3];

/// A rectangle of pixels that may reach outside the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) struct Canvas {
    pixels: Vec<Color>,
    width: i64,
    height: i64,
    font: Option<FontRef<'static>>,
}

impl Canvas {
    /// A copy of `image` in which each pixel is a square of `factor` by `factor`.
    pub(super) fn enlarged(image: &ImageView<'_>, factor: u32) -> Self {
        let factor = factor as usize;
        let mut pixels = Vec::new();
        for row in image.rows() {
            let colors = row
                .chunks_exact(image.format().channels())
                .map(|pixel| rgb(pixel, image.format()));
            let row: Vec<Color> = colors
                .flat_map(|color| std::iter::repeat_n(color, factor))
                .collect();
            (0..factor).for_each(|_| pixels.extend_from_slice(&row));
        }
        Self {
            pixels,
            width: i64::from(image.width()) * factor as i64,
            height: i64::from(image.height()) * factor as i64,
            font: FontRef::try_from_slice(notosans::BOLD_TTF).ok(),
        }
    }

    pub(super) fn size(&self) -> (i64, i64) {
        (self.width, self.height)
    }

    pub(super) fn into_image(self) -> Option<Image> {
        let (width, height) = (self.width.try_into().ok()?, self.height.try_into().ok()?);
        Image::new(
            self.pixels.into_flattened(),
            width,
            height,
            PixelFormat::Rgb8,
        )
        .ok()
    }

    /// Mixes `color` into the area; an opacity of 1 covers what was there.
    pub(super) fn fill(&mut self, area: Area, color: Color, opacity: f32) {
        let columns = area.x.max(0)..(area.x + area.width).min(self.width);
        for y in area.y.max(0)..(area.y + area.height).min(self.height) {
            for x in columns.clone() {
                self.mix(x, y, color, opacity);
            }
        }
    }

    /// Draws the edge of the area, `line` pixels wide to the inside.
    pub(super) fn outline(&mut self, area: Area, line: i64, color: Color) {
        let Area {
            x,
            y,
            width,
            height,
        } = area;
        for edge in [
            Area {
                height: line,
                ..area
            },
            Area {
                y: y + height - line,
                height: line,
                ..area
            },
            Area {
                width: line,
                ..area
            },
            Area {
                x: x + width - line,
                width: line,
                ..area
            },
        ] {
            self.fill(edge, color, 1.0);
        }
    }

    /// Columns that text of this height takes.
    pub(super) fn text_width(&self, text: &str, height: f32) -> i64 {
        let end = self
            .layout(text, height)
            .last()
            .map_or(0.0, |(_, end)| *end);
        end.ceil() as i64
    }

    /// Writes a line of text, `height` pixels from ascender to descender, whose top left corner is `origin`.
    pub(super) fn text(&mut self, text: &str, height: f32, origin: (i64, i64), color: Color) {
        for (glyph, _) in self.layout(text, height) {
            let outline = self
                .font
                .as_ref()
                .and_then(|font| font.outline_glyph(glyph));
            let Some(outline) = outline else { continue };
            let corner = outline.px_bounds().min;
            let (left, top) = (origin.0 + corner.x as i64, origin.1 + corner.y as i64);
            outline.draw(|x, y, coverage| {
                self.mix(left + i64::from(x), top + i64::from(y), color, coverage);
            });
        }
    }

    /// The glyphs of a line, each with the column where the next begins.
    fn layout(&self, text: &str, height: f32) -> Vec<(Glyph, f32)> {
        let Some(font) = &self.font else {
            return Vec::new();
        };
        let scale = PxScale::from(height);
        let font = font.as_scaled(scale);
        let mut column = 0.0;
        let mut glyphs: Vec<(Glyph, f32)> = Vec::new();
        for character in text.chars() {
            let id = font.glyph_id(character);
            if let Some((previous, _)) = glyphs.last() {
                column += font.kern(previous.id, id);
            }
            let glyph = id.with_scale_and_position(scale, point(column, font.ascent()));
            column += font.h_advance(id);
            glyphs.push((glyph, column));
        }
        glyphs
    }

    fn mix(&mut self, x: i64, y: i64, color: Color, opacity: f32) {
        if !(0..self.width).contains(&x) || !(0..self.height).contains(&y) {
            return;
        }
        let pixel = &mut self.pixels[(y * self.width + x) as usize];
        for (old, new) in pixel.iter_mut().zip(color) {
            let mixed = f32::from(*old) + (f32::from(new) - f32::from(*old)) * opacity;
            *old = mixed.round() as u8;
        }
    }
}

fn rgb(pixel: &[u8], format: PixelFormat) -> Color {
    match (format, pixel) {
        (PixelFormat::Bgr8, &[blue, green, red]) => [red, green, blue],
        (_, &[red, green, blue, ..]) => [red, green, blue],
        _ => [pixel[0]; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn black(width: u32, height: u32) -> Canvas {
        let pixels = vec![0; (width * height) as usize];
        let view = ImageView::new(&pixels, width, height, PixelFormat::Gray8).unwrap();
        Canvas::enlarged(&view, 1)
    }

    #[test]
    fn areas_over_the_edge_are_cut() {
        let mut canvas = black(10, 10);
        canvas.fill(
            Area {
                x: -5,
                y: 8,
                width: 8,
                height: 100,
            },
            [255; 3],
            1.0,
        );
        assert_eq!(
            canvas
                .pixels
                .iter()
                .filter(|pixel| **pixel == [255; 3])
                .count(),
            6
        );
        canvas.fill(
            Area {
                x: 20,
                y: 20,
                width: 5,
                height: 5,
            },
            [255; 3],
            1.0,
        );
        canvas.outline(
            Area {
                x: 2,
                y: 2,
                width: 4,
                height: 4,
            },
            1,
            [9; 3],
        );
        assert_eq!(
            canvas
                .pixels
                .iter()
                .filter(|pixel| **pixel == [9; 3])
                .count(),
            12
        );
    }

    #[test]
    fn text_stays_inside_its_measured_width() {
        let mut canvas = black(200, 40);
        let width = canvas.text_width("surprise 0.97", 20.0);
        assert!((80..200).contains(&width), "{width}");
        canvas.text("surprise 0.97", 20.0, (0, 5), [255; 3]);
        let lit = |x: i64, y: i64| canvas.pixels[(y * 200 + x) as usize] != [0; 3];
        assert!((0..40).any(|y| (0..width).any(|x| lit(x, y))));
        assert!((0..40).all(|y| (width + 1..200).all(|x| !lit(x, y))));
        assert!((0..200).all(|x| (0..5).chain(26..40).all(|y| !lit(x, y))));
    }

    #[test]
    fn enlarging_keeps_the_colors_of_every_format() {
        let cases = [
            (vec![1, 2, 3], PixelFormat::Rgb8, [1, 2, 3]),
            (vec![1, 2, 3], PixelFormat::Bgr8, [3, 2, 1]),
            (vec![1, 2, 3, 4], PixelFormat::Rgba8, [1, 2, 3]),
            (vec![5], PixelFormat::Gray8, [5; 3]),
        ];
        for (pixels, format, expected) in cases {
            let view = ImageView::new(&pixels, 1, 1, format).unwrap();
            assert_eq!(Canvas::enlarged(&view, 3).pixels, [expected; 9]);
        }
    }
}
