//! Images as Python hands them over: a path, the bytes of a file, an array or a Pillow image.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fer_core::{Image, ImageView, check_image_size};
use numpy::PyUntypedArray;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyFloat, PyMemoryView};

use crate::errors::{FerError, Subject, corrupt_image};
use crate::pixels::{Pixels, bytes_of_sixteen_bits};

/// An image before it is decoded.
pub(crate) enum ImageInput<'py> {
    /// The path of an image file.
    File(PathBuf),
    /// The content of an image file.
    Encoded(PyBackedBytes),
    /// Pixels in memory.
    Pixels(Pixels<'py>),
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
        if let Some(array) = array_of(value)? {
            return Pixels::from_array(&array, bgr).map(Self::Pixels);
        }
        // A scalar of PyArrow.
        if value.hasattr(intern!(value.py(), "as_py"))? {
            return Self::new(&value.call_method0(intern!(value.py(), "as_py"))?, bgr);
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

/// Returns `true` if `value` stands for no value in a table: `None`, NaN, `pandas.NA` or `pandas.NaT`.
pub(crate) fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none() {
        return Ok(true);
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return Ok(float.value().is_nan());
    }
    let kind = value.get_type();
    // Scalars of NumPy, such as a float32 NaN and NaT, and decimals: what is not itself is no value.
    if matches!(kind.module()?.to_str()?, "numpy" | "decimal") && !value.hasattr("__len__")? {
        return value.ne(value);
    }
    // The module in which pandas names its own has changed between versions.
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
    // Before Pillow decodes it.
    let (width, height) = image.getattr("size")?.extract()?;
    check_image_size(width, height).map_err(|error| Subject::Image.raise(error))?;
    image.call_method0("load")?;
    let operations = image.py().import("PIL.ImageOps")?;
    // Damaged EXIF raises errors of many kinds; in a file it turns nothing.
    let upright = match operations.call_method1("exif_transpose", (image,)) {
        Err(error) if error.is_instance_of::<PyException>(image.py()) => image.clone(),
        upright => upright?,
    };
    let mode: String = upright.getattr("mode")?.extract()?;
    match mode.as_str() {
        "L" | "RGB" | "RGBA" => as_array(&upright),
        "1" | "LA" => as_array(&upright.call_method1("convert", ("L",))?),
        "La" => as_array(
            &upright
                .call_method1("convert", ("LA",))?
                .call_method1("convert", ("L",))?,
        ),
        // Sixteen bits: Pillow itself would clip them to eight.
        "I" | "I;16" | "I;16B" | "I;16L" | "I;16N" => {
            bytes_of_sixteen_bits(as_array(&upright)?.as_any())
        }
        // Floats in [0, 1]: Pillow itself would take them for levels from 0 to 255.
        "F" => as_array(&upright),
        _ => as_array(&upright.call_method1("convert", ("RGB",))?),
    }
}

/// The array that an object turns into, by any of the ways that there are; `None` for an object that has none.
fn array_of<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyUntypedArray>>> {
    let has = |name: &str| value.hasattr(name);
    let array = if has("__array__")? || has("__array_interface__")? || has("__array_struct__")? {
        as_array(value)
    } else if has("__dlpack__")? {
        let numpy = value.py().import("numpy")?;
        let array = numpy.call_method1("from_dlpack", (value,));
        array.and_then(|array| Ok(array.cast_into()?))
    } else {
        return Ok(None);
    };
    // A tensor on another device, or one that wants its gradient.
    array.map(Some).map_err(|error| unreadable(value, &error))
}

fn as_array<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyUntypedArray>> {
    Ok(value
        .py()
        .import("numpy")?
        .call_method1("asarray", (value,))?
        .cast_into()?)
}
