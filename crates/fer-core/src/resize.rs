//! Resizing of gray images.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The kernel of the resize, widened by the scale when shrinking so that nothing aliases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResizeFilter {
    /// Mean over the area when shrinking, nearest neighbor when enlarging.
    Box,
    /// Triangle kernel.
    Bilinear,
    /// Cubic kernel (Catmull and Rom, 1974): sharper than the triangle.
    CatmullRom,
}

/// Resizes gray images; keeps its memory from one to the next.
///
/// ```
/// use fer_core::{GrayResizer, ResizeFilter};
///
/// let mut half = [0; 2];
/// GrayResizer::default().resize(&[10, 30, 50, 70], (4, 1), &mut half, (2, 1), ResizeFilter::Box)?;
/// assert_eq!(half, [20, 60]);
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Default, Clone)]
pub struct GrayResizer(Resizer);

impl GrayResizer {
    /// Resizes `gray`, `[height, width]`, to fill `target`, whose width and height are `size`.
    ///
    /// # Errors
    /// [`Error::Resize`] if a buffer has another length than its sides ask for.
    pub fn resize(
        &mut self,
        gray: &[u8],
        (width, height): (u32, u32),
        target: &mut [u8],
        size: (u32, u32),
        filter: ResizeFilter,
    ) -> Result<()> {
        let filter = match filter {
            ResizeFilter::Box => FilterType::Box,
            ResizeFilter::Bilinear => FilterType::Bilinear,
            ResizeFilter::CatmullRom => FilterType::CatmullRom,
        };
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
        // Typed, and here alone: `resize` carries the code of every pixel type, which would be half a megabyte of the
        // browser's module and three quarters of what this crate compiles.
        let source = TypedImageRef::<U8>::from_buffer(width, height, gray).map_err(resize_error)?;
        let mut target =
            TypedImage::<U8>::from_buffer(size.0, size.1, target).map_err(resize_error)?;
        self.0
            .resize_typed(&source, &mut target, &options)
            .map_err(resize_error)
    }
}

fn resize_error(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Resize {
        source: Box::new(source),
    }
}
