//! Training under the eyes of Python: events to a function, interrupts to the trainer.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fer_kit::TrainRequest;
use fer_train::{Device, EpochMetrics, Observer, Preparation, RunStart, StepProgress, TrainConfig};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, Value};

use crate::convert::{thread_count, to_json, to_python, to_python_in_decimal};
use crate::errors::Subject;

/// Steps are told at most so often: a progress bar needs no more.
const STEP_EVENT_EVERY: Duration = Duration::from_millis(100);

/// Trains as `fer train` does. `observe` is called with a dictionary an event.
#[pyfunction]
#[pyo3(signature = (data, out, *, config, options, resume, ignore_unknown, device, threads, observe))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn train(
    py: Python<'_>,
    data: PathBuf,
    out: PathBuf,
    config: Option<PathBuf>,
    options: &Bound<'_, PyDict>,
    resume: bool,
    ignore_unknown: bool,
    device: &str,
    #[pyo3(from_py_with = thread_count)] threads: usize,
    observe: Option<Py<PyAny>>,
) -> PyResult<()> {
    let request = TrainRequest {
        data,
        out,
        config,
        options: named_options(options)?,
        resume,
        ignore_unknown,
        device: device
            .parse::<Device>()
            .map_err(|error| Subject::Training.raise(error))?,
        threads,
    };
    let mut observer = PythonObserver::new(observe);
    let run = py.detach(|| fer_kit::train(&request, &mut observer));
    match observer.stopped_by {
        Some(error) => Err(error),
        None => run
            .map(drop)
            .map_err(|error| Subject::Training.raise(error)),
    }
}

/// Every setting of a training with its default.
#[pyfunction]
pub(crate) fn train_defaults(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    to_python_in_decimal(py, &TrainConfig::default())
}

fn named_options(options: &Bound<'_, PyDict>) -> PyResult<Map<String, Value>> {
    options
        .iter()
        .map(|(name, value)| Ok((name.extract()?, to_json(&value)?)))
        .collect()
}

/// Hands events to a Python function; stops the training when that function raises, or at an interrupt.
struct PythonObserver {
    observe: Option<Py<PyAny>>,
    epochs: usize,
    last_step_event: Instant,
    stopped_by: Option<PyErr>,
}

impl PythonObserver {
    fn new(observe: Option<Py<PyAny>>) -> Self {
        Self {
            observe,
            epochs: 0,
            last_step_event: Instant::now(),
            stopped_by: None,
        }
    }

    fn tell(&mut self, event: &str, fields: impl Fn(&Bound<'_, PyDict>) -> PyResult<()>) {
        let Some(observe) = &self.observe else { return };
        let told = Python::attach(|py| {
            let dict = PyDict::new(py);
            dict.set_item("event", event)?;
            dict.set_item("epochs", self.epochs)?;
            fields(&dict)?;
            observe.call1(py, (dict,)).map(drop)
        });
        if let Err(error) = told {
            self.stopped_by.get_or_insert(error);
        }
    }
}

impl Observer for PythonObserver {
    fn preparing(&mut self, stage: Preparation) {
        self.tell("prepare", |event| {
            event.set_item("stage", stage.to_string())
        });
    }

    fn started(&mut self, run: &RunStart<'_>) {
        self.epochs = run.epochs;
        self.tell("start", |event| {
            event.set_item("completed_epochs", run.completed_epochs)?;
            event.set_item("steps_per_epoch", run.steps_per_epoch)?;
            event.set_item("parameters", run.parameters)?;
            event.set_item("data", to_python(event.py(), run.data)?)
        });
    }

    fn step(&mut self, step: &StepProgress) {
        if step.step < step.steps_per_epoch && self.last_step_event.elapsed() < STEP_EVENT_EVERY {
            return;
        }
        self.last_step_event = Instant::now();
        self.tell("step", |event| {
            event.set_item("epoch", step.epoch)?;
            event.set_item("step", step.step)?;
            event.set_item("steps_per_epoch", step.steps_per_epoch)?;
            event.set_item("loss", step.loss)?;
            event.set_item("learning_rate", step.learning_rate)?;
            event.set_item("images_per_second", step.images_per_second)?;
            event.set_item("seconds_left", step.seconds_left)
        });
    }

    fn epoch(&mut self, epoch: &EpochMetrics) {
        self.tell("epoch", |event| {
            let metrics = to_python(event.py(), epoch)?.cast_into::<PyDict>()?;
            event.update(metrics.as_mapping())
        });
    }

    fn should_stop(&mut self) -> bool {
        if self.stopped_by.is_none() {
            self.stopped_by = Python::attach(|py| py.check_signals()).err();
        }
        self.stopped_by.is_some()
    }
}
