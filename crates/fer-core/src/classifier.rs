//! A model made ready to run.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use fer_kernels::{InferencePlan, InstructionSet, NetworkSpec, Threads};

use crate::length::check_length;
use crate::{Emotion, Error, ImageView, Model, Prediction, Priors, Result};

/// Faces that go through the network together; bounds the memory of a large batch.
const FACES_PER_PASS: usize = 256;

/// Predicts the apparent emotion of faces. `Send + Sync`; clones share weights and threads and cost next to nothing.
///
/// Input is an image of one face, cropped as a portrait from forehead to chin, in any size and pixel format.
/// A face's prediction depends neither on the faces beside it nor on the number of threads, bit for bit.
///
/// ```no_run
/// use fer_core::{Classifier, Image};
///
/// let classifier = Classifier::pretrained()?;
/// let face = Image::open("face.jpg")?;
/// let prediction = classifier.predict(&face.view())?;
/// println!("{} {:.0} %", prediction.emotion(), 100.0 * prediction.confidence());
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Classifier {
    network: Arc<Network>,
    threads: Arc<ThreadChoice>,
    priors: Priors,
    logit_shift: [f32; Emotion::COUNT],
}

#[derive(Debug)]
struct Network {
    model: Model,
    plan: InferencePlan,
    /// Logits a face: of the emotions, and of other expressions.
    outputs: usize,
}

/// Threads for one face and for many, each started when first needed.
#[derive(Debug, Default)]
struct ThreadChoice {
    /// As asked for; 0 for one thread a face and all cores for a batch.
    count: usize,
    one_face: OnceLock<Threads>,
    batch: OnceLock<Threads>,
}

impl Classifier {
    /// The default built-in model.
    ///
    /// # Errors
    /// [`Error::UnknownModel`](crate::Error::UnknownModel) in a build without trained weights.
    pub fn pretrained() -> Result<Self> {
        Self::named(Model::DEFAULT_NAME)
    }

    /// A built-in model by name: see [`Model::named`].
    ///
    /// # Errors
    /// As [`Model::named`].
    pub fn named(name: &str) -> Result<Self> {
        let (model, spec) = Model::open_named(name)?;
        Self::from_valid(model, &spec)
    }

    /// The built-in model of that name, else the model file at that path: see [`Model::find`].
    ///
    /// # Errors
    /// As [`Model::find`].
    pub fn find(name_or_path: impl AsRef<Path>) -> Result<Self> {
        let (model, spec) = Model::open_found(name_or_path.as_ref())?;
        Self::from_valid(model, &spec)
    }

    /// A model file: see [`Model::load`].
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let (model, spec) = Model::open(path)?;
        Self::from_valid(model, &spec)
    }

    /// The content of a model file: see [`Model::from_bytes`].
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (model, spec) = Model::read(bytes)?;
        Self::from_valid(model, &spec)
    }

    /// Makes a model ready to run: folds batch norm and transforms weights for the best instruction set of this CPU.
    ///
    /// # Errors
    /// As [`Model::validate`].
    pub fn from_model(model: Model) -> Result<Self> {
        let spec = model.validate()?;
        Self::from_valid(model, &spec)
    }

    fn from_valid(model: Model, spec: &NetworkSpec) -> Result<Self> {
        let (spec, parameters) = model.with_all_outputs(spec);
        let statistics = &model.weights.statistics;
        let plan = InferencePlan::new(&spec, &parameters, statistics, InstructionSet::best())?;
        drop(parameters);
        let priors = Priors::default();
        Ok(Self {
            logit_shift: priors.logit_shift(&model.class_mix)?,
            priors,
            network: Arc::new(Network {
                model,
                plan,
                outputs: spec.classes,
            }),
            threads: Arc::default(),
        })
    }

    /// Runs on `count` threads. 0, the default, means one thread for one face and all cores for a batch.
    #[must_use]
    pub fn with_threads(self, count: usize) -> Self {
        let threads = Arc::new(ThreadChoice {
            count,
            ..ThreadChoice::default()
        });
        Self { threads, ..self }
    }

    /// Gives probabilities under another mix of emotions; the default is [`Priors::default`].
    ///
    /// # Errors
    /// [`Error::InvalidPriors`](crate::Error::InvalidPriors) for a custom mix that is no distribution.
    pub fn with_priors(self, priors: Priors) -> Result<Self> {
        Ok(Self {
            logit_shift: priors.logit_shift(&self.model().class_mix)?,
            priors,
            ..self
        })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.network.model
    }

    /// The mix of emotions under which probabilities are given.
    pub fn priors(&self) -> Priors {
        self.priors
    }

    /// Predicts one face.
    ///
    /// # Errors
    /// Only if the threads asked for cannot be started.
    pub fn predict(&self, view: &ImageView<'_>) -> Result<Prediction> {
        let preprocessing = &self.model().preprocessing;
        let mut face = vec![0; preprocessing.face_len()];
        preprocessing.face_bytes(view, &mut face)?;
        let mut input = vec![0.0; face.len()];
        let mut logits = vec![0.0; self.network.outputs];
        self.forward(&face, &mut input, &mut logits, self.threads.one_face()?)?;
        Ok(self.prediction(&logits))
    }

    /// Predicts many faces, in order. Views may differ in size and format.
    ///
    /// # Errors
    /// As [`Classifier::predict`].
    pub fn predict_batch(&self, views: &[ImageView<'_>]) -> Result<Vec<Prediction>> {
        let preprocessing = &self.model().preprocessing;
        let face_len = preprocessing.face_len();
        let mut faces = vec![0; face_len * views.len().min(FACES_PER_PASS)];
        let mut predictions = Vec::with_capacity(views.len());
        for views in views.chunks(FACES_PER_PASS) {
            let faces = &mut faces[..face_len * views.len()];
            let mut outcomes: Vec<Result<()>> = views.iter().map(|_| Ok(())).collect();
            let tasks = views
                .iter()
                .zip(faces.chunks_mut(face_len))
                .zip(&mut outcomes);
            self.threads(views.len())?
                .for_each(tasks, |((view, face), outcome)| {
                    *outcome = preprocessing.face_bytes(view, face);
                });
            outcomes.into_iter().collect::<Result<()>>()?;
            predictions.extend(self.predict_faces(faces)?);
        }
        Ok(predictions)
    }

    /// Predicts faces that are preprocessed already: `[N, input_size, input_size]` bytes as made by
    /// [`Preprocessing::face_bytes`](crate::Preprocessing::face_bytes).
    ///
    /// # Errors
    /// [`Error::InvalidLength`](crate::Error::InvalidLength) if `faces` is not a whole number of faces;
    /// [`Error::CorruptModel`](crate::Error::CorruptModel) if the network's answer is no number.
    pub fn predict_faces(&self, faces: &[u8]) -> Result<Vec<Prediction>> {
        let logits = self.all_logits(faces)?;
        let faces = logits.chunks_exact(self.network.outputs);
        Ok(faces.map(|logits| self.prediction(logits)).collect())
    }

    /// Predicts faces of which the network sees several views, from the mean of the views' logits: `[V, input_size, input_size]`
    /// bytes, of which the first `views[0]` views show the first face, and so on.
    ///
    /// If the views of a face disagree, its label sets hold the answer to each view that could not rule it out. A single view
    /// gives what [`predict_faces`](Self::predict_faces) gives.
    ///
    /// # Errors
    /// [`Error::InvalidLength`](crate::Error::InvalidLength) unless `faces` holds as many whole faces as `views` says.
    pub fn predict_views(&self, faces: &[u8], views: &[usize]) -> Result<Vec<Prediction>> {
        let expected = views.iter().sum::<usize>() * self.model().preprocessing.face_len();
        check_length("a buffer of views", expected, faces.len())?;
        let logits = self.all_logits(faces)?;
        let mut rest = logits.as_slice();
        let predictions = views.iter().map(|&views| {
            let (of_face, others) = rest.split_at(views * self.network.outputs);
            rest = others;
            self.joint_prediction(of_face)
        });
        Ok(predictions.collect())
    }

    /// The prediction from the logits of one face's views, `[views, outputs]`.
    fn joint_prediction(&self, logits: &[f32]) -> Prediction {
        let outputs = self.network.outputs;
        if logits.len() == outputs {
            return self.prediction(logits);
        }
        let views = || logits.chunks_exact(outputs);
        let mean = |output: usize| {
            let sum: f32 = views().map(|logits| logits[output]).sum();
            sum / views().len().max(1) as f32
        };
        let mean: Vec<f32> = (0..outputs).map(mean).collect();
        let joint = self.prediction(&mean);
        let mut p_values = joint.p_values();
        for view in views().map(|logits| self.prediction(logits)) {
            let answer = view.emotion().index();
            p_values[answer] = p_values[answer].max(view.p_values()[answer]);
        }
        Prediction::new(joint.probabilities(), p_values, joint.other_share())
    }

    /// The raw logits of faces that are preprocessed already, before temperature and priors.
    ///
    /// # Errors
    /// As [`Classifier::predict_faces`].
    pub fn logits(&self, faces: &[u8]) -> Result<Vec<[f32; Emotion::COUNT]>> {
        let logits = self.all_logits(faces)?;
        let faces = logits.chunks_exact(self.network.outputs);
        Ok(faces.map(|logits| of_emotions(logits).0).collect())
    }

    /// The logits of the emotions and of other expressions, `[N, outputs]`.
    fn all_logits(&self, faces: &[u8]) -> Result<Vec<f32>> {
        let face_len = self.model().preprocessing.face_len();
        let outputs = self.network.outputs;
        let count = faces.len().div_ceil(face_len);
        let threads = self.threads(count)?;
        let pass_len = face_len * FACES_PER_PASS;
        let mut input = vec![0.0; faces.len().min(pass_len)];
        let mut logits = vec![0.0; count * outputs];
        let passes = faces
            .chunks(pass_len)
            .zip(logits.chunks_mut(FACES_PER_PASS * outputs));
        for (faces, logits) in passes {
            self.forward(faces, &mut input[..faces.len()], logits, threads)?;
        }
        if let Some(logit) = logits.iter().find(|logit| !logit.is_finite()) {
            return Err(Error::CorruptModel {
                reason: format!(
                    "its network answers {logit}, as weights that are too large make it"
                ),
            });
        }
        Ok(logits)
    }

    fn forward(
        &self,
        faces: &[u8],
        input: &mut [f32],
        logits: &mut [f32],
        threads: &Threads,
    ) -> Result<()> {
        self.model().preprocessing.normalize(faces, input)?;
        Ok(self.network.plan.logits(input, logits, threads)?)
    }

    fn prediction(&self, logits: &[f32]) -> Prediction {
        let model = self.model();
        let (emotions, others) = of_emotions(logits);
        let natural = model
            .calibration
            .probabilities(&emotions, &[0.0; Emotion::COUNT]);
        let probabilities = model
            .calibration
            .probabilities(&emotions, &self.logit_shift);
        let other = model.other.as_ref();
        let other = other.map(|other| other.calibration.share(&emotions, others));
        Prediction::new(probabilities, model.calibration.p_values(&natural), other)
    }

    fn threads(&self, faces: usize) -> Result<&Threads> {
        if faces > 1 {
            self.threads.batch()
        } else {
            self.threads.one_face()
        }
    }
}

/// Splits the logits of a face into those of the emotions and those of other expressions.
fn of_emotions(logits: &[f32]) -> ([f32; Emotion::COUNT], &[f32]) {
    let (emotions, others) = logits.split_at(Emotion::COUNT);
    (std::array::from_fn(|index| emotions[index]), others)
}

impl ThreadChoice {
    fn one_face(&self) -> Result<&Threads> {
        if self.count > 1 {
            return self.batch();
        }
        started(&self.one_face, 1)
    }

    fn batch(&self) -> Result<&Threads> {
        started(&self.batch, self.count)
    }
}

fn started(threads: &OnceLock<Threads>, count: usize) -> Result<&Threads> {
    if let Some(threads) = threads.get() {
        return Ok(threads);
    }
    let fresh = Threads::new(count)?;
    Ok(threads.get_or_init(|| fresh))
}
