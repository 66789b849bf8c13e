//! The results of `fer predict` in the format asked for.

mod listing;
mod people;

use std::io::{self, Write};
use std::path::Path;

use fer_kit::predict::Frame;
use fer_vision::{Face, FrameRow, ImageResult};
use serde::Serialize;
use serde_json::json;

use super::journal::{FileFormat, Journal};
use crate::format::Format;
use crate::{Error, Result};
use listing::Listing;
use people::People;

/// Takes results one by one; lines of JSON and CSV appear as they come, the table and a file at the end.
pub(super) struct Output {
    lines: Lines,
    journal: Option<Journal>,
}

enum Lines {
    Json(Box<dyn Write>),
    Csv(Box<csv::Writer<Box<dyn Write>>>),
    Table {
        listing: Box<Listing>,
        people: People,
    },
}

impl Output {
    /// Writes to stdout.
    pub(super) fn to_stdout(format: Format) -> Self {
        let stdout = || Box::new(io::stdout().lock());
        let lines = match format {
            Format::Json => Lines::Json(stdout()),
            Format::Csv => Lines::csv(stdout(), true),
            Format::Table => Lines::Table {
                listing: Box::default(),
                people: People::default(),
            },
        };
        Self {
            lines,
            journal: None,
        }
    }

    /// Writes to the file of a journal.
    pub(super) fn to_file(journal: Journal) -> Result<Self> {
        let (file, is_empty) = journal.writer()?;
        let file = Box::new(file);
        let lines = match journal.format() {
            FileFormat::Json => Lines::Json(file),
            FileFormat::Csv | FileFormat::Parquet => Lines::csv(file, is_empty),
        };
        Ok(Self {
            lines,
            journal: Some(journal),
        })
    }

    /// Adds the faces of an image.
    pub(super) fn add(&mut self, result: &ImageResult) -> Result<()> {
        if let Lines::Table { listing, .. } = &mut self.lines {
            listing.add_image(result);
            return Ok(());
        }
        let written = self.lines.write(result, result.rows());
        written.map_err(|error| self.failed(error))
    }

    /// Adds the faces of a frame of a video.
    pub(super) fn add_frame(&mut self, frame: &Frame<'_>) -> Result<()> {
        if let Lines::Table { people, .. } = &mut self.lines {
            people.add(frame);
            return Ok(());
        }
        let rows = frame
            .faces
            .iter()
            .map(|face| FrameRow::new(Some(frame.path), frame.time, face));
        let written = self.lines.write(frame, rows);
        written.map_err(|error| self.failed(error))
    }

    /// Ends a video: the table gets one row per person.
    pub(super) fn end_video(&mut self, video: &Path) -> Result<()> {
        if let Lines::Table { listing, people } = &mut self.lines {
            listing.add_video(video, std::mem::take(people).into_rows());
        }
        Ok(())
    }

    /// Adds a video that could not be read.
    pub(super) fn add_failed_video(
        &mut self,
        video: &Path,
        error: &fer_vision::Error,
    ) -> Result<()> {
        if let Lines::Table { listing, people } = &mut self.lines {
            // Who was seen before it failed is nobody in the next video.
            *people = People::default();
            listing.add_failed_video(video, error.kind());
            return Ok(());
        }
        let empty: [Face; 0] = [];
        let line = json!({ "path": video.to_string_lossy(), "error": error, "faces": empty });
        let row = FrameRow::failed(video, error);
        let written = self.lines.write(&line, std::iter::once(row));
        written.map_err(|error| self.failed(error))
    }

    pub(super) fn finish(self) -> Result<()> {
        match (self.lines, self.journal) {
            (Lines::Table { listing, .. }, _) => listing.print(),
            (lines, Some(journal)) => {
                drop(lines);
                journal.finish()
            }
            (_, None) => Ok(()),
        }
    }

    fn failed(&self, error: csv::Error) -> Error {
        match (error.into_kind(), &self.journal) {
            (csv::ErrorKind::Io(error), None) => Error::Stdout(error),
            (csv::ErrorKind::Io(error), Some(journal)) => journal.failed(error),
            (other, _) => Error::Format(format!("{other:?}").into()),
        }
    }
}

impl Lines {
    fn csv(writer: Box<dyn Write>, header: bool) -> Self {
        let writer = csv::WriterBuilder::new()
            .has_headers(header)
            .from_writer(writer);
        Self::Csv(Box::new(writer))
    }

    /// Writes a result as a line of JSON or as its rows, and leaves nothing in memory.
    fn write<R: Serialize>(
        &mut self,
        line: &impl Serialize,
        mut rows: impl Iterator<Item = R>,
    ) -> csv::Result<()> {
        match self {
            Self::Json(writer) => {
                let mut line = serde_json::to_vec(line).map_err(io::Error::from)?;
                line.push(b'\n');
                writer.write_all(&line)?;
                writer.flush()?;
            }
            Self::Csv(writer) => {
                rows.try_for_each(|row| writer.serialize(row))?;
                writer.flush()?;
            }
            Self::Table { .. } => {}
        }
        Ok(())
    }
}
