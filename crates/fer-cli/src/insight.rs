//! `fer insight`: answers about many faces.

mod agreement;
pub(crate) mod args;
mod baseline;
mod compare;
mod markers;
mod relate;
mod sample;
mod shares;
mod simulate;
mod study;
mod tables;
mod timeline;
mod trend;

use fer_insight::Reference;

use crate::progress::say;
use crate::{Result, Status};
use args::{InsightArgs, InsightCommand, ReferenceArgs};

pub(crate) fn run(args: &InsightArgs, quiet: bool) -> Result<Status> {
    match &args.command {
        InsightCommand::Shares(args) => shares::run(args, quiet),
        InsightCommand::Compare(args) => compare::run(args, quiet),
        InsightCommand::Trend(args) => trend::run(args, quiet),
        InsightCommand::Timeline(args) => timeline::run(args, quiet),
        InsightCommand::Baseline(args) => baseline::run(args, quiet),
        InsightCommand::Relate(args) => relate::run(args, quiet),
        InsightCommand::Sample(args) => sample::run(args, quiet),
        InsightCommand::Agreement(args) => agreement::run(args),
        InsightCommand::Simulate(args) => simulate::run(args),
        InsightCommand::Reference(args) => make_reference(args, quiet),
    }
}

fn make_reference(args: &ReferenceArgs, quiet: bool) -> Result<Status> {
    let reference = Reference::open(&args.evaluation)?;
    reference.save(&args.out)?;
    if !quiet {
        say(format_args!("reference of {} images", reference.images()));
    }
    Ok(Status::Success)
}
