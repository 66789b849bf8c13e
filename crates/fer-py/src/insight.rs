//! Analyses of tables of faces.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use fer_core::PerEmotion;
use fer_insight::{
    BaselineOptions, Columns, CompareOptions, Declaration, FaceTable, Marker, RelateOptions,
    ShareOptions, Sheet, SimulateOptions, Study, TimelineOptions, TrendOptions,
};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;

use crate::convert::to_json;
use crate::errors::{Subject, invalid_setting};
use crate::faces::Faces;
use crate::insight_answer::{Answer, InsightAnswer};

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
    #[serde(default)]
    on: Option<String>,
}

#[derive(Deserialize)]
struct MarkerRow {
    #[serde(default)]
    path: Option<String>,
    time: f64,
    label: String,
}

/// Analyzes a table of faces as `request` says: joined with the columns of `join`, corrected by the sheet `labels`.
#[pyfunction]
#[pyo3(signature = (faces, request, join=None, labels=None))]
pub(crate) fn insight(
    py: Python<'_>,
    faces: Faces,
    request: &Bound<'_, PyDict>,
    join: Option<Faces>,
    labels: Option<Faces>,
) -> PyResult<InsightAnswer> {
    let request: Request = serde_json::from_value(to_json(request)?)
        .map_err(|error| invalid_setting(error.to_string()))?;
    let analyze = || {
        let labels = labels.map(|labels| labels.sheet("labels")).transpose()?;
        let study = study(&request, join.is_some(), labels.is_some())?;
        let table = faces.joined(join, request.on.as_deref())?;
        answer(&study, table, &request, labels.as_ref())
    };
    let answer = py.detach(analyze);
    answer
        .map(InsightAnswer)
        .map_err(|error| Subject::Table.raise(error))
}

fn answer(
    study: &Study,
    table: impl FaceTable,
    request: &Request,
    labels: Option<&Sheet>,
) -> fer_kit::Result<Answer> {
    Ok(match (request.analysis.as_str(), labels) {
        ("shares", None) => Answer::Shares(study.shares(table)?),
        ("shares", Some(sheet)) => Answer::Shares(study.shares_by_labels(table, sheet)?),
        ("compare", labels) => {
            let adjust = request.adjust.as_deref().map(str::parse).transpose()?;
            let defaults = CompareOptions::default();
            let options = CompareOptions {
                versus: request.versus.clone(),
                adjust: adjust.unwrap_or_default(),
                permutations: request.permutations.unwrap_or(defaults.permutations),
                ..defaults
            };
            Answer::Compare(match labels {
                Some(sheet) => study.compare_by_labels(table, sheet, &options)?,
                None => study.compare(table, &options)?,
            })
        }
        ("trend", labels) => {
            let options = TrendOptions {
                time: request.time.clone(),
                every: request.every.parse()?,
            };
            Answer::Trend(match labels {
                Some(sheet) => study.trend_by_labels(table, sheet, &options)?,
                None => study.trend(table, &options)?,
            })
        }
        ("timeline", _) => {
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
        ("baseline", _) => {
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

/// Returns the study that a request describes, of a table that is joined with another or not, corrected by labels or by
/// the reference.
fn study(request: &Request, joined: bool, labeled: bool) -> fer_kit::Result<Study> {
    let model = request.model.as_deref();
    let (model, reference) = match (labeled, &request.reference) {
        (true, Some(_)) => {
            return Err(fer_insight::Error::InvalidArgument {
                name: "reference",
                expected: "none beside labels, which correct the shares in its place".into(),
                found: "one".into(),
            }
            .into());
        }
        (true, None) => fer_kit::insight::reference_beside_labels(model)?,
        (false, file) => fer_kit::insight::reference(model, file.as_deref())?,
    };
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
            joined,
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

/// Draws faces of known truth: the truth, the person of each face, and the probabilities, `[faces, 4]`.
#[pyfunction]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    request: &Bound<'py, PyDict>,
) -> PyResult<Simulated<'py>> {
    let request: SimulateRequest = serde_json::from_value(to_json(request)?)
        .map_err(|error| invalid_setting(error.to_string()))?;
    let draw = || -> fer_kit::Result<_> {
        let (_, reference) =
            fer_kit::insight::reference(request.model.as_deref(), request.reference.as_deref())?;
        let options = SimulateOptions {
            shares: PerEmotion(request.shares),
            unclear: request.unclear,
            people: request.people,
            faces_per_person: request.faces_per_person,
            seed: request.seed,
        };
        Ok(fer_insight::simulate(&reference, &options)?)
    };
    let simulation = py
        .detach(draw)
        .map_err(|error| Subject::Table.raise(error))?;
    let faces = &simulation.faces;
    let people = faces.iter().map(|face| face.person as u64).collect();
    let probabilities = faces.iter().flat_map(|face| face.probabilities).collect();
    let probabilities = PyArray1::from_vec(py, probabilities).reshape([faces.len(), 4])?;
    Ok((
        simulation.truth.0,
        PyArray1::from_vec(py, people),
        probabilities,
    ))
}

type Simulated<'py> = (
    [f64; 4],
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray2<f64>>,
);

/// Field of faces to simulate.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SimulateRequest {
    shares: [f64; 4],
    unclear: f64,
    people: usize,
    faces_per_person: usize,
    model: Option<String>,
    reference: Option<PathBuf>,
    seed: u64,
}
