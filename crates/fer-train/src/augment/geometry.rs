//! One inverse warp for mirroring, rotation, scale, shear and shift.

/// An affine change of an image about its centre.
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

/// Draws `image` (`[size, size]`), changed by `affine`, into `out`: each pixel of the result is looked up in the image,
/// interpolated linearly between its four neighbours. Beyond the border the border's pixels go on.
pub(super) fn warp(affine: &Affine, image: &[f32], size: usize, out: &mut [f32]) {
    let centre = (size as f32 - 1.0) / 2.0;
    let last = size as f32 - 1.0;
    let (sin, cos) = (
        affine.rotation.sin() / affine.scale,
        affine.rotation.cos() / affine.scale,
    );
    let mirror = if affine.mirrored { -1.0 } else { 1.0 };
    for (y, row) in out.chunks_exact_mut(size).enumerate() {
        let dy = y as f32 - centre - affine.shift_y;
        for (x, pixel) in row.iter_mut().enumerate() {
            let dx = mirror * (x as f32 - centre - affine.shift_x) + affine.shear * dy;
            let source_x = (cos * dx + sin * dy + centre).clamp(0.0, last);
            let source_y = (cos * dy - sin * dx + centre).clamp(0.0, last);
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

    const IDENTITY: Affine = Affine {
        mirrored: false,
        rotation: 0.0,
        scale: 1.0,
        shear: 0.0,
        shift_x: 0.0,
        shift_y: 0.0,
    };

    fn numbered(size: usize) -> Vec<f32> {
        (0..size * size).map(|pixel| pixel as f32).collect()
    }

    fn warped(affine: Affine, image: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; image.len()];
        warp(&affine, image, image.len().isqrt(), &mut out);
        out
    }

    #[test]
    fn shifts_move_right_and_down() {
        let image = numbered(4);
        let right = warped(
            Affine {
                shift_x: 1.0,
                ..IDENTITY
            },
            &image,
        );
        assert_eq!(right[..4], [0.0, 0.0, 1.0, 2.0]);
        let down = warped(
            Affine {
                shift_y: 1.0,
                ..IDENTITY
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
                ..IDENTITY
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
                ..IDENTITY
            },
            &image,
        );
        assert_eq!(grown[12], image[12]);
        assert_eq!(grown[14], image[13]);
        assert_eq!(grown[22], image[17]);
    }
}
