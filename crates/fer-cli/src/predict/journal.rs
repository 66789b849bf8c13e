//! `--output`: a file of results that appears when it is whole. Until then they are in a journal beside it, which a killed run leaves
//! behind and `--resume` continues.

mod earlier;
mod parquet;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fer_core::remove_abandoned;
use serde_json::Value;

use crate::{Error, Result};

/// The format of a file of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    Csv,
    Json,
    Parquet,
}

impl FileFormat {
    /// Returns the format that the extension of `path` names.
    pub(super) fn of(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "csv" => Ok(Self::Csv),
            "jsonl" | "ndjson" => Ok(Self::Json),
            "parquet" => Ok(Self::Parquet),
            _ => Err(Error::OutputFormat {
                path: path.to_owned(),
            }),
        }
    }

    /// Returns `true` if the format is a table, which holds either images or videos.
    pub(super) fn is_table(self) -> bool {
        self != Self::Json
    }
}

/// The results of a run so far.
///
/// The first line holds the settings, the others CSV or, for a file of JSON, JSON.
pub(super) struct Journal {
    target: PathBuf,
    path: PathBuf,
    file: File,
    format: FileFormat,
    /// The byte at which the results begin.
    start: u64,
    earlier: Earlier,
}

/// The results that an earlier run has left.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Inputs by their text, and how many results of each there are.
    inputs: HashMap<String, usize>,
    /// `true` if one of them could not be read.
    pub(super) failed: bool,
    /// Bytes that the results take.
    length: u64,
}

impl Earlier {
    /// Takes a result for `input` out, if there is one.
    pub(super) fn take(&mut self, input: &Path) -> bool {
        match self.inputs.get_mut(input.to_string_lossy().as_ref()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

impl Journal {
    /// Opens the journal for the file `target`; `None` if that is there already and the run is to be resumed.
    ///
    /// # Errors
    /// [`Error::OutputExists`], [`Error::OutputInterrupted`] for what is not to be overwritten, [`Error::OutputInUse`] while another
    /// run writes it, [`Error::ResumeMismatch`] for results under other settings, [`Error::Write`] for what cannot be written.
    pub(super) fn open(target: &Path, settings: &Value, resume: bool) -> Result<Option<Self>> {
        let format = FileFormat::of(target)?;
        let path = journal_of(target);
        remove_abandoned(target);
        if target.symlink_metadata().is_ok() {
            return if resume {
                remove_finished(&path);
                Ok(None)
            } else {
                Err(Error::OutputExists {
                    path: target.to_owned(),
                })
            };
        }
        let failed = |source| Error::Write {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::OutputInUse { path }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let settings = format!("{settings}\n");
        let start = settings.len() as u64;
        let earlier = match first_line(&file).map_err(failed)? {
            // Not even the settings were written.
            line if !line.ends_with('\n') => {
                file.set_len(0).map_err(failed)?;
                file.rewind().map_err(failed)?;
                file.write_all(settings.as_bytes()).map_err(failed)?;
                Earlier::default()
            }
            _ if !resume => return Err(Error::OutputInterrupted { path }),
            line if line != settings => return Err(Error::ResumeMismatch { path }),
            _ => {
                file.seek(SeekFrom::Start(start)).map_err(failed)?;
                Earlier::read(&file, format).map_err(failed)?
            }
        };
        let end = start + earlier.length;
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::Start(end)).map_err(failed)?;
        Ok(Some(Self {
            target: target.to_owned(),
            path,
            file,
            format,
            start,
            earlier,
        }))
    }

    /// Returns the results that were there.
    pub(super) fn earlier(&mut self) -> &mut Earlier {
        &mut self.earlier
    }

    pub(super) fn format(&self) -> FileFormat {
        self.format
    }

    /// Returns the place where results are appended, and whether there are none yet.
    pub(super) fn writer(&self) -> Result<(File, bool)> {
        let file = self.file.try_clone();
        let file = file.map_err(|source| self.failed(source))?;
        Ok((file, self.earlier.length == 0))
    }

    pub(super) fn failed(&self, source: io::Error) -> Error {
        Error::Write {
            path: self.path.clone(),
            source,
        }
    }

    /// Makes the file of the journal, which ends.
    pub(super) fn finish(mut self) -> Result<()> {
        let start = self.file.seek(SeekFrom::Start(self.start));
        start.map_err(|source| self.failed(source))?;
        fer_core::write_new_with(&self.target, |target| match self.format {
            FileFormat::Csv | FileFormat::Json => io::copy(&mut self.file, target).map(drop),
            FileFormat::Parquet => parquet::write(&self.file, target),
        })?;
        std::fs::remove_file(&self.path).map_err(|source| self.failed(source))
    }
}

/// Returns the journal's path: the target's with `.partial` appended.
fn journal_of(target: &Path) -> PathBuf {
    let mut name = OsString::from(target);
    name.push(".partial");
    name.into()
}

/// Removes a journal whose file is there: its run was killed between the two.
fn remove_finished(journal: &Path) {
    let is_free = File::open(journal).is_ok_and(|file| file.try_lock().is_ok());
    if is_free {
        // It is in nobody's way.
        let _ = std::fs::remove_file(journal);
    }
}

fn first_line(file: &File) -> io::Result<String> {
    let mut line = Vec::new();
    BufReader::new(file).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}
