//! Sheets of faces to label, the page on which people label them, and how well people agree.

use std::path::PathBuf;

use fer_core::{chain, write_once};
use fer_insight::{
    AgreementOptions, Columns, Sample, SampleOptions, Sheet, agreement, model_answers, sample,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Deserialize;

use crate::convert::{to_json, to_python};
use crate::errors::{Subject, check_targets, invalid_setting};
use crate::faces::Faces;
use crate::insight_answer::{FlatColumn, flat_columns};

/// Faces drawn from a table.
#[pyclass(frozen, module = "fer._fer")]
pub(crate) struct DrawnSheet(Sample);

#[pymethods]
impl DrawnSheet {
    /// Returns the columns of the sheet.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<FlatColumn<'py>>> {
        flat_columns(py, self.0.sheet.flat())
    }

    /// Returns the rows of the table by what became of them.
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.rows)
    }

    /// Returns whether one face of each cluster was drawn.
    fn clustered(&self) -> bool {
        self.0.clustered
    }

    /// Writes the sheet as CSV to a file that is not there yet, or that holds it already.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        check_targets([&path], &[])?;
        let write = || -> fer_kit::Result<()> {
            let csv = self.0.sheet.to_csv()?;
            Ok(write_once(&path, csv.as_bytes())?)
        };
        write().map_err(|error| Subject::Output.raise(error))
    }
}

/// Sample to draw from a table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleRequest {
    cluster: Option<String>,
    consent: Option<String>,
    only: Vec<(String, String)>,
    on: Option<String>,
    count: usize,
    seed: u64,
}

/// Draws faces of a table, joined with the columns of `join`, for people to label.
#[pyfunction]
#[pyo3(name = "sample", signature = (faces, request, join=None))]
pub(crate) fn draw_sheet(
    py: Python<'_>,
    faces: Faces,
    request: &Bound<'_, PyDict>,
    join: Option<Faces>,
) -> PyResult<DrawnSheet> {
    let request: SampleRequest = serde_json::from_value(to_json(request)?)
        .map_err(|error| invalid_setting(error.to_string()))?;
    let draw = || -> fer_kit::Result<_> {
        let columns = Columns {
            cluster: request.cluster,
            consent: request.consent,
            only: request.only,
            ..Columns::default()
        };
        let options = SampleOptions {
            count: request.count,
            seed: request.seed,
        };
        let table = faces.joined(join, request.on.as_deref())?;
        Ok(sample(table, &columns, &options)?)
    };
    py.detach(draw)
        .map(DrawnSheet)
        .map_err(|error| Subject::Table.raise(error))
}

/// Returns the HTML of the page for a sheet, the number of its faces, and a line for each image that could not be read. `stem`
/// begins the names of the files that the page saves.
#[pyfunction]
pub(crate) fn label_page(
    py: Python<'_>,
    sheet: Faces,
    stem: String,
) -> PyResult<(String, usize, Vec<String>)> {
    let make = || fer_kit::make_label_page(&sheet.sheet("sheet")?, &stem);
    let page = py
        .detach(make)
        .map_err(|error| Subject::Table.raise(error))?;
    let line =
        |(path, error): &(PathBuf, fer_kit::Error)| format!("{}: {}", path.display(), chain(error));
    let unreadable = page.unreadable.iter().map(line).collect();
    Ok((page.html, page.faces, unreadable))
}

/// Agreement to compute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementRequest {
    resamples: usize,
    seed: u64,
    level: f64,
}

/// Content of the command's JSON, columns of the flat table, and the headline.
type Agreed<'py> = (Bound<'py, PyAny>, Vec<FlatColumn<'py>>, String);

/// Compares the sheets of several raters by name, and the answers of the model in the table `faces` where there is one.
#[pyfunction]
#[pyo3(name = "agreement", signature = (sheets, request, faces=None))]
pub(crate) fn compare_raters<'py>(
    py: Python<'py>,
    sheets: Vec<(String, Faces)>,
    request: &Bound<'py, PyDict>,
    faces: Option<Faces>,
) -> PyResult<Agreed<'py>> {
    let request: AgreementRequest = serde_json::from_value(to_json(request)?)
        .map_err(|error| invalid_setting(error.to_string()))?;
    let compare = || -> fer_kit::Result<_> {
        let mut raters = Vec::new();
        for (name, sheet) in sheets {
            let sheet = sheet.sheet(&name)?;
            raters.push((name, sheet));
        }
        if let (Some(faces), Some((_, first))) = (faces, raters.first()) {
            let model = model_answers(faces.table()?, &Columns::default(), first)?;
            raters.push(("model".into(), model));
        }
        let options = AgreementOptions {
            resamples: request.resamples,
            seed: request.seed,
            level: request.level,
        };
        let raters: Vec<(&str, &Sheet)> = raters
            .iter()
            .map(|(name, sheet)| (&**name, sheet))
            .collect();
        Ok(agreement(&raters, &options)?)
    };
    let agreement = py
        .detach(compare)
        .map_err(|error| Subject::Table.raise(error))?;
    Ok((
        to_python(py, &agreement)?,
        flat_columns(py, agreement.flat())?,
        agreement.headline(),
    ))
}
