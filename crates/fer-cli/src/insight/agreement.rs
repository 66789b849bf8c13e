//! `fer insight agreement`.

use std::path::Path;

use comfy_table::Table;
use fer_insight::{
    Agreement, AgreementOptions, Columns, Estimate, Label, RaterPair, Sheet, TableFile, agreement,
    model_answers,
};

use super::args::AgreementArgs;
use crate::terminal::{self, print, print_table, printable};
use crate::{Error, Result, Status};

pub(super) fn run(args: &AgreementArgs) -> Result<Status> {
    let mut sheets = Vec::new();
    for path in &args.sheets {
        sheets.push(Sheet::open(path)?);
    }
    let mut names: Vec<String> = args.sheets.iter().map(|path| name(path)).collect();
    let model = match (&args.faces, sheets.first()) {
        (Some(table), Some(first)) => {
            let table = TableFile::open(table)?;
            Some(model_answers(table, &Columns::default(), first)?)
        }
        _ => None,
    };
    names.extend(model.is_some().then(|| "model".to_owned()));
    sheets.extend(model);
    let raters: Vec<(&str, &Sheet)> = names.iter().map(String::as_str).zip(&sheets).collect();
    let options = AgreementOptions {
        resamples: args.resamples,
        seed: args.seed,
        level: args.level,
    };
    let result = agreement(&raters, &options)?;
    if args.json {
        let json = serde_json::to_string_pretty(&result);
        terminal::print(json.map_err(|error| Error::Format(error.into()))?)?;
    } else {
        print_result(&result)?;
    }
    Ok(Status::Success)
}

/// Returns the name of a rater: the file's, without its ending.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

fn print_result(result: &Agreement) -> Result<()> {
    let mut table = terminal::table(&["rater", "answered", "cannot tell", "no label"]);
    for rater in &result.raters {
        let counts = [rater.answered, rater.cannot_tell, rater.unlabeled];
        let counts = counts.map(|count| count.to_string());
        table.add_row(std::iter::once(printable(&rater.name)).chain(counts));
    }
    print_table(&table)?;
    for pair in &result.pairs {
        print("")?;
        print_table(&confusion(pair))?;
        let agreement = pair.agreement.map_or_else(
            || "no face that both answered".into(),
            |share| points(&share),
        );
        print(format_args!(
            "same answer to {} faces: {agreement}",
            pair.faces
        ))?;
    }
    print("")?;
    print(result.headline())?;
    print(
        "1 is perfect, 0 is chance; from .80 on labels are reliable, below .67 they are not (Krippendorff 2004).",
    )
}

/// Returns the faces by the labels of two raters.
fn confusion(pair: &RaterPair) -> Table {
    let corner = format!("{} \\ {}", printable(&pair.a), printable(&pair.b));
    let mut header = vec![corner.as_str()];
    header.extend(Label::ALL.map(Label::name));
    let mut table = terminal::table(&header);
    for (label, row) in Label::ALL.iter().zip(&pair.confusion.0) {
        let cells = row.iter().map(u32::to_string);
        table.add_row(std::iter::once(label.name().to_owned()).chain(cells));
    }
    table
}

/// Returns a share with its interval in whole hundredths.
fn points(share: &Estimate) -> String {
    let [estimate, low, high] = [share.estimate, share.low, share.high].map(|x| 100.0 * x);
    format!("{estimate:.0} % [{low:.0}, {high:.0}]")
}
