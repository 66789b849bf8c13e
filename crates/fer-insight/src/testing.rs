//! Helpers of this crate's tests.

use serde_json::Value;

/// Reads an array of numbers of a golden file.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    let values = value.as_array().unwrap().iter();
    values.map(|x| x.as_f64().unwrap()).collect()
}
