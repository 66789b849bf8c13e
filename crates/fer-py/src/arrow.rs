//! Columns of Python values as an Arrow C stream.

use std::sync::Arc;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList};

/// Exports columns, each a name, a type (`str`, `int`, `float` or `bool`) and values, through the Arrow PyCapsule
/// interface.
#[pyfunction]
pub(crate) fn arrow_stream<'py>(
    py: Python<'py>,
    columns: Vec<(String, String, Bound<'py, PyList>)>,
) -> PyResult<Bound<'py, PyCapsule>> {
    let columns = columns
        .into_iter()
        .map(|(name, kind, values)| Ok((name, array(&kind, &values)?, true)))
        .collect::<PyResult<Vec<(String, ArrayRef, bool)>>>()?;
    let batch = RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    let schema = batch.schema();
    let reader = RecordBatchIterator::new([Ok(batch)], schema);
    PyCapsule::new_with_value(
        py,
        FFI_ArrowArrayStream::new(Box::new(reader)),
        c"arrow_array_stream",
    )
}

fn array(kind: &str, values: &Bound<'_, PyList>) -> PyResult<ArrayRef> {
    Ok(match kind {
        "str" => Arc::new(
            values
                .extract::<Vec<Option<String>>>()?
                .into_iter()
                .collect::<StringArray>(),
        ),
        "int" => Arc::new(
            values
                .extract::<Vec<Option<i64>>>()?
                .into_iter()
                .collect::<Int64Array>(),
        ),
        "float" => Arc::new(
            values
                .extract::<Vec<Option<f64>>>()?
                .into_iter()
                .collect::<Float64Array>(),
        ),
        "bool" => Arc::new(
            values
                .extract::<Vec<Option<bool>>>()?
                .into_iter()
                .collect::<BooleanArray>(),
        ),
        other => {
            return Err(PyValueError::new_err(format!(
                "a column's type is str, int, float or bool, not {other}"
            )));
        }
    })
}
