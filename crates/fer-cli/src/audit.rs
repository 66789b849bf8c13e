//! `fer audit`: what is wrong with a dataset.

use std::ops::ControlFlow;

use fer_core::Emotion;
use fer_kit::{Audit, AuditOptions, AuditStep, audit};
use fer_train::report;

use crate::args::AuditArgs;
use crate::progress::{Progress, say};
use crate::{Result, Status, files, terminal};

pub(crate) fn run(args: &AuditArgs, quiet: bool) -> Result<Status> {
    let options = AuditOptions::default()
        .with_suspects(args.suspects)
        .with_threads(args.threads);
    let mut epochs = None;
    let tell = |step| {
        match step {
            AuditStep::Decoding(images) if !quiet => say(format_args!("decoding {images} images")),
            AuditStep::Comparing(images) if !quiet => {
                say(format_args!("comparing {images} images with each other"));
            }
            AuditStep::Training { epoch, epochs: of } => epochs
                .get_or_insert_with(|| {
                    Progress::new("epochs of the networks that judge labels", quiet)
                })
                .set(epoch, of),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let audit = audit(&args.data, &options, tell)?;
    if let Some(json) = &args.json {
        files::write_json(json, &audit)?;
    }
    if let Some(html) = &args.html {
        files::write_text(html, &report::audit_html(&audit, &args.data)?)?;
    }
    print_counts(&audit)?;
    print_findings(&audit, args.suspects)?;
    Ok(Status::Success)
}

/// One row per split: how many images of each class.
fn print_counts(audit: &Audit) -> Result<()> {
    let header: Vec<&str> = ["split"]
        .into_iter()
        .chain(Emotion::ALL.map(Emotion::label))
        .collect();
    let mut table = terminal::table(&header);
    for (split, counts) in &audit.counts {
        let counts = counts.0.iter().map(usize::to_string);
        table.add_row([split.label().to_owned()].into_iter().chain(counts));
    }
    terminal::print_table(&table)
}

fn print_findings(audit: &Audit, suspects: bool) -> Result<()> {
    let mut table = terminal::table(&["found", "number"]);
    let suspects = suspects.then_some(("suspect labels", audit.suspect_labels.len()));
    let others = [
        ("exact copies", audit.exact.len()),
        ("near copies", audit.near.len()),
        ("copies with different labels", audit.label_conflicts.len()),
        (
            "validation images with a copy in train",
            audit.leaked.validation.len(),
        ),
        (
            "test images with a copy in train or validation",
            audit.leaked.test.len(),
        ),
        (
            "unreadable, blank or placeholder files",
            audit.unreadable.len(),
        ),
    ];
    for (finding, number) in others.into_iter().chain(suspects) {
        table.add_row([finding, &number.to_string()]);
    }
    terminal::print_table(&table)
}
