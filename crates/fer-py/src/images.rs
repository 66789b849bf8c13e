//! Images for people: thumbnails and drawings.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use fer_core::{Image, ImageView, PixelFormat, chain};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, RgbImage};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{Subject, invalid_image, invalid_setting};
use crate::face::Face;
use crate::input::ImageInput;

/// JPEG quality at which artifacts do not show.
const QUALITY: u8 = 85;

/// The longest side of a thumbnail: small images are enlarged to it.
const MAX_THUMBNAIL_SIDE: u32 = 4096;

/// A JPEG of an image, `side` pixels on its longer side, and the width and height of the image itself.
#[pyfunction]
#[pyo3(signature = (image, side, *, bgr=false))]
pub(crate) fn thumbnail<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    side: u32,
    bgr: bool,
) -> PyResult<(Bound<'py, PyBytes>, u32, u32)> {
    if !(1..=MAX_THUMBNAIL_SIDE).contains(&side) {
        return Err(invalid_setting(format!(
            "the side of a thumbnail is {side}, expected 1 to {MAX_THUMBNAIL_SIDE} pixels"
        )));
    }
    let input = ImageInput::new(image, bgr)?;
    let source = input.source()?;
    let shrink = || -> fer_kit::Result<_> {
        let decoded = source.decode()?;
        let view = decoded.view();
        Ok((jpeg_of(&view, side), view.width(), view.height()))
    };
    let (jpeg, width, height) = py
        .detach(shrink)
        .map_err(|error| Subject::Image.raise(error))?;
    let jpeg = jpeg.map_err(|error| invalid_image(chain(&error)))?;
    Ok((PyBytes::new(py, &jpeg), width, height))
}

/// The image with boxes, labels and bars drawn on it, `[H, W, 3]`.
#[pyfunction]
#[pyo3(signature = (image, faces, *, bgr=false))]
pub(crate) fn draw<'py>(
    py: Python<'py>,
    image: &Bound<'py, PyAny>,
    faces: Vec<PyRef<'py, Face>>,
    bgr: bool,
) -> PyResult<Bound<'py, PyArray3<u8>>> {
    let drawing = drawing(py, image, &faces, bgr)?;
    let shape = [drawing.height() as usize, drawing.width() as usize, 3];
    PyArray1::from_vec(py, rgb(&drawing.view())).reshape(shape)
}

/// Writes the image with boxes, labels and bars drawn on it.
#[pyfunction]
#[pyo3(signature = (image, faces, path, *, bgr=false))]
pub(crate) fn save_drawing(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    faces: Vec<PyRef<'_, Face>>,
    path: PathBuf,
    bgr: bool,
) -> PyResult<()> {
    let source = ImageInput::new(image, bgr)?.path().map(PathBuf::from);
    let inputs: Vec<&Path> = source.as_deref().into_iter().collect();
    fer_core::check_image_target(&path, &inputs).map_err(|error| Subject::Output.raise(error))?;
    let drawing = drawing(py, image, &faces, bgr)?;
    py.detach(|| fer_vision::save(&drawing, &path))
        .map_err(|error| Subject::Output.raise(error))
}

fn drawing(
    py: Python<'_>,
    image: &Bound<'_, PyAny>,
    faces: &[PyRef<'_, Face>],
    bgr: bool,
) -> PyResult<Image> {
    let input = ImageInput::new(image, bgr)?;
    let source = input.source()?;
    let faces: Vec<fer_vision::Face> = faces.iter().map(|face| face.0.clone()).collect();
    let draw = || -> fer_kit::Result<Image> {
        let mut drawing = source.decode()?.view().to_image();
        fer_vision::draw(&mut drawing, &faces);
        Ok(drawing)
    };
    py.detach(draw).map_err(|error| Subject::Image.raise(error))
}

fn jpeg_of(view: &ImageView<'_>, side: u32) -> image::ImageResult<Vec<u8>> {
    let (width, height) = (view.width(), view.height());
    let whole = match view.format() {
        PixelFormat::Gray8 => {
            GrayImage::from_raw(width, height, view.rows().flatten().copied().collect())
                .map(DynamicImage::from)
        }
        _ => RgbImage::from_raw(width, height, rgb(view)).map(DynamicImage::from),
    };
    let whole = whole.unwrap_or_default();
    let resized = if width.max(height) > side {
        whole.thumbnail(side, side)
    } else {
        whole.resize(side, side, FilterType::CatmullRom)
    };
    let mut jpeg = Cursor::new(Vec::new());
    resized.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
    Ok(jpeg.into_inner())
}

/// The pixels as red, green and blue bytes.
fn rgb(view: &ImageView<'_>) -> Vec<u8> {
    let pixels = view
        .rows()
        .flat_map(|row| row.chunks_exact(view.format().channels()));
    let to_rgb = |pixel: &[u8]| match (view.format(), pixel) {
        (PixelFormat::Bgr8, &[blue, green, red]) => [red, green, blue],
        (_, &[gray]) => [gray; 3],
        (_, &[red, green, blue, ..]) => [red, green, blue],
        _ => [0; 3],
    };
    pixels.flat_map(to_rgb).collect()
}
