//! Folders of empty files, for the unit tests of several crates.

use std::fs;
use std::path::Path;

/// Adds empty files to a folder, and the folders that they lie in.
pub(crate) fn add_files(folder: &Path, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, []).unwrap();
    }
}

/// Makes a folder of empty files, which vanishes with its value.
pub(crate) fn folder_with(files: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    add_files(folder.path(), files);
    folder
}
