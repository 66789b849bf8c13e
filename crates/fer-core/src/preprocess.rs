//! From any view to the network's input: luma, resize, normalize. Training and prediction share this one path.

use serde::{Deserialize, Serialize};

use crate::image::{ImageView, PixelFormat};
use crate::length::check_length;
use crate::resize::{GrayResizer, ResizeFilter};
use crate::{Error, ModelConfig, Result};

/// Preprocessing of an image of a face to the network's input.
///
/// First [`face_bytes`](Self::face_bytes): luma by the integer Rec. 601 formula, then a resize to a square of
/// `input_size` pixels; both work on integers only, so every machine gets the same bytes. Then
/// [`normalize`](Self::normalize): bytes to `f32`. Images that are not square are stretched.
///
/// ```
/// use fer_core::{ImageView, PixelFormat, Preprocessing};
///
/// let preprocessing = Preprocessing::default();
/// let pixels = vec![128u8; 100 * 80 * 3];
/// let view = ImageView::new(&pixels, 100, 80, PixelFormat::Rgb8)?;
/// let mut face = vec![0; preprocessing.face_len()];
/// preprocessing.face_bytes(&view, &mut face)?;
/// assert_eq!(face, [128; 48 * 48]);
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preprocessing {
    /// Side of the square that the network sees, in pixels.
    pub input_size: usize,
    /// The resize filter, for shrinking and enlarging alike.
    pub filter: ResizeFilter,
    /// Conversion of bytes to numbers.
    pub normalization: Normalization,
}

/// Conversions of the bytes of a face to the numbers that the network sees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Normalization {
    /// `(v - mean) / std` with constants, in units of gray levels (0 to 255).
    Fixed {
        /// Subtracted from each byte.
        mean: f32,
        /// Divides the difference; positive.
        std: f32,
    },
    /// `(v - m) / max(s, min_std)` with the face's own mean `m` and standard deviation `s`: brightness and contrast
    /// of the image drop out.
    PerImage {
        /// The least divisor, in gray levels, so that blank images are not blown up to noise; positive.
        min_std: f32,
    },
}

impl Default for Preprocessing {
    /// The default network's input size, Catmull-Rom, each image by its own mean and standard deviation.
    fn default() -> Self {
        Self {
            input_size: ModelConfig::default().input_size,
            filter: ResizeFilter::CatmullRom,
            normalization: Normalization::PerImage { min_std: 4.0 },
        }
    }
}

/// The largest mean and divisor of a normalization, in gray levels.
const MAX_LEVEL: f32 = 1e4;
/// The least divisor, so that no input overflows.
const MIN_DIVISOR: f32 = 1e-3;

impl Preprocessing {
    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] names the first field outside its range.
    pub fn validate(&self) -> Result<()> {
        let invalid = |field, expected: String, found: String| {
            Err(Error::InvalidConfig {
                field,
                expected,
                found,
            })
        };
        let sizes = 1..=ModelConfig::MAX_INPUT_SIZE;
        if !sizes.contains(&self.input_size) {
            let expected = format!("{} to {}", sizes.start(), sizes.end());
            return invalid("input_size", expected, self.input_size.to_string());
        }
        let divisor = match self.normalization {
            Normalization::Fixed { mean, .. } if !(-MAX_LEVEL..=MAX_LEVEL).contains(&mean) => {
                let expected = format!("-{MAX_LEVEL} to {MAX_LEVEL}");
                return invalid("mean", expected, mean.to_string());
            }
            Normalization::Fixed { std, .. } => std,
            Normalization::PerImage { min_std } => min_std,
        };
        if !(MIN_DIVISOR..=MAX_LEVEL).contains(&divisor) {
            let expected = format!("{MIN_DIVISOR} to {MAX_LEVEL}");
            return invalid("normalization", expected, divisor.to_string());
        }
        Ok(())
    }

    /// Bytes, and numbers, of one preprocessed face: `input_size` squared.
    pub fn face_len(&self) -> usize {
        self.input_size * self.input_size
    }

    /// Writes the gray `[input_size, input_size]` square that the network sees of `view`.
    ///
    /// Gray, RGB, BGR and RGBA views of the same content give the same bytes (alpha is ignored), and a gray view
    /// that already has the right size is copied unchanged.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] unless `face` has [`face_len`](Self::face_len) bytes.
    pub fn face_bytes(&self, view: &ImageView<'_>, face: &mut [u8]) -> Result<()> {
        check_length("a face buffer", self.face_len(), face.len())?;
        let side = self.input_size as u32;
        if (view.width(), view.height()) == (side, side) {
            luma(view, face);
            return Ok(());
        }
        if let (PixelFormat::Gray8, Some(gray)) = (view.format(), view.as_contiguous()) {
            return self.resize(gray, view.width(), view.height(), face);
        }
        let mut gray = vec![0; view.width() as usize * view.height() as usize];
        luma(view, &mut gray);
        self.resize(&gray, view.width(), view.height(), face)
    }

    /// Turns the bytes of one or more faces `[N, input_size, input_size]` into as many numbers.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] unless `faces` is a whole number of faces and `input` is as long.
    pub fn normalize(&self, faces: &[u8], input: &mut [f32]) -> Result<()> {
        let face_len = self.face_len();
        let whole = faces.len().next_multiple_of(face_len);
        check_length("a buffer of faces", whole, faces.len())?;
        check_length("a network input", faces.len(), input.len())?;
        let pairs = faces.chunks(face_len).zip(input.chunks_mut(face_len));
        for (face, numbers) in pairs {
            let levels = self.normalization.levels(face);
            for (number, &byte) in numbers.iter_mut().zip(face) {
                *number = levels[usize::from(byte)];
            }
        }
        Ok(())
    }

    fn resize(&self, gray: &[u8], width: u32, height: u32, face: &mut [u8]) -> Result<()> {
        let side = self.input_size as u32;
        let mut resizer = GrayResizer::default();
        resizer.resize(gray, (width, height), face, (side, side), self.filter)
    }
}

impl Normalization {
    /// The number that each byte value of `face` becomes.
    fn levels(&self, face: &[u8]) -> [f32; 256] {
        let (mean, std) = match *self {
            Self::Fixed { mean, std } => (mean, std),
            Self::PerImage { min_std } => {
                let (mean, std) = mean_and_std(face);
                (mean, std.max(min_std))
            }
        };
        std::array::from_fn(|byte| (byte as f32 - mean) / std)
    }
}

/// Mean and (population) standard deviation; exact up to the last rounding, in any order of summation.
fn mean_and_std(face: &[u8]) -> (f32, f32) {
    let count = face.len() as u64;
    let sum: u64 = face.iter().map(|&byte| u64::from(byte)).sum();
    let squares: u64 = face.iter().map(|&byte| u64::from(byte).pow(2)).sum();
    let variance = (count * squares - sum * sum) as f64 / (count * count) as f64;
    ((sum as f64 / count as f64) as f32, variance.sqrt() as f32)
}

/// Rec. 601 luma, `0.299 R + 0.587 G + 0.114 B` in 16-bit fixed point, rounded; equal channels stay what they are.
pub(crate) fn luma(view: &ImageView<'_>, gray: &mut [u8]) {
    let weigh = |red: u8, green: u8, blue: u8| {
        let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
        ((sum + (1 << 15)) >> 16) as u8
    };
    let rows = view.rows().zip(gray.chunks_mut(view.width() as usize));
    for (row, gray) in rows {
        match view.format() {
            PixelFormat::Gray8 => gray.copy_from_slice(row),
            PixelFormat::Rgb8 => each_pixel(row, gray, |[r, g, b]: &[u8; 3]| weigh(*r, *g, *b)),
            PixelFormat::Bgr8 => each_pixel(row, gray, |[b, g, r]: &[u8; 3]| weigh(*r, *g, *b)),
            PixelFormat::Rgba8 => {
                each_pixel(row, gray, |[r, g, b, _]: &[u8; 4]| weigh(*r, *g, *b));
            }
        }
    }
}

fn each_pixel<const N: usize>(row: &[u8], gray: &mut [u8], value: impl Fn(&[u8; N]) -> u8) {
    let (pixels, _) = row.as_chunks::<N>();
    for (gray, pixel) in gray.iter_mut().zip(pixels) {
        *gray = value(pixel);
    }
}
