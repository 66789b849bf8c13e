//! Evaluation and audit.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fer_core::{Emotion, PerEmotion};
use fer_kit::EvaluateOptions;
use fer_train::audit::{AuditOptions, AuditStep};
use fer_train::{EvaluatedImage, ExcludeList, report};
use pyo3::prelude::*;

use crate::analyzer::Analyzer;
use crate::convert::{thread_count, to_python};
use crate::errors::{Subject, check_targets};
use crate::watch::Watch;

/// Images to leave out of the figures.
#[derive(FromPyObject)]
pub(crate) enum Exclude {
    Paths(Vec<String>),
    /// A file with one path a line.
    List(PathBuf),
}

impl Exclude {
    fn into_list(self) -> fer_train::Result<ExcludeList> {
        match self {
            Self::Paths(paths) => Ok(paths.into_iter().collect()),
            Self::List(file) => ExcludeList::load(file),
        }
    }
}

/// Scores a model on class folders; the result is the JSON of `fer evaluate`.
#[pyfunction]
#[pyo3(signature = (folder, analyzer, *, faces, votes, groups, exclude, ignore_unknown, html, threads, progress))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    folder: PathBuf,
    analyzer: &Analyzer,
    faces: &str,
    votes: Option<PathBuf>,
    groups: Option<PathBuf>,
    exclude: Option<Exclude>,
    ignore_unknown: bool,
    html: Option<PathBuf>,
    #[pyo3(from_py_with = thread_count)] threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let list = match &exclude {
        Some(Exclude::List(file)) => Some(file),
        _ => None,
    };
    let inputs = [votes.as_ref(), groups.as_ref(), list];
    let inputs: Vec<&Path> = inputs.into_iter().flatten().map(PathBuf::as_path).collect();
    check_targets(&html, &inputs)?;
    let exclude = exclude
        .map(Exclude::into_list)
        .transpose()
        .map_err(|error| Subject::Dataset.raise(error))?;
    let options = EvaluateOptions {
        faces: faces
            .parse()
            .map_err(|error: fer_vision::Error| Subject::Dataset.raise(error))?,
        votes,
        groups,
        exclude,
        ignore_unknown,
        threads,
    };
    let classifier = analyzer.classifier();
    let model = analyzer.name();
    let mut watch = Watch::new(progress);
    let tell = |done, total| watch.look("images", done, total);
    let evaluate = || -> fer_kit::Result<_> {
        let evaluation = fer_kit::evaluate(classifier, &folder, &options, tell)?;
        let page = || report::evaluation_html(&evaluation, &folder, model, classifier.model());
        let page = html.is_some().then(page).transpose()?;
        Ok((evaluation, page))
    };
    let outcome = py.detach(evaluate);
    watch.into_result()?;
    let (evaluation, page) = outcome.map_err(|error| Subject::Dataset.raise(error))?;
    write_page(html, page)?;
    to_python(py, &evaluation)
}

/// Writes a page, where one was asked for.
fn write_page(html: Option<PathBuf>, page: Option<String>) -> PyResult<()> {
    let Some((html, page)) = html.zip(page) else {
        return Ok(());
    };
    fer_core::write_atomic(html, page.as_bytes()).map_err(|error| Subject::Output.raise(error))
}

/// An image of an evaluation: path, truth and answer.
type Answer = (String, String, String);

/// Compares the answers of two models to the same images; the result is the JSON of `fer compare`.
#[pyfunction]
pub(crate) fn compare(
    py: Python<'_>,
    a: Vec<Answer>,
    b: Vec<Answer>,
) -> PyResult<Bound<'_, PyAny>> {
    let compared = images(a).and_then(|a| Ok(fer_train::compare(&a, &images(b)?)?));
    to_python(
        py,
        &compared.map_err(|error| Subject::Dataset.raise(error))?,
    )
}

fn images(answers: Vec<Answer>) -> fer_kit::Result<Vec<EvaluatedImage>> {
    let image = |(path, truth, emotion): Answer| {
        Ok(EvaluatedImage {
            path,
            truth: truth.parse::<Emotion>()?,
            emotion: emotion.parse::<Emotion>()?,
            // Who is right is compared, not how sure.
            probabilities: PerEmotion::default(),
            votes: None,
            other: None,
        })
    };
    answers.into_iter().map(image).collect()
}

/// Returns the 95 % interval of a share (Wilson 1927).
#[pyfunction]
pub(crate) fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    let [low, high] = fer_train::metrics::wilson(successes, trials);
    (low, high)
}

/// Looks for what is wrong with a dataset; the result is the JSON of `fer audit`.
#[pyfunction]
#[pyo3(signature = (data, *, html, suspects, threads, progress))]
pub(crate) fn audit(
    py: Python<'_>,
    data: PathBuf,
    html: Option<PathBuf>,
    suspects: bool,
    #[pyo3(from_py_with = thread_count)] threads: usize,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'_, PyAny>> {
    check_targets(&html, &[])?;
    let options = AuditOptions::default()
        .with_suspects(suspects)
        .with_threads(threads);
    let mut watch = Watch::new(progress);
    let tell = |step| match step {
        AuditStep::Decoding(images) => watch.look("decoding images", 0, images),
        AuditStep::Comparing(images) => watch.look("comparing images", 0, images),
        AuditStep::Training { epoch, epochs } => {
            watch.look("training judges of labels", epoch, epochs)
        }
        _ => ControlFlow::Continue(()),
    };
    let audit = || -> fer_kit::Result<_> {
        let audit = fer_train::audit::audit(&data, &options, tell)?;
        let page = || report::audit_html(&audit, &data);
        let page = html.is_some().then(page).transpose()?;
        Ok((audit, page))
    };
    let outcome = py.detach(audit);
    watch.into_result()?;
    let (audit, page) = outcome.map_err(|error| Subject::Dataset.raise(error))?;
    write_page(html, page)?;
    to_python(py, &audit)
}
