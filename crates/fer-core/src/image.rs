//! Pixels in memory: borrowed ([`ImageView`]) and owned ([`Image`]).

use std::fmt;

use crate::{Error, Result};

/// Layouts of the bytes of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// One byte: gray.
    Gray8,
    /// Three bytes: red, green, blue.
    Rgb8,
    /// Three bytes: blue, green, red (OpenCV's order).
    Bgr8,
    /// Four bytes: red, green, blue, alpha. Alpha is ignored.
    Rgba8,
}

impl PixelFormat {
    /// Returns the name in messages.
    const fn name(self) -> &'static str {
        match self {
            Self::Gray8 => "gray",
            Self::Rgb8 => "RGB",
            Self::Bgr8 => "BGR",
            Self::Rgba8 => "RGBA",
        }
    }

    /// Returns the number of bytes per pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::Gray8 => 1,
            Self::Rgb8 | Self::Bgr8 => 3,
            Self::Rgba8 => 4,
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Borrowed pixels, `[height, width, channels]` bytes, rows top to bottom, possibly with a gap between rows.
///
/// ```
/// use fer_core::{ImageView, PixelFormat};
///
/// let pixels = vec![0u8; 64 * 48 * 3];
/// let photo = ImageView::new(&pixels, 64, 48, PixelFormat::Rgb8)?;
/// let face = photo.crop(10, 4, 40, 40)?;
/// assert_eq!((face.width(), face.height()), (40, 40));
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct ImageView<'a> {
    data: &'a [u8],
    width: u32,
    height: u32,
    row_stride: usize,
    format: PixelFormat,
}

/// Compares pixels: bytes between the rows of a part of an image are none of it.
impl PartialEq for ImageView<'_> {
    fn eq(&self, other: &Self) -> bool {
        let shape = |view: &Self| (view.width, view.height, view.format);
        shape(self) == shape(other) && self.rows().eq(other.rows())
    }
}

impl Eq for ImageView<'_> {}

impl<'a> ImageView<'a> {
    /// Views `data` as an image without gaps between rows.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] if a side is zero; [`Error::PixelBytes`] unless `data` has exactly
    /// `width * height * channels` bytes.
    pub fn new(data: &'a [u8], width: u32, height: u32, format: PixelFormat) -> Result<Self> {
        check_length(data, width, height, format)?;
        Ok(Self {
            data,
            width,
            height,
            row_stride: data.len() / height as usize,
            format,
        })
    }

    /// Views `data` as an image whose rows begin every `row_stride` bytes. Bytes after the last row are ignored.
    ///
    /// # Errors
    /// [`Error::EmptyImage`] if a side is zero; [`Error::RowStride`] if a row does not fit into the stride;
    /// [`Error::PixelBytes`] if `data` ends before the last row does.
    pub fn with_row_stride(
        data: &'a [u8],
        width: u32,
        height: u32,
        row_stride: usize,
        format: PixelFormat,
    ) -> Result<Self> {
        if width == 0 || height == 0 {
            return Err(Error::EmptyImage { width, height });
        }
        let row = u64::from(width) * format.channels() as u64;
        if (row_stride as u64) < row {
            return Err(Error::RowStride {
                minimum: row,
                found: row_stride,
            });
        }
        let expected = (row_stride as u64)
            .checked_mul(u64::from(height - 1))
            .and_then(|start| start.checked_add(row))
            .unwrap_or(u64::MAX);
        if (data.len() as u64) < expected {
            return Err(Error::PixelBytes {
                width,
                height,
                format: format.name(),
                expected,
                found: data.len(),
            });
        }
        Ok(Self {
            data,
            width,
            height,
            row_stride,
            format,
        })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Layout of the bytes of a pixel.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Bytes from the beginning of a row to that of the next.
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// The part of `width` by `height` pixels whose top left pixel is `(x, y)`, without copying.
    ///
    /// # Errors
    /// [`Error::CropOutside`] if the part is empty or reaches outside the image.
    pub fn crop(&self, x: u32, y: u32, width: u32, height: u32) -> Result<Self> {
        let inside = |start: u32, length: u32, limit: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= limit)
        };
        if !inside(x, width, self.width) || !inside(y, height, self.height) {
            return Err(Error::CropOutside {
                x,
                y,
                width,
                height,
                image_width: self.width,
                image_height: self.height,
            });
        }
        let start = y as usize * self.row_stride + x as usize * self.format.channels();
        Ok(Self {
            data: &self.data[start..],
            width,
            height,
            ..*self
        })
    }

    /// The rows from top to bottom, each of `width * channels` bytes.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let row_bytes = self.row_bytes();
        let rows = self.data.chunks(self.row_stride);
        rows.take(self.height as usize)
            .map(move |row| &row[..row_bytes])
    }

    /// The pixels as one slice, if there is no gap between rows.
    pub fn as_contiguous(&self) -> Option<&'a [u8]> {
        let row_bytes = self.row_bytes();
        (self.row_stride == row_bytes).then(|| &self.data[..row_bytes * self.height as usize])
    }

    /// A copy that owns its pixels.
    pub fn to_image(&self) -> Image {
        let mut data = Vec::with_capacity(self.row_bytes() * self.height as usize);
        self.rows().for_each(|row| data.extend_from_slice(row));
        Image {
            data,
            width: self.width,
            height: self.height,
            format: self.format,
            animated: false,
        }
    }

    fn row_bytes(&self) -> usize {
        self.width as usize * self.format.channels()
    }
}

impl fmt::Debug for ImageView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            format,
            ..
        } = self;
        write!(f, "ImageView({width}x{height} {format:?})")
    }
}

/// Owned pixels, `[height, width, channels]` bytes without gaps.
#[derive(Clone, PartialEq, Eq)]
pub struct Image {
    data: Vec<u8>,
    width: u32,
    height: u32,
    format: PixelFormat,
    animated: bool,
}

impl Image {
    /// Takes `data` as an image.
    ///
    /// # Errors
    /// As [`ImageView::new`].
    pub fn new(data: Vec<u8>, width: u32, height: u32, format: PixelFormat) -> Result<Self> {
        check_length(&data, width, height, format)?;
        Ok(Self {
            data,
            width,
            height,
            format,
            animated: false,
        })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Layout of the bytes of a pixel.
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// Returns `true` if the file that the image was read from has more frames or pages than this one, its first.
    pub fn is_animated(&self) -> bool {
        self.animated
    }

    /// The pixels, `width * height * channels` bytes.
    pub fn pixels(&self) -> &[u8] {
        &self.data
    }

    /// The pixels, to be drawn on.
    pub fn pixels_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// Gives the pixels away.
    pub fn into_pixels(self) -> Vec<u8> {
        self.data
    }

    /// Borrows the pixels.
    pub fn view(&self) -> ImageView<'_> {
        ImageView {
            data: &self.data,
            width: self.width,
            height: self.height,
            row_stride: self.width as usize * self.format.channels(),
            format: self.format,
        }
    }

    #[cfg(feature = "decode")]
    pub(crate) fn with_animated(self, animated: bool) -> Self {
        Self { animated, ..self }
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            format,
            ..
        } = self;
        write!(f, "Image({width}x{height} {format:?})")
    }
}

fn check_length(data: &[u8], width: u32, height: u32, format: PixelFormat) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::EmptyImage { width, height });
    }
    let pixels = u64::from(width) * u64::from(height);
    let expected = pixels.saturating_mul(format.channels() as u64);
    if data.len() as u64 != expected {
        return Err(Error::PixelBytes {
            width,
            height,
            format: format.name(),
            expected,
            found: data.len(),
        });
    }
    Ok(())
}
