//! Files that are whole or absent.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::{Error, Result};

/// Writes `bytes` to the file at `path` so that, whatever happens meanwhile, the file is afterwards either what it was
/// or whole: a temporary file in the same folder is written, flushed to disk and renamed.
///
/// # Errors
/// [`Error::File`] with the path and the system's reason.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let write = || -> io::Result<()> {
        written_beside(path, |file| file.write_all(bytes))?.persist(path)?;
        Ok(())
    };
    write().map_err(|source| Error::from(source).at(path))
}

/// As [`write_atomic`], for a file that must not take the place of another.
///
/// # Errors
/// [`Error::File`] with the path and the system's reason, or with [`Error::FileExists`].
pub fn write_new(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_new_with(path, |file| file.write_all(bytes))
}

/// As [`write_new`], for content that is written piece by piece.
///
/// # Errors
/// As [`write_new`]; those of `write`, after which there is no file.
pub fn write_new_with(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let write_to_end = || -> Result<()> {
        let persisted = written_beside(path, write)?.persist_noclobber(path);
        persisted.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::FileExists,
            _ => error.error.into(),
        })?;
        Ok(())
    };
    write_to_end().map_err(|error| error.at(path))
}

fn written_beside(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut file = temporary_beside(path)?;
    write(file.as_file_mut())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    builder.prefix(".fer-");
    // Temporary files are private by default; this one becomes an ordinary file, subject to the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn replaces_the_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_takes_the_place_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write_new(&path, b"one").unwrap();
        let error = write_new(&path, b"two").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent").join("model");
        let error = write_atomic(&path, b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("absent"), "{error}");
    }
}
