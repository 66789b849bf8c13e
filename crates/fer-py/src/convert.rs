//! Rust values to Python objects, by way of their one serialized shape.

use fer_core::Threads;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::errors::{Subject, invalid_setting};

/// A serializable value as Python dictionaries, lists, strings and numbers.
pub(crate) fn to_python<'py, T: Serialize>(
    py: Python<'py>,
    value: &T,
) -> PyResult<Bound<'py, PyAny>> {
    let value =
        serde_json::to_value(value).map_err(|error| PyTypeError::new_err(error.to_string()))?;
    json_to_python(py, &value)
}

/// As [`to_python`], with an `f32` as the shortest decimal that names it: 0.03, not 0.029999999329447746.
pub(crate) fn to_python_in_decimal<'py, T: Serialize>(
    py: Python<'py>,
    value: &T,
) -> PyResult<Bound<'py, PyAny>> {
    let text =
        serde_json::to_string(value).map_err(|error| PyTypeError::new_err(error.to_string()))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| PyTypeError::new_err(error.to_string()))?;
    json_to_python(py, &value)
}

fn json_to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Null => Ok(py.None().into_bound(py)),
        Value::Bool(flag) => flag.into_bound_py_any(py),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(unsigned), _) => unsigned.into_bound_py_any(py),
            (None, Some(signed)) => signed.into_bound_py_any(py),
            (None, None) => number.as_f64().into_bound_py_any(py),
        },
        Value::String(text) => text.into_bound_py_any(py),
        Value::Array(items) => {
            let list = PyList::empty(py);
            for item in items {
                list.append(json_to_python(py, item)?)?;
            }
            Ok(list.into_any())
        }
        Value::Object(entries) => {
            let dict = PyDict::new(py);
            for (key, item) in entries {
                dict.set_item(key, json_to_python(py, item)?)?;
            }
            Ok(dict.into_any())
        }
    }
}

/// A number of threads: any whole number of Python's that a machine can start, 0 for all cores.
pub(crate) fn thread_count(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let index = value.call_method0("__index__");
    let count = index.and_then(|index| index.extract()).map_err(|_| {
        invalid_setting(format!(
            "threads is {value}, expected a whole number, 0 or more"
        ))
    })?;
    // Refused here, before any work: else a dataset would be read first, and the fault would be called one of the data.
    Threads::resolve_count(count)
        .map_err(|error| Subject::Model.raise(fer_core::Error::from(error)))?;
    Ok(count)
}

/// Python's plain values as JSON; what is none of them is refused by its type's name.
pub(crate) fn to_json(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if value.is_none() {
        Ok(Value::Null)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Ok(Value::Bool(flag.is_true()))
    } else if value.is_instance_of::<PyInt>() {
        match value.extract::<u64>() {
            Ok(unsigned) => Ok(unsigned.into()),
            Err(_) => match value.extract::<i64>() {
                Ok(signed) => Ok(signed.into()),
                Err(_) => Err(invalid_setting(format!(
                    "a setting is {value}, expected a number of 64 bits"
                ))),
            },
        }
    } else if let Ok(float) = value.cast::<PyFloat>() {
        let number = float.value();
        Number::from_f64(number).map(Value::Number).ok_or_else(|| {
            invalid_setting(format!("a setting is {number}, expected a finite number"))
        })
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Value::String(text.to_cow()?.into_owned()))
    } else if let Ok(dict) = value.cast::<PyDict>() {
        let entries = dict
            .iter()
            .map(|(key, item)| Ok((key.extract::<String>()?, to_json(&item)?)));
        Ok(Value::Object(entries.collect::<PyResult<Map<_, _>>>()?))
    } else if let Some(scalar) = numpy_scalar(value)? {
        to_json(&scalar)
    } else if let Ok(items) = value.try_iter() {
        Ok(Value::Array(
            items.map(|item| to_json(&item?)).collect::<PyResult<_>>()?,
        ))
    } else {
        let name = value.get_type().qualname()?;
        Err(PyTypeError::new_err(format!(
            "expected plain values (numbers, text, lists, dictionaries), found {name}"
        )))
    }
}

/// Returns Python's own value of a scalar of NumPy.
fn numpy_scalar<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let generic = value.py().import("numpy")?.getattr("generic")?;
    if value.is_instance(&generic)? {
        value.call_method0("item").map(Some)
    } else {
        Ok(None)
    }
}
