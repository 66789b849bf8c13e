//! `fer insight shares`.

use fer_insight::{Document, Shares};

use super::args::SharesArgs;
use super::study::{open, print, study};
use super::tables;
use crate::{Result, Status};

pub(super) fn run(args: &SharesArgs, quiet: bool) -> Result<Status> {
    let study = study(&args.study, args.by.clone())?;
    let document = study.shares(open(&args.study.faces)?)?;
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
