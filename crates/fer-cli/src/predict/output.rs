//! The results of `fer predict` in the format asked for.

mod listing;
mod people;

use std::io::{self, StdoutLock, Write};
use std::path::Path;

use fer_kit::predict::Frame;
use fer_vision::{Face, FrameRow, ImageResult};
use serde::Serialize;
use serde_json::json;

use crate::args::Format;
use crate::{Error, Result};
use listing::Listing;
use people::People;

/// Takes results one by one; lines of JSON and CSV appear as they come, the table at the end.
pub(super) enum Output {
    Json(StdoutLock<'static>),
    Csv(Box<csv::Writer<StdoutLock<'static>>>),
    Table {
        listing: Box<Listing>,
        people: People,
    },
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json(io::stdout().lock()),
            Format::Csv => Self::Csv(Box::new(csv::Writer::from_writer(io::stdout().lock()))),
            Format::Table => Self::Table {
                listing: Box::default(),
                people: People::default(),
            },
        }
    }

    /// Adds the faces of an image.
    pub(super) fn add(&mut self, result: &ImageResult) -> Result<()> {
        match self {
            Self::Json(stdout) => write_json(stdout, result),
            Self::Csv(writer) => {
                result
                    .rows()
                    .try_for_each(|row| writer.serialize(row))
                    .map_err(csv_error)?;
                writer.flush().map_err(Error::Stdout)
            }
            Self::Table { listing, .. } => {
                listing.add_image(result);
                Ok(())
            }
        }
    }

    /// Adds the faces of a frame of a video.
    pub(super) fn add_frame(&mut self, frame: &Frame<'_>) -> Result<()> {
        match self {
            Self::Json(stdout) => write_json(stdout, frame),
            Self::Csv(writer) => {
                let mut rows = frame
                    .faces
                    .iter()
                    .map(|face| FrameRow::new(Some(frame.path), frame.time, face));
                rows.try_for_each(|row| writer.serialize(row))
                    .map_err(csv_error)?;
                writer.flush().map_err(Error::Stdout)
            }
            Self::Table { people, .. } => {
                people.add(frame);
                Ok(())
            }
        }
    }

    /// Ends a video: the table gets one row per person.
    pub(super) fn end_video(&mut self, video: &Path) -> Result<()> {
        if let Self::Table { listing, people } = self {
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
        match self {
            Self::Json(stdout) => {
                let empty: [Face; 0] = [];
                write_json(
                    stdout,
                    &json!({ "path": video.to_string_lossy(), "error": error, "faces": empty }),
                )
            }
            Self::Csv(writer) => writer
                .serialize(FrameRow::failed(video, error))
                .map_err(csv_error),
            Self::Table { listing, people } => {
                // Who was seen before it failed is nobody in the next video.
                *people = People::default();
                listing.add_failed_video(video, error.kind());
                Ok(())
            }
        }
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Json(mut stdout) => stdout.flush().map_err(Error::Stdout),
            Self::Csv(mut writer) => writer.flush().map_err(Error::Stdout),
            Self::Table { listing, .. } => listing.print(),
        }
    }
}

fn write_json(stdout: &mut StdoutLock<'_>, value: &impl Serialize) -> Result<()> {
    let line = serde_json::to_string(value).map_err(|error| Error::Format(error.into()))?;
    writeln!(stdout, "{line}").map_err(Error::Stdout)
}

fn csv_error(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Error::Stdout(error),
        other => Error::Format(format!("{other:?}").into()),
    }
}
