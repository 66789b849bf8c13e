//! The results of `fer predict` in the format asked for.

mod people;

use std::io::{self, StdoutLock, Write};
use std::path::Path;

use comfy_table::{Cell, Color, Table};
use fer_core::{Emotion, PerEmotion};
use fer_kit::predict::Frame;
use fer_vision::{Face, FrameRow, ImageResult};
use serde::Serialize;
use serde_json::json;

use crate::args::Format;
use crate::terminal;
use crate::{Error, Result};
use people::People;

const BAR_WIDTH: f32 = 20.0;

/// Takes results one by one; lines of JSON and CSV appear as they come, the table at the end.
pub(super) enum Output {
    Json(StdoutLock<'static>),
    Csv(Box<csv::Writer<StdoutLock<'static>>>),
    Table { table: Box<Table>, people: People },
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json(io::stdout().lock()),
            Format::Csv => Self::Csv(Box::new(csv::Writer::from_writer(io::stdout().lock()))),
            Format::Table => Self::Table {
                table: Box::new(terminal::table(&[
                    "picture",
                    "face",
                    "emotion",
                    "",
                    "probability",
                ])),
                people: People::default(),
            },
        }
    }

    /// Adds the faces of a picture.
    pub(super) fn add(&mut self, result: &ImageResult) -> Result<()> {
        match self {
            Self::Json(stdout) => write_json(stdout, result),
            Self::Csv(writer) => result
                .rows()
                .try_for_each(|row| writer.serialize(row))
                .map_err(csv_error),
            Self::Table { table, .. } => {
                add_picture(table, result);
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
                    .map_err(csv_error)
            }
            Self::Table { people, .. } => {
                people.add(frame);
                Ok(())
            }
        }
    }

    /// Ends a video: the table gets one row a person.
    pub(super) fn end_video(&mut self, video: &Path) -> Result<()> {
        if let Self::Table { table, people } = self {
            let path = video.display().to_string();
            let people = std::mem::take(people);
            if people.is_empty() {
                table.add_row([path.as_str(), "", "no face"]);
            }
            for person in people.into_rows() {
                table.add_row(cells(&path, person.place, person.emotion, person.share, ""));
            }
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
            Self::Table { table, people } => {
                // Who was seen before it failed is nobody in the next video.
                *people = People::default();
                table.add_row(failed(&video.display().to_string(), error.kind().as_str()));
                Ok(())
            }
        }
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Json(mut stdout) => stdout.flush().map_err(Error::Stdout),
            Self::Csv(mut writer) => writer.flush().map_err(Error::Stdout),
            Self::Table { table, .. } => terminal::print_table(&table),
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

fn add_picture(table: &mut Table, result: &ImageResult) {
    let path = result.path.display().to_string();
    if let Some(error) = result.error() {
        table.add_row(failed(&path, error.kind().as_str()));
    } else if result.faces().is_empty() {
        table.add_row([&path, "", "no face"]);
    }
    for face in result.faces() {
        let place = match face.bounds {
            Some(bounds) => format!(
                "{}x{} at {},{}",
                bounds.width, bounds.height, bounds.x, bounds.y
            ),
            None => "whole".to_owned(),
        };
        let prediction = &face.prediction;
        let doubt = if prediction.is_uncertain() {
            " (not sure)"
        } else {
            ""
        };
        table.add_row(cells(
            &path,
            place,
            prediction.emotion(),
            prediction.confidence(),
            doubt,
        ));
    }
}

fn failed(path: &str, kind: &str) -> [Cell; 3] {
    [
        Cell::new(path),
        Cell::new(""),
        Cell::new(kind).fg(Color::Red),
    ]
}

fn cells(path: &str, place: String, emotion: Emotion, share: f32, remark: &str) -> [Cell; 5] {
    let color = COLORS[emotion];
    [
        Cell::new(path),
        Cell::new(place),
        Cell::new(emotion).fg(color),
        Cell::new("█".repeat((share * BAR_WIDTH).round() as usize)).fg(color),
        Cell::new(format!("{share:.2}{remark}")),
    ]
}

const COLORS: PerEmotion<Color> =
    PerEmotion([Color::Yellow, Color::Blue, Color::Grey, Color::Magenta]);
