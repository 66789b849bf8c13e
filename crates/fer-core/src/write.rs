//! Files that are whole or absent.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::{Error, Result};

/// Beginning of the names of temporary files; the name of the file that one is to become follows.
const PREFIX: &str = ".fer-";

/// Bytes of a file's name that fit into the name of its temporary file, which file systems limit to 255.
const MAX_NAME_BYTES: usize = 200;

/// Writes `bytes` to the file at `path` so that, whatever happens meanwhile, the file is afterwards either what it was
/// or whole: a temporary file in the same folder is written, flushed to disk and renamed.
///
/// A link stays a link: the file that it leads to is written. A file that is replaced keeps its permissions, and one that may not
/// be written is not replaced. What is no file, such as `/dev/stdout` or a named pipe, takes the bytes as they come.
///
/// # Errors
/// [`Error::File`] with the path and the system's reason.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    let write = || -> io::Result<()> {
        if is_stream(path) {
            return OpenOptions::new().append(true).open(path)?.write_all(bytes);
        }
        let path = &end_of_links(path)?;
        // Renaming asks for permission to the folder alone.
        let replaced = match OpenOptions::new().write(true).open(path) {
            Ok(file) => Some(file.metadata()?.permissions()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let file = written_beside(path, |file| file.write_all(bytes))?;
        if let Some(permissions) = replaced {
            file.as_file().set_permissions(permissions)?;
        }
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| Error::from(source).at(path))
}

/// Returns `true` for what is there and is neither a file nor a folder, and for the names of open files.
pub(crate) fn is_stream(path: &Path) -> bool {
    const OPEN: [&str; 4] = ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc/self/fd"];
    let is_other = |found: fs::Metadata| !found.is_file() && !found.is_dir();
    OPEN.iter().any(|open| path.starts_with(open)) || fs::metadata(path).is_ok_and(is_other)
}

/// Returns where links lead from `path`, whether there is something or not.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    /// Links that Linux follows one after the other.
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many links lead to each other"))
}

/// As [`write_atomic`], for a file that must not take the place of another.
///
/// # Errors
/// [`Error::File`] with the path and the system's reason, or with [`Error::FileExists`].
pub fn write_new(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_new_with(path, |file| file.write_all(bytes))
}

/// As [`write_new`], but a file that holds these bytes already is as it must be.
///
/// # Errors
/// As [`write_new`], for a file of another content.
pub fn write_once(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let path = path.as_ref();
    match fs::read(path) {
        Ok(found) if found == bytes => Ok(()),
        _ => write_new(path, bytes),
    }
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

/// Removes the temporary files that killed processes have left of the file at `path`; one that is being written stays.
///
/// The folder is listed, so this is for a file or two of a command rather than for each of many.
pub fn remove_abandoned(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let prefix = temporary_prefix(path);
    for entry in fs::read_dir(folder_of(path))
        .into_iter()
        .flatten()
        .flatten()
    {
        let is_ours = entry.file_type().is_ok_and(|kind| kind.is_file())
            && prefix.len() > PREFIX.len()
            && entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(prefix.as_encoded_bytes());
        if is_ours && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
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
    let mut builder = Builder::new();
    let prefix = temporary_prefix(path);
    builder.prefix(&prefix);
    // Temporary files are private by default; this one becomes an ordinary file, subject to the umask.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder_of(path))?;
    // The lock ends with the process. Where there are no locks, nobody removes the file either.
    let _ = file.as_file().try_lock();
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns the beginning of the names of the temporary files of the file at `path`.
fn temporary_prefix(path: &Path) -> OsString {
    let name = path.file_name().unwrap_or_default();
    let mut prefix = OsString::from(PREFIX);
    if name.len() <= MAX_NAME_BYTES {
        prefix.push(name);
        prefix.push(OsStr::new("-"));
    }
    prefix
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

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_file_that_is_written_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("kept")).unwrap();
        fs::write(path("kept/results"), "old").unwrap();
        fs::set_permissions(path("kept/results"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("kept/results", path("first")).unwrap();
        symlink("first", path("second")).unwrap();
        symlink("kept/fresh", path("to be made")).unwrap();
        write_atomic(path("second"), b"new").unwrap();
        write_atomic(path("to be made"), b"fresh").unwrap();

        for link in ["first", "second", "to be made"] {
            assert!(fs::symlink_metadata(path(link)).unwrap().is_symlink());
        }
        assert_eq!(fs::read(path("kept/results")).unwrap(), b"new");
        assert_eq!(fs::read(path("kept/fresh")).unwrap(), b"fresh");
        let mode = fs::metadata(path("kept/results"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(fs::read_dir(path("kept")).unwrap().count(), 2);

        symlink("ring", path("ring")).unwrap();
        assert!(write_atomic(path("ring"), b"").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_takes_the_bytes_and_stays() {
        use std::os::unix::fs::FileTypeExt;

        write_atomic("/dev/null", b"gone").unwrap();
        let kind = fs::metadata("/dev/null").unwrap().file_type();
        assert!(kind.is_char_device());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_written_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        if OpenOptions::new().write(true).open(&path).is_ok() {
            println!("skipped: this user may write every file");
            return;
        }
        let error = write_atomic(&path, b"new").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_new_file_takes_the_place_of_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        write_new(&path, b"one").unwrap();
        let error = write_new(&path, b"two").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(write_new(&path, b"one").is_err() && write_once(&path, b"two").is_err());
        write_once(&path, b"one").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_of_a_file_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("faces.csv");
        let names = [
            ".fer-faces.csv-a1B2c3",
            ".fer-faces.html-a1B2c3",
            ".fer-a1B2c3",
            "faces.csv",
        ];
        for name in names {
            std::fs::write(folder.path().join(name), "half").unwrap();
        }
        let writing = temporary_beside(&path).unwrap();
        remove_abandoned(&path);
        assert!(writing.path().exists(), "a file that is being written");
        assert_eq!(
            names.map(|name| folder.path().join(name).exists()),
            [false, true, true, true]
        );
        drop(writing);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn long_names_are_written_too() {
        let folder = tempfile::tempdir().unwrap();
        for length in [MAX_NAME_BYTES, MAX_NAME_BYTES + 1, 255] {
            let path = folder.path().join("n".repeat(length));
            write_atomic(&path, b"one").unwrap();
            remove_abandoned(&path);
            assert_eq!(std::fs::read(&path).unwrap(), b"one");
        }
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
