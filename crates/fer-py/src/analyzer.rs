//! A loaded model with its detector: what `fer.Classifier` stands on.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use fer_core::{Classifier, Emotion, Model, Priors, WeightStorage, write_new};
use fer_vision::{AnalyzerOptions, FaceDetector, FaceMode, GivenBox, SeetaDetector};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch;
use crate::convert::{thread_count, to_python};
use crate::errors::{FerError, Subject, check_targets, folder_for_image, missing_image};
use crate::face::Face;
use crate::input::{ImageInput, Source, is_missing};

/// A loaded model with its detector.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct Analyzer {
    name: Option<String>,
    classifier: Classifier,
    detector: Arc<dyn FaceDetector>,
    threads: usize,
    /// One analyzer a way of looking for faces, made when first asked for.
    analyzers: [OnceLock<fer_vision::Analyzer>; FaceMode::ALL.len()],
}

/// Faces of an image, its path where it is a file, and why it could not be read.
type Outcome = (Vec<Face>, Option<OsString>, Option<PyErr>);

/// Name, priors, threads and, of a file, content of the model.
type State<'py> = (Option<String>, String, usize, Option<Bound<'py, PyBytes>>);

/// The gray crop of a face and the map over it, both `[S, S]`.
type CropAndHeat<'py> = (Bound<'py, PyArray2<u8>>, Bound<'py, PyArray2<f32>>);

#[pymethods]
impl Analyzer {
    #[new]
    #[pyo3(signature = (model, priors, threads, content=None))]
    fn new(
        py: Python<'_>,
        model: Option<String>,
        priors: Option<&str>,
        #[pyo3(from_py_with = thread_count)] threads: usize,
        content: Option<&[u8]>,
    ) -> PyResult<Self> {
        let load = || -> fer_kit::Result<Self> {
            let priors = priors.map(str::parse::<Priors>).transpose()?;
            let classifier = match content {
                Some(content) => Classifier::from_bytes(content)?
                    .with_threads(threads)
                    .with_priors(priors.unwrap_or_default())?,
                None => fer_kit::load_classifier(model.as_deref(), priors, threads)?,
            };
            Ok(Self::with(
                classifier,
                Arc::new(SeetaDetector::new()?),
                model,
                threads,
            ))
        };
        py.detach(load).map_err(|error| Subject::Model.raise(error))
    }

    /// Returns the recipe of the same analyzer for another process: a built-in model by its name, a file by its content, which need not be
    /// there.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
        let (py, analyzer) = (slf.py(), slf.get());
        let content = if Model::names().contains(&analyzer.name()) {
            None
        } else {
            let model = analyzer.classifier.model();
            let content = py
                .detach(|| model.to_bytes(WeightStorage::F32))
                .map_err(|error| Subject::Model.raise(error))?;
            Some(PyBytes::new(py, &content))
        };
        let state = (
            analyzer.name.clone(),
            analyzer.priors(),
            analyzer.threads,
            content,
        );
        let restore = py.import("fer._restore")?.getattr("restore_analyzer")?;
        Ok((restore, state))
    }

    /// The analyzer itself, which never changes.
    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// The same model under another class mix.
    fn with_priors(&self, priors: &str) -> PyResult<Self> {
        let classifier = priors
            .parse()
            .and_then(|priors| self.classifier.clone().with_priors(priors));
        let classifier = classifier.map_err(|error| Subject::Model.raise(error))?;
        Ok(Self::with(
            classifier,
            Arc::clone(&self.detector),
            self.name.clone(),
            self.threads,
        ))
    }

    /// The name or path that the model was loaded by.
    #[getter]
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(Model::DEFAULT_NAME)
    }

    /// The class mix that probabilities assume.
    #[getter]
    fn priors(&self) -> String {
        self.classifier.priors().to_string()
    }

    /// The faces of one image, and its path where it is a file; those in `boxes`, where the caller has found them.
    #[pyo3(signature = (image, faces, bgr, boxes=None))]
    fn predict(
        &self,
        py: Python<'_>,
        image: &Bound<'_, PyAny>,
        faces: &str,
        bgr: bool,
        boxes: Option<Vec<GivenBox>>,
    ) -> PyResult<(Vec<Face>, Option<OsString>)> {
        let analyzer = self.analyzer(faces)?;
        let input = ImageInput::new(image, bgr)?;
        let source = input.source()?;
        if let Source::File(path) = source
            && path.is_dir()
        {
            return Err(folder_for_image(path));
        }
        let predict = || -> fer_kit::Result<_> {
            let decoded = source.decode()?;
            Ok(match &boxes {
                Some(boxes) => analyzer.image_at(&decoded.view(), boxes)?,
                None => analyzer.image(&decoded.view())?,
            })
        };
        let found = py
            .detach(predict)
            .map_err(|error| Subject::Image.raise(error))?;
        Ok((found.into_iter().map(Face).collect(), input.path()))
    }

    /// The faces of each image, its path where it is a file, and why it could not be read.
    #[pyo3(signature = (images, faces, bgr, progress))]
    fn predict_batch(
        &self,
        py: Python<'_>,
        images: Vec<Bound<'_, PyAny>>,
        faces: &str,
        bgr: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Vec<Outcome>> {
        let analyzer = self.analyzer(faces)?;
        let inputs = images
            .iter()
            .map(|image| {
                if is_missing(image)? {
                    return Ok(Err(missing_image()));
                }
                match ImageInput::new(image, bgr) {
                    // An object of a wrong type is a mistake in the program, not a bad file among good ones.
                    Err(error) if !error.is_instance_of::<FerError>(py) => Err(error),
                    input => Ok(input),
                }
            })
            .collect::<PyResult<Vec<_>>>()?;
        let sources = inputs
            .iter()
            .flatten()
            .map(ImageInput::source)
            .collect::<PyResult<Vec<Source<'_>>>>()?;
        let mut found = batch::predict(py, analyzer, &sources, progress.as_ref())?.into_iter();
        let outcomes = inputs.iter().map(|input| match input {
            Ok(input) => match found.next() {
                Some(Ok(faces)) => (faces.into_iter().map(Face).collect(), input.path(), None),
                Some(Err(error)) => (Vec::new(), input.path(), Some(Subject::Image.raise(error))),
                None => (Vec::new(), input.path(), None),
            },
            Err(error) => (Vec::new(), None, Some(error.clone_ref(py))),
        });
        Ok(outcomes.collect())
    }

    /// The gray crop that the network sees of a face, `[S, S]`, and how much each of its pixels speaks for an emotion, or against it.
    #[pyo3(signature = (image, face, emotion, *, bgr))]
    fn explain<'py>(
        &self,
        py: Python<'py>,
        image: &Bound<'py, PyAny>,
        face: &Face,
        emotion: &str,
        bgr: bool,
    ) -> PyResult<CropAndHeat<'py>> {
        let input = ImageInput::new(image, bgr)?;
        let source = input.source()?;
        let emotion: Emotion = emotion
            .parse()
            .map_err(|error: fer_core::Error| Subject::Image.raise(error))?;
        let analyzer = self.analyzer_for(FaceMode::Auto)?;
        let explain = || -> fer_kit::Result<_> {
            let decoded = source.decode()?;
            let crop = analyzer.crop(&decoded.view(), &face.0)?;
            let preprocessing = &self.classifier.model().preprocessing;
            let mut pixels = vec![0; preprocessing.face_len()];
            preprocessing.face_bytes(&crop.view(), &mut pixels)?;
            Ok((
                pixels,
                self.classifier.explain(&crop.view(), Some(emotion))?,
            ))
        };
        let (pixels, explanation) = py
            .detach(explain)
            .map_err(|error| Subject::Image.raise(error))?;
        let shape = [explanation.size(); 2];
        let heat_map = PyArray1::from_slice(py, explanation.heat()).reshape(shape)?;
        Ok((PyArray1::from_vec(py, pixels).reshape(shape)?, heat_map))
    }

    /// Writes the model as a new ONNX file, with probabilities under the analyzer's priors.
    fn export(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        check_targets([&path], &[])?;
        let export = || {
            let content = self.classifier.model().to_onnx(self.classifier.priors())?;
            write_new(path, &content)
        };
        py.detach(export)
            .map_err(|error| Subject::Output.raise(error))
    }

    /// What the model file says of itself.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &fer_kit::describe(&self.classifier))
    }
}

impl Analyzer {
    pub(crate) fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    fn with(
        classifier: Classifier,
        detector: Arc<dyn FaceDetector>,
        name: Option<String>,
        threads: usize,
    ) -> Self {
        Self {
            name,
            classifier,
            detector,
            threads,
            analyzers: Default::default(),
        }
    }

    /// The analyzer that looks for faces in the way that `faces` names.
    fn analyzer(&self, faces: &str) -> PyResult<&fer_vision::Analyzer> {
        self.analyzer_for(
            faces
                .parse()
                .map_err(|error: fer_vision::Error| Subject::Image.raise(error))?,
        )
    }

    pub(crate) fn analyzer_for(&self, faces: FaceMode) -> PyResult<&fer_vision::Analyzer> {
        let cell = &self.analyzers[faces as usize];
        if let Some(analyzer) = cell.get() {
            return Ok(analyzer);
        }
        let options = AnalyzerOptions {
            faces,
            threads: self.threads,
            ..AnalyzerOptions::default()
        };
        let analyzer = fer_vision::Analyzer::with_detector(
            self.classifier.clone(),
            Arc::clone(&self.detector),
            options,
        )
        .map_err(|error| Subject::Image.raise(error))?;
        Ok(cell.get_or_init(|| analyzer))
    }
}
