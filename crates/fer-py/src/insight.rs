//! Analyses of tables of faces.

use std::fs::File;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use fer_insight::{
    BaselineOptions, Baselines, Cell, Column, ColumnTable, Columns, CompareOptions, Comparison,
    Csv, Declaration, Document, FaceTable, FlatTable, Marker, Origin, RelateOptions, Relation,
    ShareOptions, Shares, Study, TimelineOptions, Timelines, Trend, TrendOptions,
};
use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;

use crate::convert::{to_json, to_python};
use crate::errors::{Subject, check_targets, invalid_setting};

/// A table of faces: a CSV file, or columns by name.
#[derive(FromPyObject)]
pub(crate) enum Faces {
    Path(PathBuf),
    Columns(Vec<(String, Cells)>),
}

/// The cells of a column: numbers, NaN where one is missing, or texts.
#[derive(FromPyObject)]
pub(crate) enum Cells {
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// Question asked of a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    analysis: String,
    by: Vec<String>,
    cluster: Option<String>,
    consent: Option<String>,
    only: Vec<(String, String)>,
    purpose: String,
    basis: Option<String>,
    min_people: Option<u64>,
    weight: String,
    model: Option<String>,
    reference: Option<PathBuf>,
    draws: usize,
    seed: u64,
    level: f64,
    threads: usize,
    #[serde(default)]
    versus: Option<String>,
    #[serde(default)]
    adjust: Option<String>,
    #[serde(default)]
    permutations: Option<u32>,
    #[serde(default)]
    time: String,
    #[serde(default)]
    every: String,
    #[serde(default)]
    markers: Vec<MarkerRow>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    phase: String,
    #[serde(default)]
    baseline: String,
    #[serde(default)]
    outcome: String,
}

#[derive(Deserialize)]
struct MarkerRow {
    #[serde(default)]
    path: Option<String>,
    time: f64,
    label: String,
}

/// The result of any analysis.
#[derive(Debug, PartialEq)]
enum Answer {
    Shares(Document<Shares>),
    Compare(Document<Comparison>),
    Trend(Document<Trend>),
    Timeline(Document<Timelines>),
    Baseline(Document<Baselines>),
    Relate(Document<Relation>),
}

/// Evaluates an expression on the document of any analysis.
macro_rules! on_document {
    ($answer:expr, $document:ident => $value:expr) => {
        match $answer {
            Answer::Shares($document) => $value,
            Answer::Compare($document) => $value,
            Answer::Trend($document) => $value,
            Answer::Timeline($document) => $value,
            Answer::Baseline($document) => $value,
            Answer::Relate($document) => $value,
        }
    };
}

/// The result of an analysis.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct InsightAnswer(Answer);

/// Analyzes a table of faces as `request` says.
#[pyfunction]
pub(crate) fn insight(
    py: Python<'_>,
    faces: Faces,
    request: &Bound<'_, PyDict>,
) -> PyResult<InsightAnswer> {
    let request: Request = serde_json::from_value(to_json(request)?)
        .map_err(|error| invalid_setting(error.to_string()))?;
    let answer = py.detach(|| match faces {
        Faces::Path(path) => {
            let file =
                File::open(&path).map_err(|source| fer_insight::Error::Read { path, source })?;
            answer(Csv(file), &request)
        }
        Faces::Columns(columns) => {
            let columns = columns.into_iter().map(|(name, cells)| {
                let column = match cells {
                    Cells::Numbers(numbers) => Column::Numbers(numbers),
                    Cells::Texts(texts) => Column::Texts(texts),
                };
                (name, column)
            });
            answer(ColumnTable::new(columns)?, &request)
        }
    });
    answer
        .map(InsightAnswer)
        .map_err(|error| Subject::Table.raise(error))
}

fn answer(table: impl FaceTable, request: &Request) -> fer_kit::Result<Answer> {
    let study = study(request)?;
    Ok(match request.analysis.as_str() {
        "shares" => Answer::Shares(study.shares(table)?),
        "compare" => {
            let adjust = request.adjust.as_deref().map(str::parse).transpose()?;
            let defaults = CompareOptions::default();
            let options = CompareOptions {
                versus: request.versus.clone(),
                adjust: adjust.unwrap_or_default(),
                permutations: request.permutations.unwrap_or(defaults.permutations),
                ..defaults
            };
            Answer::Compare(study.compare(table, &options)?)
        }
        "trend" => {
            let options = TrendOptions {
                time: request.time.clone(),
                every: request.every.parse()?,
            };
            Answer::Trend(study.trend(table, &options)?)
        }
        "timeline" => {
            let markers = request.markers.iter().map(|row| Marker {
                path: row.path.clone(),
                time: row.time,
                label: row.label.clone(),
            });
            let options = TimelineOptions {
                class_mix: fer_kit::insight::class_mix(request.model.as_deref())?,
                markers: markers.collect(),
            };
            Answer::Timeline(study.timeline(table, &options)?)
        }
        "baseline" => {
            let options = BaselineOptions {
                subject: request.subject.clone(),
                session: request.session.clone(),
                phase: request.phase.clone(),
                baseline: request.baseline.clone(),
            };
            Answer::Baseline(study.baseline(table, &options)?)
        }
        _ => {
            let options = RelateOptions {
                outcome: request.outcome.clone(),
            };
            Answer::Relate(study.relate(table, &options)?)
        }
    })
}

fn study(request: &Request) -> fer_kit::Result<Study> {
    let (model, reference) =
        fer_kit::insight::reference(request.model.as_deref(), request.reference.as_deref())?;
    let threads = NonZeroUsize::new(request.threads)
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN);
    Ok(Study {
        columns: Columns {
            by: request.by.clone(),
            cluster: request.cluster.clone(),
            consent: request.consent.clone(),
            only: request.only.clone(),
            ..Columns::default()
        },
        declaration: Declaration {
            purpose: request.purpose.parse()?,
            basis: request.basis.as_deref().map(str::parse).transpose()?,
            min_people: request.min_people,
            ..Declaration::default()
        },
        model,
        reference,
        options: ShareOptions {
            draws: request.draws,
            seed: request.seed,
            level: request.level,
            weight: request.weight.parse()?,
            threads,
        },
    })
}

/// A column of a flat table: name, type and values.
type FlatColumn<'py> = (String, &'static str, Vec<Bound<'py, PyAny>>);

#[pymethods]
impl InsightAnswer {
    /// Returns the JSON of the command as dictionaries and lists.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        on_document!(&self.0, document => to_python(py, document))
    }

    /// Returns the columns of the flat table.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<FlatColumn<'py>>> {
        flat_columns(
            py,
            on_document!(&self.0, document => document.result.flat()),
        )
    }

    /// Returns the result in one sentence.
    fn headline(&self) -> String {
        on_document!(&self.0, document => document.result.headline())
    }

    /// Writes the page of the result.
    fn save_page(&self, path: PathBuf, table: String, command: String) -> PyResult<()> {
        check_targets([&path], &[])?;
        let origin = Origin { table, command };
        let page = on_document!(&self.0, document => document.page(&origin));
        let page = page.map_err(|error| Subject::Table.raise(error))?;
        fer_core::write_atomic(path, page.as_bytes()).map_err(|error| Subject::Output.raise(error))
    }

    /// Returns the draws of the shares, `[draws, groups, 4]`, NaN for groups without; `None` for other analyses.
    fn draws<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyArray3<f64>>>> {
        let (Answer::Shares(Document { result: shares, .. })
        | Answer::Compare(Document {
            result: Comparison { shares, .. },
            ..
        })) = &self.0
        else {
            return Ok(None);
        };
        let draws = shares.groups.iter().map(|group| group.draws.len()).max();
        let draws = draws.unwrap_or_default();
        let mut values = Vec::with_capacity(draws * shares.groups.len() * 4);
        for draw in 0..draws {
            for group in &shares.groups {
                values.extend(group.draws.get(draw).copied().unwrap_or([f64::NAN; 4]));
            }
        }
        let shape = [draws, shares.groups.len(), 4];
        PyArray1::from_vec(py, values).reshape(shape).map(Some)
    }

    /// Returns the probabilities at each step of 0.2 s of each conversation, `[steps, 4]`; empty for other analyses.
    fn courses<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyArray2<f64>>>> {
        let Answer::Timeline(document) = &self.0 else {
            return Ok(Vec::new());
        };
        let conversations = document.result.conversations.iter();
        let courses = conversations.map(|conversation| {
            let steps = &conversation.course.probabilities;
            let values: Vec<f64> = steps.iter().flatten().copied().collect();
            PyArray1::from_vec(py, values).reshape([steps.len(), 4])
        });
        courses.collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

fn flat_columns(py: Python<'_>, table: FlatTable) -> PyResult<Vec<FlatColumn<'_>>> {
    let mut columns = Vec::with_capacity(table.columns.len());
    for (index, name) in table.columns.into_iter().enumerate() {
        let mut kind = "float";
        let mut values = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            values.push(match &row[index] {
                Cell::Missing => py.None().into_bound(py),
                Cell::Text(text) => {
                    kind = "str";
                    text.into_pyobject(py)?.into_any()
                }
                Cell::Count(count) => {
                    kind = "int";
                    count.into_pyobject(py)?.into_any()
                }
                Cell::Number(number) => number.into_pyobject(py)?.into_any(),
                Cell::Flag(flag) => {
                    kind = "bool";
                    flag.into_pyobject(py)?.to_owned().into_any()
                }
            });
        }
        columns.push((name, kind, values));
    }
    Ok(columns)
}
