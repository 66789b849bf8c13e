//! The result of an analysis as a Python object.

use std::path::PathBuf;

use fer_insight::{
    Baselines, Cell, Comparison, Document, FlatTable, Origin, Relation, Shares, Timelines, Trend,
};
use numpy::{PyArray1, PyArray2, PyArray3, PyArrayMethods};
use pyo3::prelude::*;

use crate::convert::to_python;
use crate::errors::{Subject, check_targets};

/// The result of any analysis.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
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
pub(crate) struct InsightAnswer(pub(crate) Answer);

/// A column of a flat table: name, type and values.
pub(crate) type FlatColumn<'py> = (String, &'static str, Vec<Bound<'py, PyAny>>);

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

    /// Returns the time of the first step of each conversation in seconds; empty for other analyses.
    fn starts(&self) -> Vec<f64> {
        let Answer::Timeline(document) = &self.0 else {
            return Vec::new();
        };
        let conversations = document.result.conversations.iter();
        conversations
            .map(|conversation| conversation.course.start)
            .collect()
    }

    fn __eq__(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

pub(crate) fn flat_columns(py: Python<'_>, table: FlatTable) -> PyResult<Vec<FlatColumn<'_>>> {
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
