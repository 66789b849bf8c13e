//! Relative paths as they are written in files: the same on every system.

use std::borrow::Cow;
use std::path::{Component, Path};

use crate::error::{Error, Result};

/// The parts of a relative path joined by `/`, without `.` parts; what is not UTF-8 is replaced.
pub(crate) fn portable(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/")
}

/// Refuses a list of paths, of which `first` is one, that names none of `images`.
///
/// # Errors
/// [`Error::NothingListed`] with a path of either side.
pub(crate) fn refuse_unrelated<'a>(
    list: &'static str,
    first: Option<&String>,
    mut images: impl Iterator<Item = Cow<'a, Path>> + Clone,
    is_listed: impl Fn(&Path) -> bool,
) -> Result<()> {
    if images.clone().any(|path| is_listed(&path)) {
        return Ok(());
    }
    match (first, images.next()) {
        (Some(listed), Some(path)) => Err(Error::NothingListed {
            list,
            found: listed.clone(),
            expected: portable(&path),
        }),
        _ => Ok(()),
    }
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
