//! Relative paths as they are written in files: the same on every system.

use std::path::{Component, Path};

/// The parts of a relative path joined by `/`, without `.` parts; what is not UTF-8 is replaced.
pub(crate) fn portable(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_slashes() {
        let path: std::path::PathBuf = [".", "happy", "deep", "1.jpg"].iter().collect();
        assert_eq!(portable(&path), "happy/deep/1.jpg");
        assert_eq!(portable(Path::new("happy//1.jpg")), "happy/1.jpg");
    }
}
