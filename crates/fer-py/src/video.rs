//! Frames in, tracked faces out.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use fer_vision::{FaceMode, FrameRow, StreamOptions};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::prelude::*;

use crate::analyzer::Analyzer;
use crate::convert::to_python;
use crate::errors::Subject;
use crate::face::Face;
use crate::input::ImageInput;

/// Follows the people of one sequence of frames.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct FaceStream(Mutex<fer_vision::FaceStream>);

#[pymethods]
impl FaceStream {
    #[new]
    fn new(analyzer: &Analyzer) -> PyResult<Self> {
        let analyzer = analyzer.analyzer_for(FaceMode::Find)?.clone();
        Ok(Self(Mutex::new(fer_vision::FaceStream::new(
            analyzer,
            StreamOptions::default(),
        ))))
    }

    /// The rows of the next frame, taken at `time` seconds, each with the face as it is drawn: smoothed over time.
    fn push<'py>(
        &self,
        py: Python<'py>,
        frame: &Bound<'py, PyAny>,
        time: f64,
        bgr: bool,
    ) -> PyResult<Vec<(Bound<'py, PyAny>, Face)>> {
        let input = ImageInput::new(frame, bgr)?;
        let source = input.source()?;
        let follow = || -> fer_kit::Result<_> {
            let decoded = source.decode()?;
            // A panic in an earlier frame leaves tracks that later frames correct.
            let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(stream.push(time, &decoded.view())?)
        };
        let faces = py
            .detach(follow)
            .map_err(|error| Subject::Image.raise(error))?;
        faces
            .iter()
            .map(|face| {
                let row = to_python(py, &FrameRow::new(None, time, face))?;
                Ok((row, Face(face.to_smoothed())))
            })
            .collect()
    }
}

/// Frames of a video file, as `ffmpeg` decodes them for the command: an iterator of times in seconds and RGB arrays.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct VideoFrames(Mutex<fer_vision::VideoFrames>);

#[pymethods]
impl VideoFrames {
    #[new]
    fn new(path: PathBuf, frames_per_second: f64) -> PyResult<Self> {
        let frames = fer_vision::VideoFrames::open(path, frames_per_second)
            .map_err(|error| Subject::Image.raise(error))?;
        Ok(Self(Mutex::new(frames)))
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<(f64, Bound<'py, PyArray3<u8>>)>> {
        let next = || self.0.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(frame) = py.detach(next) else {
            return Ok(None);
        };
        let (time, image) = frame.map_err(|error| Subject::Image.raise(error))?;
        let shape = [image.height() as usize, image.width() as usize, 3];
        let pixels = PyArray1::from_slice(py, image.pixels()).reshape(shape)?;
        Ok(Some((time, pixels)))
    }
}
