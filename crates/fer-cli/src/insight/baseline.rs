//! `fer insight baseline`.

use fer_insight::{BaselineOptions, Baselines, Document};

use super::args::BaselineArgs;
use super::study::{open, print, study};
use super::tables::{Listing, print_words};
use crate::terminal::{self, print_table, printable};
use crate::{Result, Status};

pub(super) fn run(args: &BaselineArgs, quiet: bool) -> Result<Status> {
    let study = study(&args.study, Vec::new())?;
    let options = BaselineOptions {
        subject: args.subject.clone(),
        session: args.session.clone(),
        phase: args.phase.clone(),
        baseline: args.baseline.clone(),
    };
    let document = study.baseline(open(&args.study.table)?, &options)?;
    print(
        &args.study,
        quiet,
        &document,
        print_baselines,
        Baselines::flat,
        Document::<Baselines>::page,
    )?;
    Ok(Status::Success)
}

/// Prints the sessions, then the comparison of each person.
fn print_baselines(baselines: &Baselines) -> Result<()> {
    let mut listing = Listing::new(["subject", "session", "phase"]);
    for subject in &baselines.subjects {
        for session in &subject.sessions {
            let names = [&subject.subject, &session.session, &session.phase];
            listing.add(names.map(|name| printable(name)), &session.group);
        }
    }
    listing.print()?;
    terminal::print("")?;
    let mut table = terminal::table(&["subject", "NAP", "tau", "p", "z", "baseline"]);
    for subject in &baselines.subjects {
        let name = printable(&subject.subject);
        let Some(overlap) = &subject.overlap else {
            table.add_row([name, "too few sessions".into()]);
            continue;
        };
        let trends = if overlap.baseline_trends() {
            "has a trend"
        } else {
            "steady"
        };
        table.add_row([
            name,
            format!("{:.2}", overlap.nap),
            format!("{:.2}", overlap.tau),
            format!("{:.3}", overlap.p),
            overlap.z.map_or("-".into(), |z| format!("{z:.1}")),
            trends.into(),
        ]);
    }
    print_table(&table)?;
    print_words(&baselines.headline())?;
    print_words(
        "NAP: share of pairs in which the later session has the higher net; z: robust standard deviations of the last.",
    )
}
