//! Lists of images to leave out of the figures.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use crate::dataset::Item;
use crate::error::Result;
use crate::paths::{portable, refuse_unrelated};
use crate::read::read_list;

/// Images to leave out: paths relative to the folder that is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExcludeList {
    paths: BTreeSet<String>,
}

impl ExcludeList {
    /// Reads a text file with one path per line; blank lines are passed over.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if the file cannot be read or is not text (UTF-8, or UTF-16 with a byte order mark).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Ok(read_list(path.as_ref())?.lines().collect())
    }

    /// Returns `true` if an image, by its path relative to the folder, is on the list.
    #[must_use]
    pub fn contains(&self, path: &Path) -> bool {
        self.paths.contains(&portable(path))
    }

    /// The number of paths on the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Returns `true` if the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Refuses a list that names none of `items`.
    pub(super) fn refuse_unrelated(&self, items: &[Item]) -> Result<()> {
        let images = items.iter().map(|item| Cow::Borrowed(item.path.as_path()));
        refuse_unrelated("exclude list", self.paths.first(), images, |path| {
            self.contains(path)
        })
    }

    /// The paths that name none of `items`.
    pub(super) fn not_in(&self, items: &[Item]) -> Vec<String> {
        let known: BTreeSet<String> = items.iter().map(|item| portable(&item.path)).collect();
        self.paths.difference(&known).cloned().collect()
    }
}

impl<S: AsRef<str>> FromIterator<S> for ExcludeList {
    fn from_iter<I: IntoIterator<Item = S>>(paths: I) -> Self {
        let paths = paths
            .into_iter()
            .map(|path| portable(Path::new(path.as_ref().trim())))
            .filter(|path| !path.is_empty());
        Self {
            paths: paths.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use fer_core::{Emotion, ErrorKind};

    use super::*;

    #[test]
    fn lines_are_trimmed_and_dots_and_blanks_do_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        std::fs::write(&file, "happy/1.jpg\r\n\n  ./sad/2.jpg  \nhappy/1.jpg\n").unwrap();
        let list = ExcludeList::load(&file).unwrap();
        assert_eq!(list.len(), 2);
        assert!(list.contains(Path::new("happy/1.jpg")) && list.contains(Path::new("sad/2.jpg")));
        assert!(!list.contains(Path::new("happy/2.jpg")));
    }

    #[test]
    fn paths_without_an_image_are_named() {
        let list: ExcludeList = ["happy/1.jpg", "happy/typo.jpg"].into_iter().collect();
        let items = [Item {
            path: "happy/1.jpg".into(),
            emotion: Emotion::Happy,
        }];
        assert_eq!(list.not_in(&items), ["happy/typo.jpg"]);
    }

    #[test]
    fn a_list_of_other_images_is_refused() {
        let items = [Item {
            path: "happy/1.jpg".into(),
            emotion: Emotion::Happy,
        }];
        let list: ExcludeList = ["test/happy/1.jpg"].into_iter().collect();
        let error = list.refuse_unrelated(&items).unwrap_err();
        assert_eq!(error.kind(), fer_core::ErrorKind::NothingListed);
        assert!(
            error.to_string().contains("lists test/happy/1.jpg"),
            "{error}"
        );
        let list: ExcludeList = ["happy/typo.jpg", "happy/1.jpg"].into_iter().collect();
        list.refuse_unrelated(&items).unwrap();
        ExcludeList::default().refuse_unrelated(&items).unwrap();
    }

    #[test]
    fn a_missing_or_binary_list_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let binary = folder.path().join("binary");
        std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
        let nowhere = folder.path().join("nowhere");
        for (path, kind) in [(nowhere, ErrorKind::NotFound), (binary, ErrorKind::Io)] {
            let error = ExcludeList::load(&path).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
        }
    }
}
