//! From arguments to a study and its table, and from a result to stdout.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use fer_insight::{
    Columns, Declaration, Document, FlatTable, Lookup, Origin, PerhapsJoined, Reference,
    ShareOptions, Study, TableFile,
};
use serde::Serialize;

use super::args::{StudyArgs, TableArgs};
use crate::format::Format;
use crate::progress::say;
use crate::terminal::{self, printable};
use crate::{Error, Result, files};

/// Returns the study that the arguments describe, grouped by the columns `by`.
pub(super) fn study(args: &StudyArgs, by: Vec<String>) -> Result<Study> {
    let (model, reference) =
        fer_kit::insight::reference(args.model.as_deref(), args.reference.as_deref())?;
    Ok(study_of(args, by, model, reference))
}

/// Returns the same for an analysis by labels: the model may be one without a reference.
pub(super) fn study_by_labels(args: &StudyArgs, by: Vec<String>) -> Result<Study> {
    let (model, unused) = fer_kit::insight::reference_beside_labels(args.model.as_deref())?;
    Ok(study_of(args, by, model, unused))
}

fn study_of(args: &StudyArgs, by: Vec<String>, model: String, reference: Reference) -> Study {
    Study {
        columns: columns(&args.table, by),
        declaration: Declaration {
            purpose: args.purpose,
            basis: args.basis,
            min_people: args.min_people,
            joined: args.table.join.is_some(),
            ..Declaration::default()
        },
        model,
        reference,
        options: ShareOptions {
            draws: args.draws,
            seed: args.seed,
            level: args.level,
            weight: args.weight,
            threads: threads(args.threads),
        },
    }
}

/// Returns the columns that the arguments name, and those of the groups.
pub(super) fn columns(args: &TableArgs, by: Vec<String>) -> Columns {
    Columns {
        by,
        cluster: args.cluster.clone(),
        consent: args.consent.clone(),
        only: args.only.clone(),
        ..Columns::default()
    }
}

fn threads(count: usize) -> NonZeroUsize {
    NonZeroUsize::new(count)
        .or_else(|| std::thread::available_parallelism().ok())
        .unwrap_or(NonZeroUsize::MIN)
}

/// Opens the table: a file, or standard input for `-`, joined with the file that the arguments name.
pub(super) fn open(args: &TableArgs) -> Result<PerhapsJoined<TableFile>> {
    let table = if args.faces == Path::new("-") {
        TableFile::csv(io::stdin())
    } else {
        TableFile::open(&args.faces)?
    };
    let with = match args.join.as_deref().zip(args.on.clone()) {
        Some((path, on)) => {
            let lookup = Lookup::open(path, &on.other)?;
            Some((on, lookup))
        }
        None => None,
    };
    Ok(PerhapsJoined::new(table, with))
}

/// Prints the result in the format asked for, and on stderr what a reader must know.
pub(super) fn print<T: Serialize>(
    args: &StudyArgs,
    quiet: bool,
    document: &Document<T>,
    table: impl FnOnce(&T) -> Result<()>,
    flat: impl FnOnce(&T) -> FlatTable,
    page: impl FnOnce(&Document<T>, &Origin) -> fer_insight::Result<String>,
) -> Result<()> {
    if let Some(html) = &args.html {
        let origin = Origin {
            table: args.table.faces.display().to_string(),
            command: command_line(),
        };
        files::write_text(html, &page(document, &origin)?)?;
    }
    match args.format() {
        Format::Table => table(&document.result)?,
        Format::Json => {
            let json = serde_json::to_string_pretty(document);
            terminal::print(json.map_err(|error| Error::Format(error.into()))?)?;
        }
        Format::Csv => terminal::print(flat(&document.result).to_csv()?.trim_end())?,
    }
    if !quiet {
        say_rows(document);
    }
    for warning in &document.warnings {
        let values: Vec<&str> = warning.group.iter().map(|(_, value)| &**value).collect();
        let group = if values.is_empty() {
            String::new()
        } else {
            format!("{}: ", values.join(", "))
        };
        say(format_args!(
            "warning: {}{}",
            printable(&group),
            printable(&warning.message)
        ));
    }
    Ok(())
}

/// Returns the command of this process as a shell takes it.
fn command_line() -> String {
    let arguments = std::env::args_os().skip(1);
    let words = arguments.map(|word| terminal::quoted(Path::new(&word)));
    std::iter::once("fer".to_owned())
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Says what became of the rows.
fn say_rows<T>(document: &Document<T>) {
    let rows = &document.statement.rows;
    let parts = [
        (rows.no_face, "without a face"),
        (rows.unreadable, "unreadable"),
        (rows.no_consent, "without consent"),
        (rows.filtered, "left out by --where"),
        (rows.unmatched, "without a match in --join"),
    ];
    let mut text = format!("{} of {} rows used", rows.used, rows.read);
    for (index, (count, what)) in parts.iter().filter(|(count, _)| *count > 0).enumerate() {
        text += if index == 0 { ": " } else { ", " };
        text += &format!("{count} {what}");
    }
    say(text);
}
