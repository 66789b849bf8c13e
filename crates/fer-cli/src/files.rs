//! Files that commands write. What an earlier, killed run left of one is removed first.

use std::path::Path;

use fer_core::remove_abandoned;
use serde::Serialize;

use crate::{Error, Result};

/// Writes a value as indented JSON: whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(value).map_err(|error| Error::Format(error.into()))?;
    json.push(b'\n');
    remove_abandoned(path);
    Ok(fer_core::write_atomic(path, &json)?)
}

/// Writes text to a file that is not there yet, or that holds this text already: labels that somebody put into it are kept.
pub(crate) fn write_new_text(path: &Path, text: &str) -> Result<()> {
    remove_abandoned(path);
    Ok(fer_core::write_once(path, text.as_bytes())?)
}

/// Writes text: whole or not at all.
pub(crate) fn write_text(path: &Path, text: &str) -> Result<()> {
    remove_abandoned(path);
    Ok(fer_core::write_atomic(path, text.as_bytes())?)
}
