//! Files that are either whole or not there.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};

/// Prefix of files being written, hidden so that a directory with nothing else counts as empty.
const PARTIAL_PREFIX: &str = ".fer-partial-";

/// Replaces the file at `path` by `bytes`: whoever reads it, whenever the machine stops, finds the old or the new content.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let io = |source| Error::io("write", path, source);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(PARTIAL_PREFIX)
        .tempfile_in(folder)
        .map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    // A rename may reach the disk before the data does.
    file.as_file().sync_all().map_err(io)?;
    make_readable_as_usual(file.as_file()).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    sync_folder(folder).map_err(io)
}

/// Removes what writers that were killed left in `folder`.
pub(crate) fn remove_partial_files(folder: &Path) -> Result<()> {
    let io = |source| Error::io("clean", folder, source);
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PARTIAL_PREFIX.as_bytes())
        {
            fs::remove_file(entry.path()).map_err(io)?;
        }
    }
    Ok(())
}

/// Temporary files are private to their owner; results are not.
#[cfg(unix)]
fn make_readable_as_usual(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable_as_usual(_file: &File) -> std::io::Result<()> {
    Ok(())
}

/// Makes a rename in `folder` last.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_and_leave_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for content in [&b"one"[..], b"two"] {
            write_atomically(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write_atomically(&folder.path().join("no/such"), b"").is_err());
    }

    #[test]
    fn partial_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(format!("{PARTIAL_PREFIX}x")), b"").unwrap();
        fs::write(folder.path().join("kept"), b"").unwrap();
        remove_partial_files(folder.path()).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["kept"]);
    }
}
