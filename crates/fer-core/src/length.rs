//! Lengths of buffers.

use crate::{Error, Result};

/// Refuses a buffer of `found` values where `expected` are needed.
pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::InvalidLength {
        what,
        expected,
        found,
    })
}
