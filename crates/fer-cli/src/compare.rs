//! `fer compare`: two models on the same class folders.

use std::ops::ControlFlow;

use fer_core::Emotion;
use fer_kit::{EvaluateOptions, compare_models, load_classifier};
use fer_train::{Comparison, ExcludeList, PairedCounts};

use crate::args::CompareArgs;
use crate::evaluate::report_gaps;
use crate::progress::Progress;
use crate::{Result, Status, files, terminal};

/// The p-value below which a difference is called one.
const LEVEL: f64 = 0.05;

pub(crate) fn run(args: &CompareArgs, quiet: bool) -> Result<Status> {
    let load = |model: &str| load_classifier(Some(model), args.priors, args.threads);
    let (a, b) = (load(&args.a)?, load(&args.b)?);
    let options = EvaluateOptions {
        faces: args.faces,
        votes: None,
        groups: None,
        exclude: args.exclude.as_deref().map(ExcludeList::load).transpose()?,
        ignore_unknown: args.ignore_unknown,
        threads: args.threads,
    };
    let mut progress = Progress::new("images", quiet);
    let compared = compare_models([&a, &b], &args.dir, &options, |done, total| {
        progress.set(done, total);
        ControlFlow::Continue(())
    })?;
    drop(progress);
    if let Some(json) = &args.json {
        files::write_json(json, &compared.comparison)?;
    }
    report_gaps(&compared.evaluations[0]);
    print(&compared.comparison, [&args.a, &args.b])?;
    Ok(Status::Success)
}

fn print(comparison: &Comparison, models: [&str; 2]) -> Result<()> {
    let [a, b] = models.map(terminal::printable);
    let header = [
        "images".to_owned(),
        "n".to_owned(),
        a.clone(),
        b.clone(),
        "difference [95 %]".to_owned(),
        format!("only {a} right"),
        format!("only {b} right"),
    ];
    let mut table = terminal::table(&header.each_ref().map(String::as_str));
    let mut add = |name: &str, paired: &PairedCounts| {
        let [low, high] = paired.difference_ci95;
        table.add_row([
            name.to_owned(),
            paired.n.to_string(),
            format!("{:.4}", paired.accuracy_a),
            format!("{:.4}", paired.accuracy_b),
            format!("{:+.4} [{low:+.4}, {high:+.4}]", paired.difference),
            paired.only_a.to_string(),
            paired.only_b.to_string(),
        ]);
    };
    add("all", &comparison.all);
    for emotion in Emotion::ALL {
        if comparison.per_class[emotion].n > 0 {
            add(emotion.label(), &comparison.per_class[emotion]);
        }
    }
    terminal::print_table(&table)?;
    terminal::print(verdict(comparison, &a, &b))
}

/// Says in a sentence what the comparison shows.
fn verdict(comparison: &Comparison, a: &str, b: &str) -> String {
    let all = &comparison.all;
    let p = comparison.p_value;
    let decisive = all.only_a + all.only_b;
    let test = format!("exact McNemar test on {decisive} images, p = {p:.2}");
    if p >= LEVEL {
        return format!("no difference is shown ({test})");
    }
    let (better, other) = if all.difference > 0.0 { (b, a) } else { (a, b) };
    let test = test.replace(&format!("p = {p:.2}"), &format!("p = {p:.2e}"));
    format!("{better} is better than {other} on these images ({test})")
}
