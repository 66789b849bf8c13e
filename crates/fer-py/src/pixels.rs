//! Arrays of NumPy as pixels.

use fer_core::{ImageView, PixelFormat, check_image_size};
use numpy::{
    Element, PyArrayDescr, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn,
    PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::errors::{Subject, invalid_image};

/// Pixels of an array, borrowed from it when it is contiguous and of bytes.
pub(crate) struct Pixels<'py> {
    data: PixelData<'py>,
    width: u32,
    height: u32,
    format: PixelFormat,
}

enum PixelData<'py> {
    /// An array whose rows follow each other.
    Borrowed(PyReadonlyArrayDyn<'py, u8>),
    Owned(Vec<u8>),
}

impl<'py> Pixels<'py> {
    pub(crate) fn view(&self) -> PyResult<ImageView<'_>> {
        let data = match &self.data {
            PixelData::Borrowed(array) => array.as_slice()?,
            PixelData::Owned(data) => data,
        };
        ImageView::new(data, self.width, self.height, self.format)
            .map_err(|error| Subject::Image.raise(error))
    }

    /// Reads an array `[H, W]`, `[H, W, 1]`, `[H, W, 3]` or `[H, W, 4]`, of OpenCV's channel order if it is `bgr`.
    pub(crate) fn from_array(array: &Bound<'py, PyUntypedArray>, bgr: bool) -> PyResult<Self> {
        let (width, height, channels) = sides(array.shape())?;
        let data = if let Ok(bytes) = array.cast::<PyArrayDyn<u8>>() {
            let bytes = bytes.try_readonly()?;
            if bytes.is_c_contiguous() {
                PixelData::Borrowed(bytes)
            } else {
                PixelData::Owned(bytes.as_array().iter().copied().collect())
            }
        } else if let Ok(floats) = array.cast::<PyArrayDyn<f32>>() {
            PixelData::Owned(bytes_of_floats(&floats.try_readonly()?)?)
        } else if let Ok(floats) = array.cast::<PyArrayDyn<f64>>() {
            PixelData::Owned(bytes_of_floats(&floats.try_readonly()?)?)
        } else {
            let array = in_native_type(array)?;
            return Self::from_array(&array, bgr);
        };
        let pixels = Self {
            data,
            width,
            height,
            format: PixelFormat::Gray8,
        };
        Ok(match (channels, bgr) {
            (1, _) => pixels,
            (3, false) => Self {
                format: PixelFormat::Rgb8,
                ..pixels
            },
            (3, true) => Self {
                format: PixelFormat::Bgr8,
                ..pixels
            },
            (_, false) => Self {
                format: PixelFormat::Rgba8,
                ..pixels
            },
            (_, true) => Self {
                format: PixelFormat::Rgba8,
                data: pixels.data.bgra_to_rgba()?,
                ..pixels
            },
        })
    }
}

impl PixelData<'_> {
    fn bgra_to_rgba(self) -> PyResult<Self> {
        let mut data = match self {
            Self::Borrowed(array) => array.as_slice()?.to_vec(),
            Self::Owned(data) => data,
        };
        data.chunks_exact_mut(4).for_each(|pixel| pixel.swap(0, 2));
        Ok(Self::Owned(data))
    }
}

/// Width, height and channels of an array `[H, W]` or `[H, W, C]`.
fn sides(shape: &[usize]) -> PyResult<(u32, u32, usize)> {
    let (height, width, channels) = match *shape {
        [height, width] => (height, width, 1),
        [height, width, channels @ (1 | 3 | 4)] => (height, width, channels),
        [1 | 3 | 4, _, _] => {
            return Err(invalid_image(format!(
                "an array of shape {shape:?}: expected [H, W], [H, W, 3] or [H, W, 4]; \
                 channels come last: use .transpose(1, 2, 0)"
            )));
        }
        [_, _, _, _] => {
            return Err(invalid_image(format!(
                "an array of shape {shape:?}: expected one image, [H, W], [H, W, 3] or [H, W, 4]; \
                 pass a stack of images to predict_batch"
            )));
        }
        [_] => {
            return Err(invalid_image(format!(
                "an array of shape {shape:?}: expected [H, W], [H, W, 3] or [H, W, 4]; \
                 pass the content of an image file as bytes: use .tobytes()"
            )));
        }
        _ => {
            return Err(invalid_image(format!(
                "an array of shape {shape:?}: expected [H, W], [H, W, 3] or [H, W, 4]"
            )));
        }
    };
    let (Ok(width), Ok(height)) = (u32::try_from(width), u32::try_from(height)) else {
        return Err(invalid_image(format!(
            "an array of shape {shape:?} is too large for an image"
        )));
    };
    // Before anything is copied: an array may repeat a few bytes without end.
    check_image_size(width, height).map_err(|error| Subject::Image.raise(error))?;
    Ok((width, height, channels))
}

/// Converts an array to one of the types that [`Pixels::from_array`] reads: of bytes or of floats in native order.
fn in_native_type<'py>(array: &Bound<'py, PyUntypedArray>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let dtype = array.dtype();
    let as_type = |name: &str| -> PyResult<Bound<'py, PyUntypedArray>> {
        Ok(array.call_method1("astype", (name,))?.cast_into()?)
    };
    match (dtype.kind(), dtype.itemsize()) {
        // A mask: true is white.
        (b'b', _) => Ok(as_type("uint8")?
            .call_method1("__mul__", (255_u8,))?
            .cast_into()?),
        (b'u', 2) => bytes_of_sixteen_bits(array.as_any()),
        // Half and extended precision, and the other byte order: in the machine's own, 32 and 64 bits do not come here.
        (b'f', 2 | 12 | 16) => as_type("float64"),
        (b'f', 4 | 8) if !dtype.is_native_byteorder().unwrap_or(true) => as_type("float64"),
        _ if is_small_float(&dtype) => as_type("float64"),
        (b'f' | b'c' | b'O' | b'M' | b'm' | b'S' | b'U' | b'V', _) => Err(invalid_image(format!(
            "an array of {dtype}: expected uint8 or uint16 values, or floats in [0, 1]"
        ))),
        _ => Err(invalid_image(format!(
            "an array of {dtype}: expected uint8 or uint16 values, or floats in [0, 1]; \
             convert whole numbers from 0 to 255 with .astype(\"uint8\")"
        ))),
    }
}

/// Returns `true` for the floats of machine learning, such as `bfloat16`, which NumPy knows by their package `ml_dtypes`.
fn is_small_float(dtype: &Bound<'_, PyArrayDescr>) -> bool {
    let name = dtype.getattr("name").and_then(|name| name.extract());
    name.is_ok_and(|name: String| name.starts_with("bfloat") || name.starts_with("float8"))
}

/// Converts levels from 0 to 65535 to bytes, as a 16-bit file is read.
pub(crate) fn bytes_of_sixteen_bits<'py>(
    levels: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyUntypedArray>> {
    if levels.len()? == 0 || levels.getattr("size")?.extract::<usize>()? == 0 {
        return Ok(levels.call_method1("astype", ("uint8",))?.cast_into()?);
    }
    let darkest: i64 = levels.call_method0("min")?.extract()?;
    let brightest: i64 = levels.call_method0("max")?.extract()?;
    if darkest < 0 || brightest > 65_535 {
        return Err(invalid_image(format!(
            "16-bit levels run from {darkest} to {brightest}: expected 0 to 65535"
        )));
    }
    // As 16-bit levels these would all be black: an image of bytes in a wider type.
    if (1..256).contains(&brightest) {
        return Err(invalid_image(format!(
            "the brightest of the 16-bit levels is {brightest}, expected levels up to 65535; \
             convert levels from 0 to 255 to bytes, for example with .astype(\"uint8\")"
        )));
    }
    let bytes = levels
        .call_method1("astype", ("uint32",))?
        .call_method1("__add__", (128,))?
        .call_method1("__floordiv__", (257,))?;
    Ok(bytes.call_method1("astype", ("uint8",))?.cast_into()?)
}

/// Floats in [0, 1] as the nearest of 256 levels.
fn bytes_of_floats<T: Element + Copy + Into<f64>>(
    floats: &PyReadonlyArrayDyn<'_, T>,
) -> PyResult<Vec<u8>> {
    floats
        .as_array()
        .iter()
        .map(|&level| match level.into() {
            // Values that rounding or a cubic resize has moved beyond the ends; `as` saturates.
            level @ -0.001..=1.001 => Ok((level * 255.0).round() as u8),
            level if level.is_finite() => Err(invalid_image(format!(
                "an array of floats holds {level}: expected values in [0, 1]; \
                 divide by 255 if they run from 0 to 255"
            ))),
            level => Err(invalid_image(format!(
                "an array of floats holds {level}: expected values in [0, 1]"
            ))),
        })
        .collect()
}
