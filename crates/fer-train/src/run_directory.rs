//! The files of a run.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::TrainConfig;
use crate::error::{Error, Result};
use crate::progress::EpochMetrics;

/// Prefix of the names of the temporary files of [`fer_core::write_atomic`].
const PARTIAL_PREFIX: &[u8] = b".fer-";

/// Name of the file that is locked while a training writes to the directory.
const LOCK: &str = ".lock";

/// A run directory and the names of what lies in it.
///
/// ```
/// let run = fer_train::RunDirectory::at("run");
/// assert_eq!(run.best(), std::path::Path::new("run/best.safetensors"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    /// The run directory at `path`, whether or not it exists.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The configuration, every field spelled out.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// One line of JSON an epoch: [`EpochMetrics`].
    #[must_use]
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// The newest checkpoint: all that a resume needs.
    #[must_use]
    pub fn last(&self) -> PathBuf {
        self.path.join("last.safetensors")
    }

    /// The model of the best epoch, ready for use.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.path.join("best.safetensors")
    }

    /// The figures of the run as JSON.
    #[must_use]
    pub fn report_json(&self) -> PathBuf {
        self.path.join("report.json")
    }

    /// The figures of the run as a page.
    #[must_use]
    pub fn report_html(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// The configuration of the run, for a resume.
    ///
    /// # Errors
    /// [`Error::NothingToResume`] if there is no run; otherwise as [`TrainConfig::load`].
    pub fn load_config(&self) -> Result<TrainConfig> {
        if !self.config().exists() {
            return Err(Error::NothingToResume {
                path: self.path.clone(),
            });
        }
        TrainConfig::load(&self.config())
    }

    /// The epochs completed so far; none if the run has no metrics.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::Checkpoint`] for a line that is no [`EpochMetrics`].
    pub fn history(&self) -> Result<Vec<EpochMetrics>> {
        let path = self.metrics();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(Error::io("read", path, source)),
        };
        let parse = |(index, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| Error::Checkpoint {
                path: path.clone(),
                reason: format!("line {}: {error}", index + 1),
            })
        };
        text.lines().enumerate().map(parse).collect()
    }

    /// Refuses a directory that holds anything.
    pub(crate) fn refuse_existing(&self) -> Result<()> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Error::io("list", &self.path, source)),
        };
        let is_hidden = |name: &OsStr| name.as_encoded_bytes().starts_with(b".");
        match entries
            .flatten()
            .find(|entry| !is_hidden(&entry.file_name()))
        {
            Some(_) => Err(Error::RunExists {
                path: self.path.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Creates the directory of a new run, locked.
    pub(crate) fn create(&self, config: &TrainConfig) -> Result<File> {
        fs::create_dir_all(&self.path).map_err(|source| Error::io("create", &self.path, source))?;
        let lock = self.lock()?;
        // Another run may have been made here since the directory was first looked at.
        self.refuse_existing()?;
        self.clean()?;
        fer_core::write_atomic(self.config(), config.to_toml()?.as_bytes())?;
        Ok(lock)
    }

    /// Locks the directory, which exists, against another training in it for as long as the result lives.
    ///
    /// The lock is the operating system's, on a hidden file that stays: it ends with the process, however that ends.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path.join(LOCK);
        let io = |source| Error::io("lock", &path, source);
        let file = File::create(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::RunInUse {
                path: self.path.clone(),
            }),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Removes the files that a killed run left half written.
    pub(crate) fn clean(&self) -> Result<()> {
        let io = |source| Error::io("clean", &self.path, source);
        for entry in fs::read_dir(&self.path).map_err(io)? {
            let entry = entry.map_err(io)?;
            if entry
                .file_name()
                .as_encoded_bytes()
                .starts_with(PARTIAL_PREFIX)
            {
                fs::remove_file(entry.path()).map_err(io)?;
            }
        }
        Ok(())
    }

    /// Writes the metrics of all epochs so far.
    pub(crate) fn write_history(&self, history: &[EpochMetrics]) -> Result<()> {
        let mut text = String::new();
        for epoch in history {
            let line = serde_json::to_string(epoch).map_err(|error| Error::Checkpoint {
                path: self.metrics(),
                reason: error.to_string(),
            })?;
            text.push_str(&line);
            text.push('\n');
        }
        Ok(fer_core::write_atomic(self.metrics(), text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_nothing_but_partial_files_is_free_and_cleaned() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".fer-x"), b"half").unwrap();
        let run = RunDirectory::at(folder.path());
        run.refuse_existing().unwrap();
        run.create(&TrainConfig::default()).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(left.contains(&"config.toml".into()) && !left.contains(&".fer-x".into()));
        assert_eq!(left.iter().filter(|name| *name != ".lock").count(), 1);
        assert_eq!(
            run.refuse_existing().unwrap_err().kind(),
            fer_core::ErrorKind::RunExists
        );
    }

    #[test]
    fn a_second_training_in_the_directory_is_refused_while_the_first_runs() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::at(folder.path());
        let first = run.create(&TrainConfig::default()).unwrap();
        assert_eq!(
            run.lock().unwrap_err().kind(),
            fer_core::ErrorKind::RunInUse
        );
        assert_eq!(
            run.create(&TrainConfig::default()).unwrap_err().kind(),
            fer_core::ErrorKind::RunInUse
        );
        drop(first);
        run.lock().unwrap();
        assert_eq!(
            run.create(&TrainConfig::default()).unwrap_err().kind(),
            fer_core::ErrorKind::RunExists
        );
    }

    #[test]
    fn a_damaged_history_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::at(folder.path());
        assert!(run.history().unwrap().is_empty());
        fs::write(run.metrics(), "{}\n").unwrap();
        assert!(run.history().unwrap_err().to_string().contains("line 1"));
    }
}
