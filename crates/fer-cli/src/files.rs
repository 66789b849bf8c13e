//! Files that commands write.

use std::path::Path;

use serde::Serialize;

use crate::{Error, Result};

/// Writes a value as indented JSON: whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| Error::Format(error.into()))?;
    json.push(b'\n');
    Ok(fer_core::write_atomic(path, &json)?)
}

/// Writes text: whole or not at all.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    Ok(fer_core::write_atomic(path, text.as_bytes())?)
}
