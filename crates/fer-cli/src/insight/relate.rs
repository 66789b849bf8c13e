//! `fer insight relate`.

use fer_insight::{Document, Measure, RelateOptions, Relation};

use super::args::RelateArgs;
use super::study::{open, print, study};
use super::tables::{points, print_words};
use crate::terminal::{self, print_table, printable};
use crate::{Result, Status};

pub(super) fn run(args: &RelateArgs, quiet: bool) -> Result<Status> {
    let study = study(&args.study, Vec::new())?;
    let options = RelateOptions {
        outcome: args.outcome.clone(),
    };
    let document = study.relate(open(&args.study.table)?, &options)?;
    print(
        &args.study,
        quiet,
        &document,
        print_relation,
        Relation::flat,
        Document::<Relation>::page,
    )?;
    Ok(Status::Success)
}

/// Prints the associations, then the outcome by thirds of net.
fn print_relation(relation: &Relation) -> Result<()> {
    let measure = match relation.measure {
        Measure::Spearman => "rank correlation",
        Measure::Auc => "AUC",
    };
    let mut table = terminal::table(&["figure", measure, "p"]);
    for (name, association) in relation.figures() {
        let figure = &association.estimate;
        table.add_row([
            name.to_owned(),
            format!(
                "{:.2} [{:.2}, {:.2}]",
                figure.estimate, figure.low, figure.high
            ),
            format!("{:.3}", association.p),
        ]);
    }
    print_table(&table)?;
    terminal::print("")?;
    let outcome = match &relation.values {
        Some([_, counted]) => format!("share of {}", printable(counted)),
        None => "mean outcome".into(),
    };
    let mut table = terminal::table(&["net", "from", "to", "people", &outcome]);
    for (name, third) in ["lowest", "middle", "highest"].iter().zip(&relation.thirds) {
        let figure = &third.outcome;
        let digits = |value: f64| match relation.values {
            Some(_) => points(value, 0),
            None => format!("{value:.2}"),
        };
        table.add_row([
            (*name).to_owned(),
            points(third.net[0], 0),
            points(third.net[1], 0),
            third.people.to_string(),
            format!(
                "{} [{}, {}]",
                digits(figure.estimate),
                digits(figure.low),
                digits(figure.high)
            ),
        ]);
    }
    print_table(&table)?;
    print_words(&relation.headline())?;
    print_words("Misreading of faces makes every association look weaker than it is.")
}
