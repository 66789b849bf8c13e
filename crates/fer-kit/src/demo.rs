//! Sample images for a first look: photos, and a tiny dataset to train on.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Relative paths and bytes of the samples.
const SAMPLES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/samples.rs"));

/// The folders that [`write_demo`] has written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demo {
    /// Photos with faces.
    pub photos: PathBuf,
    /// A dataset with `train`, `validation` and `test`.
    pub faces: PathBuf,
    /// Number of files written.
    pub files: usize,
}

/// Writes sample photos and a tiny dataset into `folder`. All of them are drawings.
///
/// # Errors
/// [`Error::NotEmpty`] if the folder holds anything already; [`Error::CreateFolder`] and [`Error::Core`] if it cannot be
/// written; [`Error::NoSamples`] in a build without the repository's examples.
pub fn write_demo(folder: &Path) -> Result<Demo> {
    if SAMPLES.is_empty() {
        return Err(Error::NoSamples);
    }
    refuse_taken(folder)?;
    for (name, bytes) in SAMPLES {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|source| Error::CreateFolder {
                path: parent.to_owned(),
                source,
            })?;
        }
        fer_core::write_atomic(&path, bytes)?;
    }
    Ok(Demo {
        photos: folder.join("photos"),
        faces: folder.join("faces"),
        files: SAMPLES.len(),
    })
}

/// Refuses a path that is anything but a new or an empty folder.
pub(crate) fn refuse_taken(path: &Path) -> Result<()> {
    let taken = match path.read_dir() {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.symlink_metadata().is_ok(),
    };
    if taken {
        return Err(Error::NotEmpty {
            path: path.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_samples_are_small() {
        let bytes: usize = SAMPLES.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!((100_000..600_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn the_samples_are_photos_and_a_dataset() {
        let root = tempfile::tempdir().unwrap();
        let demo = write_demo(&root.path().join("demo")).unwrap();
        assert!(demo.photos.join("group.jpg").is_file());
        for split in ["train", "validation", "test"] {
            let split = demo.faces.join(split);
            let folders = fer_train::ClassFolders::scan(&split, Default::default());
            assert!(folders.is_ok(), "{folders:?}");
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("mine.txt");
        std::fs::write(&file, "mine").unwrap();
        for taken in [root.path(), &file] {
            assert!(matches!(write_demo(taken), Err(Error::NotEmpty { .. })));
        }
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 1);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    }
}
