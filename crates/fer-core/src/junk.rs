//! Names of files and folders that systems leave beside a user's own.

use std::ffi::OsStr;

/// Folders of thumbnails, deleted files and archives, by Synology, Windows and macOS; their other junk begins with a dot.
const FOLDERS: [&str; 3] = ["@eaDir", "$RECYCLE.BIN", "__MACOSX"];
const FILES: [&str; 1] = ["Thumbs.db"];

/// Returns `true` if a file or folder of this name is none of the user's images: a hidden one, such as `._face.jpg` or
/// `.ipynb_checkpoints`, or one that a system makes. Folder listings skip these.
pub fn is_junk(name: impl AsRef<OsStr>) -> bool {
    let name = name.as_ref();
    let known = FOLDERS.iter().chain(&FILES);
    name.as_encoded_bytes().starts_with(b".") || known.into_iter().any(|known| name == *known)
}

#[cfg(test)]
mod tests {
    use super::is_junk;

    #[test]
    fn hidden_and_system_names_are_junk_and_ordinary_ones_are_not() {
        for name in [
            "._a.jpg",
            ".DS_Store",
            ".ipynb_checkpoints",
            "@eaDir",
            "$RECYCLE.BIN",
            "__MACOSX",
            "Thumbs.db",
        ] {
            assert!(is_junk(name), "{name}");
        }
        for name in ["a.jpg", "_a.jpg", "eaDir", "a.b.jpg", "__init__"] {
            assert!(!is_junk(name), "{name}");
        }
    }
}
