//! The page on which people label faces.

use std::path::PathBuf;

use fer_core::chain;
use fer_kit::fer_insight::Sheet;
use pyo3::prelude::*;

use crate::errors::Subject;

/// Returns the HTML of the page for a sheet, the number of its faces, and a line for each image that could not be read.
#[pyfunction]
pub(crate) fn label_page(py: Python<'_>, sheet: PathBuf) -> PyResult<(String, usize, Vec<String>)> {
    let make = || -> fer_kit::Result<_> {
        let faces = Sheet::open(&sheet)?;
        let stem = sheet.file_stem().unwrap_or_default().to_string_lossy();
        fer_kit::make_label_page(&faces, &stem)
    };
    let page = py
        .detach(make)
        .map_err(|error| Subject::Table.raise(error))?;
    let line =
        |(path, error): &(PathBuf, fer_kit::Error)| format!("{}: {}", path.display(), chain(error));
    let unreadable = page.unreadable.iter().map(line).collect();
    Ok((page.html, page.faces, unreadable))
}
