//! Images as Python hands them over: a path, the bytes of a file, an array or a Pillow image.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fer_core::{Image, ImageView, PixelFormat};
use numpy::{
    Element, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyMemoryView};

use crate::errors::{FerError, Subject, corrupt_image, invalid_image};

/// An image before it is decoded.
pub(crate) enum ImageInput<'py> {
    /// The path of an image file.
    File(PathBuf),
    /// The content of an image file.
    Encoded(PyBackedBytes),
    /// Pixels in memory.
    Pixels(Pixels<'py>),
}

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

/// An image as Rust sees it, without Python.
pub(crate) enum Source<'a> {
    File(&'a Path),
    Encoded(&'a [u8]),
    Pixels(ImageView<'a>),
}

/// The pixels of a source.
pub(crate) enum Decoded<'a> {
    Owned(Image),
    Borrowed(ImageView<'a>),
}

impl<'a> Source<'a> {
    /// Reads and decodes what is not pixels yet.
    pub(crate) fn decode(&self) -> fer_core::Result<Decoded<'a>> {
        Ok(match self {
            Self::File(path) => Decoded::Owned(Image::open(path)?),
            Self::Encoded(bytes) => Decoded::Owned(Image::decode(bytes)?),
            Self::Pixels(view) => Decoded::Borrowed(*view),
        })
    }

    /// The path, if it is a file.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::File(path) => Some(path.to_path_buf()),
            _ => None,
        }
    }
}

impl Decoded<'_> {
    /// Borrows the pixels.
    pub(crate) fn view(&self) -> ImageView<'_> {
        match self {
            Self::Owned(image) => image.view(),
            Self::Borrowed(view) => *view,
        }
    }
}

impl<'py> ImageInput<'py> {
    /// Reads what kind of image `value` is. `bgr` tells the channel order of arrays.
    pub(crate) fn new(value: &Bound<'py, PyAny>, bgr: bool) -> PyResult<Self> {
        if let Ok(array) = value.cast::<PyUntypedArray>() {
            return Pixels::from_array(array, bgr).map(Self::Pixels);
        }
        if let Ok(bytes) = value.extract::<PyBackedBytes>() {
            return Ok(Self::Encoded(bytes));
        }
        if value.is_instance_of::<PyByteArray>() || value.is_instance_of::<PyMemoryView>() {
            let bytes = value.py().get_type::<PyBytes>().call1((value,))?;
            return Ok(Self::Encoded(bytes.extract()?));
        }
        if let Ok(path) = value.extract::<PathBuf>() {
            return Ok(Self::File(path));
        }
        if is_pillow_image(value)? {
            let array = pillow_array(value).map_err(|error| unreadable(value, &error))?;
            return Pixels::from_array(&array, false).map(Self::Pixels);
        }
        if value.hasattr(intern!(value.py(), "read"))? {
            return read(value).map(Self::Encoded);
        }
        if value.hasattr(intern!(value.py(), "__array__"))? {
            return Pixels::from_array(&as_array(value)?, bgr).map(Self::Pixels);
        }
        Err(PyTypeError::new_err(format!(
            "expected an image: a path, the bytes of an image file, an open file, a NumPy array or a Pillow image; found {}",
            value.get_type().fully_qualified_name()?
        )))
    }

    /// Borrows the image for code that runs without Python.
    pub(crate) fn source(&self) -> PyResult<Source<'_>> {
        Ok(match self {
            Self::File(path) => Source::File(path),
            Self::Encoded(bytes) => Source::Encoded(bytes),
            Self::Pixels(pixels) => Source::Pixels(pixels.view()?),
        })
    }

    /// The path, if it is a file; Python keeps one that is not UTF-8 so that it still opens.
    pub(crate) fn path(&self) -> Option<OsString> {
        match self {
            Self::File(path) => Some(path.clone().into_os_string()),
            _ => None,
        }
    }
}

impl<'py> Pixels<'py> {
    fn view(&self) -> PyResult<ImageView<'_>> {
        let data = match &self.data {
            PixelData::Borrowed(array) => array.as_slice()?,
            PixelData::Owned(data) => data,
        };
        ImageView::new(data, self.width, self.height, self.format)
            .map_err(|error| Subject::Image.raise(error))
    }

    fn from_array(array: &Bound<'py, PyUntypedArray>, bgr: bool) -> PyResult<Self> {
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
        [3, _, _] => {
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
    match (u32::try_from(width), u32::try_from(height)) {
        (Ok(width), Ok(height)) => Ok((width, height, channels)),
        _ => Err(invalid_image(format!(
            "an array of shape {shape:?} is too large for an image"
        ))),
    }
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
        (b'f', 2) => as_type("float32"),
        // Of the other byte order: in the machine's own, these do not come here.
        (b'f', 4 | 8) if !dtype.is_native_byteorder().unwrap_or(true) => as_type("float64"),
        _ => Err(invalid_image(format!(
            "an array of {dtype}: expected uint8 or uint16 values, or floats in [0, 1]; \
             convert whole numbers from 0 to 255 with .astype(\"uint8\")"
        ))),
    }
}

/// Converts levels from 0 to 65535 to bytes, as a 16-bit file is read.
fn bytes_of_sixteen_bits<'py>(levels: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
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

/// Returns `true` if `value` stands for no value in a table: `None`, NaN, `pandas.NA` or `pandas.NaT`.
pub(crate) fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none() {
        return Ok(true);
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return Ok(float.value().is_nan());
    }
    // The module in which pandas names its own has changed between versions.
    let kind = value.get_type();
    let is_one = matches!(kind.name()?.to_str()?, "NAType" | "NaTType");
    Ok(is_one && kind.module()?.to_str()?.starts_with("pandas"))
}

/// Reads a file object that is open for reading bytes.
fn read(file: &Bound<'_, PyAny>) -> PyResult<PyBackedBytes> {
    let content = file
        .call_method0(intern!(file.py(), "read"))
        .map_err(|error| unreadable(file, &error))?;
    content.extract::<PyBackedBytes>().map_err(|_| {
        PyTypeError::new_err(format!(
            "expected an image file that is open for reading bytes (mode \"rb\"); its read() returned {}",
            content.get_type()
        ))
    })
}

/// Returns the exception for an object that fails while its image is read; an interrupt stays what it is.
fn unreadable(object: &Bound<'_, PyAny>, error: &PyErr) -> PyErr {
    let py = object.py();
    if !error.is_instance_of::<PyException>(py) || error.is_instance_of::<FerError>(py) {
        return error.clone_ref(py);
    }
    let raised = corrupt_image(format!(
        "cannot read the image of {}: {}",
        object.get_type(),
        error.value(py)
    ));
    raised.set_cause(py, Some(error.clone_ref(py)));
    raised
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

fn is_pillow_image(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    // Where Pillow was never imported, the value cannot be one of its images.
    let modules = value
        .py()
        .import("sys")?
        .getattr(intern!(value.py(), "modules"))?;
    let pillow = modules.call_method1(intern!(value.py(), "get"), ("PIL.Image",))?;
    if pillow.is_none() {
        return Ok(false);
    }
    value.is_instance(&pillow.getattr(intern!(value.py(), "Image"))?)
}

/// A Pillow image as bytes `[H, W]`, `[H, W, 3]` or `[H, W, 4]`, turned upright as a file is.
fn pillow_array<'py>(image: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    let upright = image
        .py()
        .import("PIL.ImageOps")?
        .call_method1("exif_transpose", (image,))?;
    let mode: String = upright.getattr("mode")?.extract()?;
    match mode.as_str() {
        "L" | "RGB" | "RGBA" => as_array(&upright),
        "1" | "LA" => as_array(&upright.call_method1("convert", ("L",))?),
        // Sixteen bits: Pillow itself would clip them to eight.
        "I" | "I;16" | "I;16B" | "I;16L" => bytes_of_sixteen_bits(as_array(&upright)?.as_any()),
        // Floats in [0, 1]: Pillow itself would take them for levels from 0 to 255.
        "F" => as_array(&upright),
        _ => as_array(&upright.call_method1("convert", ("RGB",))?),
    }
}

fn as_array<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    Ok(value
        .py()
        .import("numpy")?
        .call_method1("asarray", (value,))?
        .cast_into()?)
}
