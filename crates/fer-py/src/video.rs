//! Frames in, tracked faces out.

use std::sync::{Mutex, PoisonError};

use fer_vision::{FaceMode, FrameRow, StreamOptions};
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
