//! `fer insight shares`.

use fer_insight::{Document, Shares, Sheet};

use super::args::SharesArgs;
use super::study::{open, print, study, study_by_labels};
use super::tables;
use crate::{Result, Status, files};

pub(super) fn run(args: &SharesArgs, quiet: bool) -> Result<Status> {
    let by = args.grouping.by.clone();
    let table = open(&args.study.table)?;
    let document = match (&args.correction.labels, &args.units) {
        (Some(sheet), _) => {
            let sheet = Sheet::open(sheet)?;
            study_by_labels(&args.study, by)?.shares_by_labels(table, &sheet)?
        }
        (None, Some(file)) => {
            let (document, units) = study(&args.study, by)?.shares_and_units(table)?;
            files::write_new_text(file, &units.flat().to_csv()?)?;
            document
        }
        (None, None) => study(&args.study, by)?.shares(table)?,
    };
    print(
        &args.study,
        quiet,
        &document,
        tables::shares,
        Shares::flat,
        Document::<Shares>::page,
    )?;
    Ok(Status::Success)
}
