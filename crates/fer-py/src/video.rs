//! Frames in, tracked faces out.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fer_vision::{CenteredSmoother, FaceMode, FrameRow, SmoothedFrame, StreamOptions};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::prelude::*;

use crate::analyzer::Analyzer;
use crate::convert::to_python;
use crate::errors::Subject;
use crate::face::Face;
use crate::input::ImageInput;

/// Follows the people of one sequence of frames.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct FaceStream(Mutex<Following>);

/// A stream of faces and, if frames may wait for those after them, its smoother, which keeps the frames meanwhile.
struct Following {
    stream: fer_vision::FaceStream,
    smoother: Option<CenteredSmoother<Py<PyAny>>>,
}

/// The time of a frame, the frame as it was given, and its rows, each with the face as it is drawn: smoothed over time.
type Seen<'py> = (f64, Py<PyAny>, Vec<(Bound<'py, PyAny>, Face)>);

#[pymethods]
impl FaceStream {
    #[new]
    fn new(analyzer: &Analyzer, centered: bool) -> PyResult<Self> {
        let analyzer = analyzer.analyzer_for(FaceMode::Find)?.clone();
        let options = StreamOptions::default();
        Ok(Self(Mutex::new(Following {
            smoother: centered.then(|| CenteredSmoother::new(&options)),
            stream: fer_vision::FaceStream::new(analyzer, options),
        })))
    }

    /// Looks at the next frame, taken at `time` seconds, and returns the frames that are ready: this one, or of a centered stream
    /// those that no later frame can change.
    fn push<'py>(
        &self,
        py: Python<'py>,
        frame: &Bound<'py, PyAny>,
        time: f64,
        bgr: bool,
    ) -> PyResult<Vec<Seen<'py>>> {
        let input = ImageInput::new(frame, bgr)?;
        let source = input.source()?;
        let follow = || -> fer_kit::Result<_> {
            let decoded = source.decode()?;
            Ok(self.following().stream.push(time, &decoded.view())?)
        };
        let faces = py
            .detach(follow)
            .map_err(|error| Subject::Image.raise(error))?;
        let item = frame.clone().unbind();
        let ready = match &mut self.following().smoother {
            Some(smoother) => smoother.push(time, faces, item),
            None => vec![SmoothedFrame { time, faces, item }],
        };
        ready.into_iter().map(|frame| seen(py, frame)).collect()
    }

    /// Returns the frames that still wait, at the end.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Vec<Seen<'py>>> {
        let smoother = &mut self.following().smoother;
        let ready = smoother.as_mut().map(CenteredSmoother::finish);
        let ready = ready.into_iter().flatten();
        ready.map(|frame| seen(py, frame)).collect()
    }
}

impl FaceStream {
    fn following(&self) -> MutexGuard<'_, Following> {
        // A panic in an earlier frame leaves tracks that later frames correct.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen(py: Python<'_>, frame: SmoothedFrame<Py<PyAny>>) -> PyResult<Seen<'_>> {
    let SmoothedFrame { time, faces, item } = frame;
    let rows = faces.iter().map(|face| {
        let row = to_python(py, &FrameRow::new(None, time, face))?;
        Ok((row, Face(face.to_smoothed())))
    });
    Ok((time, item, rows.collect::<PyResult<_>>()?))
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
