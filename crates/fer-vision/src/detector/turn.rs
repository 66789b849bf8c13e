//! Turned copies of an image, in which tilted heads stand upright.

use super::plane::{Plane, Size};

/// A turn of an image about its center, onto a canvas that holds all of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// Columns and rows of the canvas.
    pub(super) size: Size,
    from: Size,
    sin: f32,
    cos: f32,
    /// Pixels of the canvas per pixel of the image.
    scale: f32,
}

impl Turn {
    /// A turn that makes a head upright that is tilted by `roll`, clockwise in radians; `scale` is at most 1.
    pub(super) fn new(from: Size, roll: f32, scale: f32) -> Self {
        let (sin, cos) = roll.sin_cos();
        let (width, height) = (from.0 as f32, from.1 as f32);
        let canvas = |side: f32| ((scale * side).ceil() as usize).max(1);
        Self {
            size: (
                canvas(width * cos.abs() + height * sin.abs()),
                canvas(width * sin.abs() + height * cos.abs()),
            ),
            from,
            sin,
            cos,
            scale,
        }
    }

    /// The place in the image that a place of the canvas shows.
    pub(super) fn source(&self, x: f32, y: f32) -> (f32, f32) {
        let half = |side: usize| side as f32 / 2.0;
        let dx = (x - half(self.size.0)) / self.scale;
        let dy = (y - half(self.size.1)) / self.scale;
        (
            half(self.from.0) + self.cos * dx - self.sin * dy,
            half(self.from.1) + self.sin * dx + self.cos * dy,
        )
    }

    /// Length in the image of a length on the canvas.
    pub(super) fn length(&self, length: f32) -> f32 {
        length / self.scale
    }

    /// Fills `canvas`: each pixel is interpolated between four of the image, and the image's edge goes on around it.
    pub(super) fn draw(&self, image: Plane<'_>, canvas: &mut Vec<u8>) {
        let (width, height) = image.size;
        let last = |side: usize| (side - 1) as f32;
        let (columns, rows) = self.size;
        canvas.clear();
        canvas.reserve(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = self.source(column as f32 + 0.5, row as f32 + 0.5);
                let (x, y) = (
                    (x - 0.5).clamp(0.0, last(width)),
                    (y - 0.5).clamp(0.0, last(height)),
                );
                let (left, top) = (x as usize, y as usize);
                let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
                let (across, down) = (x - left as f32, y - top as f32);
                let level =
                    |row: usize, column: usize| f32::from(image.pixels[row * width + column]);
                let upper = level(top, left) + across * (level(top, right) - level(top, left));
                let lower =
                    level(bottom, left) + across * (level(bottom, right) - level(bottom, left));
                canvas.push((upper + down * (lower - upper) + 0.5) as u8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canvas_shows_the_image_where_it_says() {
        let (width, height) = (60, 40);
        let level = |i: usize| (2 * (i % width) + i / width) as u8;
        let pixels: Vec<u8> = (0..width * height).map(level).collect();
        let image = Plane {
            pixels: &pixels,
            size: (width, height),
        };
        for (roll, scale) in [(0.6, 1.0), (-0.6, 0.8), (2.0, 0.5)] {
            let turn = Turn::new(image.size, roll, scale);
            let mut canvas = Vec::new();
            turn.draw(image, &mut canvas);
            assert_eq!(canvas.len(), turn.size.0 * turn.size.1);
            for (index, &level) in canvas.iter().enumerate() {
                let place = |i: usize| i as f32 + 0.5;
                let (x, y) = turn.source(place(index % turn.size.0), place(index / turn.size.0));
                let x = (x - 0.5).clamp(0.0, (width - 1) as f32);
                let y = (y - 0.5).clamp(0.0, (height - 1) as f32);
                assert!((f32::from(level) - (2.0 * x + y)).abs() < 0.6, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_head_tilted_clockwise_stands_upright_on_the_canvas() {
        // From the center up on the canvas is towards the upper right in the image.
        let turn = Turn::new((100, 100), 0.5, 1.0);
        let (width, height) = (turn.size.0 as f32, turn.size.1 as f32);
        let (x, y) = turn.source(width / 2.0, height / 2.0 - 20.0);
        assert!(x > 55.0 && y < 40.0, "{x} {y}");
    }
}
