//! One inverse warp for mirroring, rotation, scale, shear and shift.

/// An affine change of an image about its center.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Affine {
    /// Left and right exchanged.
    pub(super) mirrored: bool,
    /// Angle in radians.
    pub(super) rotation: f32,
    /// Above 1 the face grows.
    pub(super) scale: f32,
    /// Horizontal shift a row, in pixels.
    pub(super) shear: f32,
    /// Shift to the right in pixels.
    pub(super) shift_x: f32,
    /// Shift down in pixels.
    pub(super) shift_y: f32,
}

impl Affine {
    /// No change.
    #[cfg(test)]
    pub(super) const IDENTITY: Self = Self {
        mirrored: false,
        rotation: 0.0,
        scale: 1.0,
        shear: 0.0,
        shift_x: 0.0,
        shift_y: 0.0,
    };

    /// Returns the change as a map from the changed image of `size` pixels a side back to the image.
    pub(super) fn frame(&self, size: usize) -> Frame {
        Frame {
            size,
            mirror: if self.mirrored { -1.0 } else { 1.0 },
            sin: self.rotation.sin() / self.scale,
            cos: self.rotation.cos() / self.scale,
            shear: self.shear,
            shift: (self.shift_x, self.shift_y),
        }
    }
}

/// The way back from each pixel of a changed image to its place in the face.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    size: usize,
    mirror: f32,
    sin: f32,
    cos: f32,
    shear: f32,
    shift: (f32, f32),
}

impl Frame {
    /// Width and height of the image in pixels.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns where the pixel (x, y) comes from, in pixels of the unchanged image; it may lie beyond the border.
    #[inline]
    fn source(&self, x: usize, y: usize) -> (f32, f32) {
        let center = (self.size as f32 - 1.0) / 2.0;
        let dy = y as f32 - center - self.shift.1;
        let dx = self.mirror * (x as f32 - center - self.shift.0) + self.shear * dy;
        (
            self.cos * dx + self.sin * dy + center,
            self.cos * dy - self.sin * dx + center,
        )
    }

    /// Returns where each pixel comes from, row by row, as shares of the unchanged image's width and height.
    pub(super) fn places(&self) -> impl Iterator<Item = (f32, f32)> {
        let size = self.size;
        (0..size * size).map(move |pixel| {
            let (x, y) = self.source(pixel % size, pixel / size);
            ((x + 0.5) / size as f32, (y + 0.5) / size as f32)
        })
    }
}

/// Draws `image` (`[size, size]`), changed as `frame` says, into `out`: each pixel of the result is looked up in the image,
/// interpolated linearly between its four neighbors. Beyond the border the border's pixels go on.
pub(super) fn warp(frame: &Frame, image: &[f32], out: &mut [f32]) {
    let size = frame.size;
    let last = size as f32 - 1.0;
    for (y, row) in out.chunks_exact_mut(size).enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            let (source_x, source_y) = frame.source(x, y);
            let (source_x, source_y) = (source_x.clamp(0.0, last), source_y.clamp(0.0, last));
            *pixel = interpolate(image, size, source_x, source_y);
        }
    }
}

/// The image's value at (x, y), both in [0, size - 1].
#[inline]
fn interpolate(image: &[f32], size: usize, x: f32, y: f32) -> f32 {
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(size - 1), (top + 1).min(size - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let upper = lerp(image[top * size + left], image[top * size + right], across);
    let lower = lerp(
        image[bottom * size + left],
        image[bottom * size + right],
        across,
    );
    lerp(upper, lower, down)
}

fn lerp(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(size: usize) -> Vec<f32> {
        (0..size * size).map(|pixel| pixel as f32).collect()
    }

    fn warped(affine: Affine, image: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; image.len()];
        warp(&affine.frame(image.len().isqrt()), image, &mut out);
        out
    }

    #[test]
    fn shifts_move_right_and_down() {
        let image = numbered(4);
        let right = warped(
            Affine {
                shift_x: 1.0,
                ..Affine::IDENTITY
            },
            &image,
        );
        assert_eq!(right[..4], [0.0, 0.0, 1.0, 2.0]);
        let down = warped(
            Affine {
                shift_y: 1.0,
                ..Affine::IDENTITY
            },
            &image,
        );
        assert_eq!(down[4..8], image[..4]);
    }

    #[test]
    fn a_quarter_turn_moves_every_pixel() {
        let image = numbered(5);
        let turned = warped(
            Affine {
                rotation: std::f32::consts::FRAC_PI_2,
                ..Affine::IDENTITY
            },
            &image,
        );
        for y in 0..5 {
            for x in 0..5 {
                assert!(
                    (turned[y * 5 + x] - image[(4 - x) * 5 + y]).abs() < 1e-3,
                    "({x}, {y})"
                );
            }
        }
    }

    #[test]
    fn a_scale_of_two_shows_the_middle() {
        let image = numbered(5);
        let grown = warped(
            Affine {
                scale: 2.0,
                ..Affine::IDENTITY
            },
            &image,
        );
        assert_eq!(grown[12], image[12]);
        assert_eq!(grown[14], image[13]);
        assert_eq!(grown[22], image[17]);
    }
}
