//! `fer insight trend`.

use fer_insight::{Document, Sheet, Slopes, Trend, TrendOptions};

use super::args::TrendArgs;
use super::study::{open, print, study, study_by_labels};
use super::tables::{Listing, points, print_words};
use crate::terminal::{self, print_table, printable};
use crate::{Result, Status};

pub(super) fn run(args: &TrendArgs, quiet: bool) -> Result<Status> {
    let by = args.grouping.by.clone();
    let options = TrendOptions {
        time: args.time.clone(),
        every: args.every,
    };
    let table = open(&args.study.table)?;
    let document = match &args.correction.labels {
        Some(sheet) => {
            let sheet = Sheet::open(sheet)?;
            study_by_labels(&args.study, by)?.trend_by_labels(table, &sheet, &options)?
        }
        None => study(&args.study, by)?.trend(table, &options)?,
    };
    print(
        &args.study,
        quiet,
        &document,
        print_trend,
        Trend::flat,
        Document::<Trend>::page,
    )?;
    Ok(Status::Success)
}

/// Prints the shares of each period, then the slopes.
fn print_trend(trend: &Trend) -> Result<()> {
    let columns = trend.columns.iter().map(String::as_str).chain(["start"]);
    let mut listing = Listing::new(columns);
    for series in &trend.series {
        for period in &series.periods {
            let names = series.by.iter().map(|value| printable(value));
            listing.add(names.chain([period.start.clone()]), &period.group);
        }
    }
    listing.print()?;
    let slopes = trend.series.iter();
    let slopes: Vec<_> = slopes
        .filter_map(|series| Some((series, series.slopes.as_ref()?)))
        .collect();
    if !slopes.is_empty() {
        terminal::print("")?;
        let mut header: Vec<&str> = trend.columns.iter().map(String::as_str).collect();
        header.extend(["figure", "per period", "p"]);
        let mut table = terminal::table(&header);
        for (series, slopes) in slopes {
            for (name, slope) in figures(slopes) {
                let names = series.by.iter().map(|value| printable(value));
                let change = format!(
                    "{} [{}, {}]",
                    points(slope.per_step, 1),
                    points(slope.low, 1),
                    points(slope.high, 1)
                );
                let p = format!("{:.3}", slope.p);
                table.add_row(names.chain([name.to_owned(), change, p]));
            }
        }
        print_table(&table)?;
    }
    print_words(&trend.headline())
}

fn figures(slopes: &Slopes) -> impl Iterator<Item = (&'static str, &fer_insight::Slope)> {
    let shares = slopes.shares.iter();
    let shares = shares.map(|(emotion, slope)| (emotion.label(), slope));
    shares.chain([("net", &slopes.net), ("expressive", &slopes.expressive)])
}
