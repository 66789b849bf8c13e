//! Checks of single values.

use crate::error::{Error, Result};

/// Refuses a value that is not `valid`.
pub(super) fn within(
    field: &'static str,
    value: impl ToString,
    valid: bool,
    expected: &'static str,
) -> Result<()> {
    if valid {
        return Ok(());
    }
    Err(Error::Config {
        field,
        found: value.to_string(),
        expected,
    })
}

/// Checks a share that must leave something over.
pub(super) fn share(field: &'static str, value: f32) -> Result<()> {
    within(
        field,
        value,
        (0.0..1.0).contains(&value),
        "at least 0 and below 1",
    )
}

/// Checks a share that may be all.
pub(super) fn probability(field: &'static str, value: f32) -> Result<()> {
    within(field, value, (0.0..=1.0).contains(&value), "from 0 to 1")
}

/// Checks an amount without an upper bound.
pub(super) fn strength(field: &'static str, value: f32) -> Result<()> {
    within(
        field,
        value,
        value >= 0.0 && value.is_finite(),
        "a number of at least 0",
    )
}
