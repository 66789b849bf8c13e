//! `fer.Face`: a face of an image and its apparent expression.

use std::path::PathBuf;

use fer_core::framing::Framing;
use fer_core::{Emotion, OtherShare, PerEmotion, Prediction};
use fer_vision::{FaceBox, FaceRow, ImageResult};
use numpy::PyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::convert::to_python;
use crate::errors::Subject;

/// A face and its apparent expression.
///
/// ``np.asarray(face)`` holds its probabilities in the order of ``fer.EMOTIONS``.
#[pyclass(frozen, eq, module = "fer")]
#[derive(PartialEq)]
pub(crate) struct Face(pub(crate) fer_vision::Face);

/// Box, score, framing (center, side and roll in radians), probabilities, conformal p-values, and share and threshold of other
/// expressions: the parts that a face is made of.
type Parts = (
    Option<[u32; 4]>,
    Option<f32>,
    Option<[f32; 4]>,
    [f32; Emotion::COUNT],
    [f32; Emotion::COUNT],
    Option<(f32, f32)>,
);

/// The framing of center, side and roll; refuses numbers that no face of an image has.
fn framing_of([x, y, side, roll]: [f32; 4]) -> PyResult<Framing> {
    let is_sound = [x, y, side, roll].iter().all(|number| number.abs() < 1e6) && side > 0.0;
    if is_sound {
        return Ok(Framing { x, y, side, roll });
    }
    Err(Subject::Image.raise(fer_core::Error::InvalidValue {
        what: "a framing",
        expected: "a center, a positive side and a roll",
        found: format!("{:?}", [x, y, side, roll]),
    }))
}

#[pymethods]
impl Face {
    #[new]
    #[pyo3(signature = (bounds, score, framing, probabilities, p_values, other=None))]
    fn new(
        bounds: Option<[u32; 4]>,
        score: Option<f32>,
        framing: Option<[f32; 4]>,
        probabilities: [f32; Emotion::COUNT],
        p_values: [f32; Emotion::COUNT],
        other: Option<(f32, f32)>,
    ) -> PyResult<Self> {
        let other = other.map(|(share, threshold)| OtherShare { share, threshold });
        let prediction = Prediction::from_parts(probabilities, p_values, other)
            .map_err(|error| Subject::Image.raise(error))?;
        let bounds = bounds
            .map(FaceBox::try_from)
            .transpose()
            .map_err(|error| Subject::Image.raise(error))?;
        Ok(Self(fer_vision::Face {
            bounds,
            score,
            framing: framing.map(framing_of).transpose()?,
            prediction,
        }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, Parts) {
        let face = &slf.get().0;
        let parts = (
            face.bounds.map(<[u32; 4]>::from),
            face.score,
            face.framing
                .map(|Framing { x, y, side, roll }| [x, y, side, roll]),
            face.prediction.probabilities(),
            face.prediction.p_values(),
            face.prediction
                .other_share()
                .map(|other| (other.share, other.threshold)),
        );
        (slf.get_type(), parts)
    }

    /// Box ``(x, y, width, height)`` in pixels of the image; ``None`` for the whole image.
    #[getter]
    fn r#box(&self) -> Option<(u32, u32, u32, u32)> {
        self.0
            .bounds
            .map(|bounds| (bounds.x, bounds.y, bounds.width, bounds.height))
    }

    /// How sure the detector is that this is a face; ``None`` where it was not asked.
    #[getter]
    fn score(&self) -> Option<f32> {
        self.0.score
    }

    /// Tilt of the head, clockwise in degrees; ``None`` for the whole image.
    #[getter]
    fn roll(&self) -> Option<f32> {
        self.0.roll()
    }

    /// Most probable emotion.
    #[getter]
    fn emotion(&self) -> &'static str {
        self.0.prediction.emotion().label()
    }

    /// Probability of ``emotion``, in [0, 1].
    #[getter]
    fn confidence(&self) -> f32 {
        self.0.prediction.confidence()
    }

    /// Probability of each emotion, in [0, 1]; they sum to 1.
    #[getter]
    fn probabilities<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let probabilities = PyDict::new(py);
        for (emotion, probability) in PerEmotion(self.0.prediction.probabilities()).iter() {
            probabilities.set_item(emotion.label(), probability)?;
        }
        Ok(probabilities)
    }

    /// Estimated share of people who would see another expression than the four, in [0, 1]; ``None`` for a model that cannot tell.
    ///
    /// It stands beside ``probabilities``, which say what the four are to each other.
    #[getter]
    fn other(&self) -> Option<f32> {
        self.0.prediction.other()
    }

    /// ``True`` if ``other`` is above the model's threshold: an expression that is none of the four.
    #[getter]
    fn shows_other(&self) -> bool {
        self.0.prediction.shows_other()
    }

    /// ``True`` if ``shows_other``, or if the label set at an error rate of 0.1 has other labels.
    #[getter]
    fn uncertain(&self) -> bool {
        self.0.prediction.is_uncertain()
    }

    /// Emotions that cannot be ruled out, the most probable first; ``emotion`` is always among them.
    ///
    /// Split conformal prediction: over many faces like those the model was calibrated on, the set lacks the true label at most in a
    /// share of `error_rate`.
    ///
    /// Parameters
    /// ----------
    /// error_rate
    ///     Accepted share of sets without the true label, in [0, 1].
    ///
    /// Raises
    /// ------
    /// ConfigError
    ///     If `error_rate` is not in [0, 1].
    #[pyo3(signature = (error_rate=fer_core::Prediction::DEFAULT_ERROR_RATE))]
    fn label_set(&self, error_rate: f32) -> PyResult<Vec<&'static str>> {
        let labels = (self.0.prediction.label_set(error_rate))
            .map_err(|error| Subject::Image.raise(error))?;
        Ok(labels.into_iter().map(Emotion::label).collect())
    }

    /// Content of a face in the JSON of ``fer predict``, and ``emotions``, as other packages call it.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let face = to_python(py, &self.0)?.cast_into::<PyDict>()?;
        face.set_item("box", self.r#box())?;
        face.set_item("emotions", self.probabilities(py)?)?;
        Ok(face)
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if copy == Some(false) {
            return Err(PyValueError::new_err(
                "the array of a face is always a copy: copy=False cannot be met",
            ));
        }
        let array = PyArray1::from_slice(py, &self.0.prediction.probabilities()).into_any();
        match dtype {
            Some(dtype) => array.call_method1("astype", (dtype,)),
            None => Ok(array),
        }
    }

    fn __repr__(&self) -> String {
        let bounds = match self.r#box() {
            Some(bounds) => format!("{bounds:?}"),
            None => "None".to_owned(),
        };
        format!(
            "Face({} {:.2}, box={bounds})",
            self.emotion(),
            self.confidence()
        )
    }

    /// Title and bars, for notebooks.
    fn _repr_html_<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let shown = (
            self.emotion(),
            self.confidence(),
            self.probabilities(py)?,
            self.uncertain(),
            self.shows_other(),
        );
        py.import("fer._html")?.call_method1("face", shown)
    }
}

/// The rows of `fer predict --format csv` for one image.
#[pyfunction]
pub(crate) fn face_rows<'py>(
    py: Python<'py>,
    path: Option<PathBuf>,
    faces: Vec<PyRef<'py, Face>>,
    error: Option<String>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let is_file = path.is_some();
    let result = ImageResult {
        path: path.unwrap_or_default(),
        animated: false,
        outcome: Ok(faces.iter().map(|face| face.0.clone()).collect()),
    };
    let rows = result.rows().map(|row| {
        let row = to_python(
            py,
            &FaceRow {
                error: error.clone(),
                ..row
            },
        )?;
        if !is_file {
            row.set_item("path", py.None())?;
        }
        Ok(row)
    });
    rows.collect()
}
