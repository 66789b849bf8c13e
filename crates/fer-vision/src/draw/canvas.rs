//! An RGB image to draw on: rectangles and text.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use fer_core::{Image, ImageView, PixelFormat};

use super::palette::{Color, DARK};

/// A rectangle of pixels that may reach outside the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Area {
    /// Returns the pixels that both areas cover.
    pub(super) fn shared(&self, other: &Self) -> i64 {
        let along = |a: i64, a_side: i64, b: i64, b_side: i64| {
            ((a + a_side).min(b + b_side) - a.max(b)).max(0)
        };
        along(self.x, self.width, other.x, other.width)
            * along(self.y, self.height, other.y, other.height)
    }

    /// Returns the area grown by `edge` pixels on each side.
    fn grown(self, edge: i64) -> Self {
        Self {
            x: self.x - edge,
            y: self.y - edge,
            width: self.width + 2 * edge,
            height: self.height + 2 * edge,
        }
    }

    /// Returns the four strips along the edge, `line` pixels wide to the inside.
    fn strips(self, line: i64) -> [Self; 4] {
        let (right, bottom) = (self.x + self.width - line, self.y + self.height - line);
        [
            Self {
                height: line,
                ..self
            },
            Self {
                y: bottom,
                height: line,
                ..self
            },
            Self {
                width: line,
                ..self
            },
            Self {
                x: right,
                width: line,
                ..self
            },
        ]
    }

    /// Returns the pieces of a strip that are drawn if it is dashed.
    fn dashes(self, dash: i64) -> Vec<Self> {
        let starts = |length: i64| (0..length).step_by(2 * dash.max(1) as usize);
        let rest = |length: i64, start: i64| dash.min(length - start);
        if self.width > self.height {
            let dash = |start| Self {
                x: self.x + start,
                width: rest(self.width, start),
                ..self
            };
            starts(self.width).map(dash).collect()
        } else {
            let dash = |start| Self {
                y: self.y + start,
                height: rest(self.height, start),
                ..self
            };
            starts(self.height).map(dash).collect()
        }
    }
}

/// The look of a box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Width of the line in pixels.
    pub(super) line: i64,
    pub(super) color: Color,
    /// Length of the dashes and of the gaps between them in pixels; `None` for a whole line.
    pub(super) dash: Option<i64>,
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

    /// Draws the edge of the area, to the inside, in color with a dark edge on both sides.
    pub(super) fn frame(&mut self, area: Area, frame: &Frame) {
        let edge = (frame.line / 2).max(1);
        for strip in area.grown(edge).strips(frame.line + 2 * edge) {
            self.fill(strip, DARK, 1.0);
        }
        for strip in area.strips(frame.line) {
            let pieces = frame.dash.map_or(vec![strip], |dash| strip.dashes(dash));
            for piece in pieces {
                self.fill(piece, frame.color, 1.0);
            }
        }
    }

    /// Adds dark rows at the bottom.
    pub(super) fn extend_below(&mut self, rows: i64) {
        self.height += rows;
        self.pixels
            .resize((self.width * self.height) as usize, DARK);
    }

    /// Returns the columns that text of this height takes.
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
        let frame = Frame {
            line: 1,
            color: [9; 3],
            dash: None,
        };
        let square = Area {
            x: 2,
            y: 2,
            width: 4,
            height: 4,
        };
        canvas.frame(square, &frame);
        let count = |canvas: &Canvas, color: Color| {
            canvas
                .pixels
                .iter()
                .filter(|pixel| **pixel == color)
                .count()
        };
        assert_eq!(count(&canvas, [9; 3]), 12);
        // One pixel around the box and one inside it.
        assert_eq!(count(&canvas, DARK), 20 + 4);
        let dashed = Frame {
            dash: Some(1),
            ..frame
        };
        canvas.frame(square, &dashed);
        assert!((4..12).contains(&count(&canvas, [9; 3])));
    }

    #[test]
    fn shared_pixels_are_counted() {
        let area = |x, y, width, height| Area {
            x,
            y,
            width,
            height,
        };
        assert_eq!(area(0, 0, 10, 10).shared(&area(5, 8, 10, 10)), 10);
        assert_eq!(area(0, 0, 10, 10).shared(&area(10, 0, 10, 10)), 0);
        assert_eq!(area(0, 0, 10, 10).shared(&area(20, 20, 5, 5)), 0);
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
