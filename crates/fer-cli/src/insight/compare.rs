//! `fer insight compare`.

use fer_insight::{CompareOptions, Comparison, Document, Sheet};

use super::args::CompareGroupsArgs;
use super::study::{open, print, study, study_by_labels};
use super::tables;
use crate::{Result, Status};

pub(super) fn run(args: &CompareGroupsArgs, quiet: bool) -> Result<Status> {
    let by = std::iter::once(args.by.clone()).chain(args.within.iter().cloned());
    let by = by.collect();
    let options = CompareOptions {
        versus: args.versus.clone(),
        permutations: args.permutations,
        adjust: args.adjust,
        ..CompareOptions::default()
    };
    let table = open(&args.study.table)?;
    let document = match &args.correction.labels {
        Some(sheet) => {
            let sheet = Sheet::open(sheet)?;
            study_by_labels(&args.study, by)?.compare_by_labels(table, &sheet, &options)?
        }
        None => study(&args.study, by)?.compare(table, &options)?,
    };
    print(
        &args.study,
        quiet,
        &document,
        tables::comparison,
        Comparison::flat,
        Document::<Comparison>::page,
    )?;
    Ok(Status::Success)
}
