//! `fer insight compare`.

use fer_insight::{CompareOptions, Comparison, Document};

use super::args::CompareGroupsArgs;
use super::study::{open, print, study};
use super::tables;
use crate::{Result, Status};

pub(super) fn run(args: &CompareGroupsArgs, quiet: bool) -> Result<Status> {
    let by = std::iter::once(args.by.clone()).chain(args.within.iter().cloned());
    let study = study(&args.study, by.collect())?;
    let options = CompareOptions {
        versus: args.versus.clone(),
        permutations: args.permutations,
        adjust: args.adjust,
        ..CompareOptions::default()
    };
    let document = study.compare(open(&args.study.table.faces)?, &options)?;
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
