//! Files that a training, an evaluation or an audit reads, each of bounded size.

use std::path::Path;

use fer_core::{decode_text, read_capped};

use crate::error::{Error, Result};

/// The longest list that is read, of votes or of paths, in bytes: a million images need a tenth.
pub(crate) const MAX_LIST_BYTES: u64 = 1 << 30;

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    read_capped(path, limit).map_err(|source| Error::io("read", path, source))
}

/// Reads a list that people write: text in UTF-8, or in UTF-16 with a byte order mark.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn read_list(path: &Path) -> Result<String> {
    text_of(&read_file(path, MAX_LIST_BYTES)?, path)
}

/// Decodes the content of the file `path`.
///
/// # Errors
/// [`Error::Io`].
pub(crate) fn text_of(bytes: &[u8], path: &Path) -> Result<String> {
    let text = decode_text(bytes).map_err(|source| Error::io("read", path, source))?;
    Ok(text.into_owned())
}
