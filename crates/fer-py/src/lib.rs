//! The Rust side of the Python package: conversion, the GIL and exceptions. What it does is done in the crates below.

mod analyzer;
mod arrow;
mod batch;
mod convert;
mod errors;
mod face;
mod faces;
mod images;
mod input;
mod insight;
mod insight_answer;
mod labels;
mod pixels;
mod scoring;
mod training;
mod video;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use fer_vision::ColumnType;
use pyo3::prelude::*;

/// Runs the `fer` command line, its name first, and gives its exit code.
#[pyfunction]
fn run_cli(py: Python<'_>, args: Vec<OsString>) -> i32 {
    py.detach(|| fer_cli::run(args))
}

/// Returns the image files, and the `videos` if they are wanted, that a file, a folder or a glob pattern names; it is an error if there
/// are none.
#[pyfunction]
#[pyo3(signature = (path, *, videos))]
fn expand_inputs(py: Python<'_>, path: PathBuf, videos: bool) -> PyResult<Vec<PathBuf>> {
    let mut files = py
        .detach(|| fer_vision::expand_inputs([&path]))
        .map_err(|error| errors::Subject::Image.raise(error))?;
    files.retain(|file| videos || !fer_vision::is_video(file));
    match files.as_slice() {
        // Nothing was found: the name itself stays in the list.
        [] => Err(errors::no_images(&path)),
        [only] if *only == path && (path.is_dir() || !path.exists()) => {
            Err(errors::no_images(&path))
        }
        _ => Ok(files),
    }
}

/// The name by which Python knows the type of a column.
fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "text",
        ColumnType::Boolean => "boolean",
        ColumnType::Integer => "integer",
        ColumnType::Float | ColumnType::Double => "number",
    }
}

/// Private: import from ``fer``.
#[pymodule(gil_used = false)]
mod _fer {
    use fer_core::{Emotion, Model};
    use fer_vision::FaceRow;
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;

    #[pymodule_export]
    use super::analyzer::Analyzer;
    #[pymodule_export]
    use super::arrow::arrow_stream;
    #[pymodule_export]
    use super::face::{Face, face_rows};
    #[pymodule_export]
    use super::images::{draw, save_drawing, thumbnail};
    #[pymodule_export]
    use super::insight::{insight, simulate};
    #[pymodule_export]
    use super::insight_answer::InsightAnswer;
    #[pymodule_export]
    use super::labels::{DrawnSheet, compare_raters, draw_sheet, label_page};
    #[pymodule_export]
    use super::scoring::{audit, compare, evaluate, wilson};
    #[pymodule_export]
    use super::training::{train, train_defaults};
    #[pymodule_export]
    use super::video::{FaceStream, VideoFrames};
    #[pymodule_export]
    use super::{expand_inputs, run_cli};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add(
            "EMOTIONS",
            PyTuple::new(py, Emotion::ALL.map(Emotion::label))?,
        )?;
        module.add("FRAMES_PER_SECOND", fer_vision::DEFAULT_FRAMES_PER_SECOND)?;
        module.add("MODELS", PyTuple::new(py, Model::names())?)?;
        let column = |(name, kind)| (name, super::type_name(kind));
        module.add(
            "FACE_COLUMNS",
            PyTuple::new(py, FaceRow::COLUMNS.map(column))?,
        )
    }
}
