//! Evaluation and audit.

use std::path::PathBuf;

use fer_cli::EvaluateOptions;
use pyo3::prelude::*;

use crate::analyzer::Analyzer;
use crate::convert::to_python;
use crate::errors::Subject;

/// Scores a model on class folders; the result is the JSON of `fer evaluate`.
#[pyfunction]
#[pyo3(signature = (folder, analyzer, *, faces, votes, exclude, ignore_unknown, threads))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    folder: PathBuf,
    analyzer: &Analyzer,
    faces: &str,
    votes: Option<PathBuf>,
    exclude: Option<Vec<String>>,
    ignore_unknown: bool,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let options = EvaluateOptions {
        faces: faces
            .parse()
            .map_err(|error: fer_vision::Error| Subject::Dataset.raise(error))?,
        votes,
        exclude: exclude.map(|paths| paths.into_iter().collect()),
        ignore_unknown,
        threads,
    };
    let evaluation =
        py.detach(|| fer_cli::evaluate(analyzer.classifier(), &folder, &options, |_, _| {}));
    to_python(
        py,
        &evaluation.map_err(|error| Subject::Dataset.raise(error))?,
    )
}
