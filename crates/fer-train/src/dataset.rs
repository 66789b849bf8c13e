//! A dataset is a folder of folders: `train`, `validation` (or `val`) and `test`, each with one folder a class.
//!
//! Scanning lists files and never opens one, so that what a file holds is decided where it is decoded. The order of
//! the items is the byte order of their paths and so the same on every machine.

mod extra;
mod scan;

use std::path::{Path, PathBuf};

use fer_core::{Emotion, PerEmotion};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

pub(crate) use extra::ExtraImages;

/// One labeled image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The file, relative to the folder that was scanned; join it to `root()`.
    pub path: PathBuf,
    /// The class of the folder it lies in; of an image without a class folder, the one that most voters chose.
    pub emotion: Emotion,
}

/// A file or folder that was listed and cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The file, relative to the folder that was scanned.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// The labeled images of one split, sorted by the bytes of their paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// The images.
    pub items: Vec<Item>,
    /// Entries that could not be listed: folders without permission, broken links, links in a loop.
    pub unreadable: Vec<Unreadable>,
}

impl Split {
    /// The number of images of each class.
    #[must_use]
    pub fn class_counts(&self) -> PerEmotion<usize> {
        class_counts(self.items.iter().map(|item| item.emotion))
    }
}

/// Counts classes.
pub(crate) fn class_counts(emotions: impl Iterator<Item = Emotion>) -> PerEmotion<usize> {
    let mut counts = PerEmotion::default();
    emotions.for_each(|emotion| counts[emotion] += 1);
    counts
}

/// The three splits by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitName {
    /// The images the weights are fitted to.
    Train,
    /// The images that choose the epoch and fit the calibration.
    Validation,
    /// The images that are only ever measured on.
    Test,
}

impl SplitName {
    /// All splits in order.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name of the split's folder.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// Strictness of a scan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanOptions {
    /// Passes over class folders of unknown names instead of refusing them.
    pub ignore_unknown_folders: bool,
    /// Accepts a dataset without some of its splits or classes; otherwise `train` and `validation` must be there
    /// with every class. A missing `test` is accepted always: training does not need it.
    pub allow_missing: bool,
}

impl ScanOptions {
    /// Passes over class folders of unknown names if `yes`.
    #[must_use]
    pub fn with_ignore_unknown_folders(mut self, yes: bool) -> Self {
        self.ignore_unknown_folders = yes;
        self
    }

    /// Accepts missing splits and classes if `yes`.
    #[must_use]
    pub fn with_allow_missing(mut self, yes: bool) -> Self {
        self.allow_missing = yes;
        self
    }
}

/// A dataset of three splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderDataset {
    root: PathBuf,
    /// The images the weights are fitted to.
    pub train: Split,
    /// The images that choose the epoch and fit the calibration.
    pub validation: Split,
    /// The images that are only ever measured on; empty where the folder is missing.
    pub test: Split,
    /// Class folders of unknown names that were passed over, relative to the root.
    pub ignored: Vec<PathBuf>,
}

impl FolderDataset {
    /// Lists the images of `root`. Hidden files are skipped; links are followed, loops are reported.
    ///
    /// # Errors
    /// [`Error::NotAFolder`], [`Error::MissingSplit`], [`Error::AmbiguousSplit`], [`Error::MissingClass`] and
    /// [`Error::UnknownClasses`], each with what was found; [`Error::Io`] if `root` cannot be listed.
    pub fn scan(root: impl AsRef<Path>, options: ScanOptions) -> Result<Self> {
        let root = root.as_ref();
        let folders = scan::split_folders(root)?;
        let mut dataset = Self {
            root: root.to_owned(),
            train: Split::default(),
            validation: Split::default(),
            test: Split::default(),
            ignored: Vec::new(),
        };
        for name in SplitName::ALL {
            if folders.of(name)?.is_none() && name != SplitName::Test && !options.allow_missing {
                return Err(Error::MissingSplit {
                    root: root.to_owned(),
                    expected: name.label(),
                    found: folders.names(),
                });
            }
        }
        for name in SplitName::ALL {
            let Some(folder) = folders.of(name)? else {
                continue;
            };
            let classes = scan::class_folders(root, folder)?;
            if !options.ignore_unknown_folders {
                classes.refuse_unknown()?;
            }
            if name != SplitName::Test && !options.allow_missing {
                classes.refuse_missing()?;
            }
            dataset.ignored.extend(classes.unknown);
            *dataset.split_mut(name) = classes.split;
        }
        Ok(dataset)
    }

    /// Lists the images of `root`, a dataset of splits or one folder of class folders, which becomes the test split.
    ///
    /// # Errors
    /// Those of [`scan`](Self::scan); [`Error::NoImages`] with the folders found if neither holds an image.
    pub fn scan_any(root: impl AsRef<Path>, options: ScanOptions) -> Result<Self> {
        let root = root.as_ref();
        let mut dataset = Self::scan(root, options)?;
        let is_empty = |name| dataset.split(name).items.is_empty();
        if SplitName::ALL.into_iter().all(is_empty) {
            // Of a folder without any class folder, say what is missing before what is unknown.
            ClassFolders::scan(root, options.with_ignore_unknown_folders(true))?;
            let classes = ClassFolders::scan(root, options)?;
            dataset.test = classes.split;
            dataset.ignored = classes.ignored;
        }
        Ok(dataset)
    }

    /// The folder that was scanned.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A split by name.
    #[must_use]
    pub fn split(&self, name: SplitName) -> &Split {
        match name {
            SplitName::Train => &self.train,
            SplitName::Validation => &self.validation,
            SplitName::Test => &self.test,
        }
    }

    /// Returns `true` if `path`, which need not exist, lies in the folder of a split.
    pub(crate) fn has_inside(&self, path: &Path) -> bool {
        let real = |path: &Path| {
            let ancestor = path.ancestors().find_map(|folder| {
                let rest = path.strip_prefix(folder).ok()?;
                Some(folder.canonicalize().ok()?.join(rest))
            });
            ancestor.or_else(|| std::path::absolute(path).ok())
        };
        let path = real(path);
        SplitName::ALL.into_iter().any(|name| {
            let items = &self.split(name).items;
            let folder = items.first().and_then(|item| item.path.iter().next());
            let folder = folder.and_then(|folder| real(&self.root.join(folder)));
            matches!((&path, &folder), (Some(path), Some(folder)) if path.starts_with(folder))
        })
    }

    fn split_mut(&mut self, name: SplitName) -> &mut Split {
        match name {
            SplitName::Train => &mut self.train,
            SplitName::Validation => &mut self.validation,
            SplitName::Test => &mut self.test,
        }
    }
}

/// One folder of class folders, such as the `test` split alone or a set from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFolders {
    root: PathBuf,
    /// The images, with paths relative to the folder.
    pub split: Split,
    /// The classes without an image: some sets have no neutral.
    pub missing: Vec<Emotion>,
    /// Class folders of unknown names that were passed over, relative to the folder.
    pub ignored: Vec<PathBuf>,
}

impl ClassFolders {
    /// Lists the images of the class folders in `root`. Missing classes are reported in the result.
    ///
    /// # Errors
    /// [`Error::NotAFolder`]; [`Error::UnknownClasses`] unless `options` ignores them; [`Error::NoImages`] if no class
    /// folder holds an image; [`Error::Io`] if `root` cannot be listed.
    pub fn scan(root: impl AsRef<Path>, options: ScanOptions) -> Result<Self> {
        let root = root.as_ref();
        let classes = scan::class_folders(root, Path::new(""))?;
        if !options.ignore_unknown_folders {
            classes.refuse_unknown()?;
        }
        if classes.split.items.is_empty() {
            return Err(Error::NoImages {
                path: root.to_owned(),
                found: classes.folders(),
                expected: scan::class_names(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            missing: classes.missing(),
            split: classes.split,
            ignored: classes.unknown,
        })
    }

    /// The folder that was scanned.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

#[cfg(test)]
mod tests;
