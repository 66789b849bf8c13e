//! `fer evaluate`: a model's figures on class folders.

mod groups;

use std::ops::ControlFlow;

use fer_kit::{EvaluateOptions, evaluate, load_classifier};
use fer_train::report;
use fer_train::{Evaluation, ExcludeList, Scores};

use crate::args::EvaluateArgs;
use crate::progress::{Progress, say};
use crate::{Result, Status, files, terminal};

pub(crate) fn run(args: &EvaluateArgs, quiet: bool) -> Result<Status> {
    let model = &args.model;
    let classifier = load_classifier(model.model.as_deref(), model.priors, model.threads)?;
    let options = EvaluateOptions {
        faces: model.faces,
        votes: args.votes.clone(),
        groups: args.groups.clone(),
        exclude: args.exclude.as_deref().map(ExcludeList::load).transpose()?,
        ignore_unknown: args.ignore_unknown,
        threads: model.threads,
    };
    let mut progress = Progress::new("images", quiet);
    let evaluation = evaluate(&classifier, &args.dir, &options, |done, total| {
        progress.set(done, total);
        ControlFlow::Continue(())
    })?;
    drop(progress);

    if let Some(json) = &args.json {
        files::write_json(json, &evaluation)?;
    }
    if let Some(html) = &args.html {
        let name = model.model.as_deref().map_or_else(
            || fer_core::Model::DEFAULT_NAME.into(),
            |name| std::path::Path::new(name).to_string_lossy(),
        );
        let page = report::evaluation_html(&evaluation, &args.dir, &name, classifier.model())?;
        files::write_text(html, &page)?;
    }
    report_gaps(&evaluation);
    print_figures(&evaluation)?;
    if let Some(grouped) = &evaluation.groups {
        groups::print(grouped)?;
    }
    Ok(Status::Success)
}

/// Says on stderr what was not scored.
pub(crate) fn report_gaps(evaluation: &Evaluation) {
    if !evaluation.missing_classes.is_empty() {
        let missing: Vec<&str> = evaluation
            .missing_classes
            .iter()
            .map(|class| class.label())
            .collect();
        say(format_args!("no images of: {}", missing.join(", ")));
    }
    if evaluation.no_face > 0 {
        say(format_args!(
            "no face found in {} images: they are not scored",
            evaluation.no_face
        ));
    }
    for error in &evaluation.errors {
        say(format_args!(
            "cannot read {}: {}",
            error.path, error.message
        ));
    }
    for path in evaluation
        .excluded
        .iter()
        .flat_map(|excluded| &excluded.not_found)
    {
        say(format_args!("to be excluded, but not there: {path}"));
    }
    if let Some(grouped) = &evaluation.groups {
        groups::report_gaps(grouped);
    }
}

fn print_figures(evaluation: &Evaluation) -> Result<()> {
    let mut columns = vec![("", &evaluation.scores)];
    if let Some(excluded) = &evaluation.excluded {
        columns.push(("with the excluded", &excluded.whole));
    }
    if let Some(consensus) = &evaluation.consensus {
        columns.push(("consensus", consensus));
    }
    let header: Vec<&str> = ["figure"]
        .into_iter()
        .chain(columns.iter().map(|&(name, _)| name))
        .collect();
    let mut table = terminal::table(&header);
    for (name, figure) in FIGURES {
        table.add_row(
            [(*name).to_owned()]
                .into_iter()
                .chain(columns.iter().map(|(_, scores)| figure(scores))),
        );
    }
    terminal::print_table(&table)?;
    print_classes(&evaluation.scores)
}

type Figure = (&'static str, fn(&Scores) -> String);

const FIGURES: &[Figure] = &[
    ("images", |scores| scores.metrics.n.to_string()),
    ("accuracy", |scores| {
        let [low, high] = scores.metrics.accuracy_ci95;
        format!("{:.4} [{low:.4}, {high:.4}]", scores.metrics.accuracy)
    }),
    ("balanced accuracy", |scores| {
        format!("{:.4}", scores.metrics.balanced_accuracy)
    }),
    ("macro F1", |scores| {
        format!("{:.4}", scores.metrics.macro_f1)
    }),
    ("negative log-likelihood", |scores| {
        format!("{:.4}", scores.metrics.nll)
    }),
    ("calibration error", |scores| {
        format!("{:.4}", scores.metrics.ece)
    }),
    ("label set coverage", |scores| {
        format!("{:.4}", scores.conformal.coverage)
    }),
];

/// One row per class: its figures, and how its images were answered.
fn print_classes(scores: &Scores) -> Result<()> {
    let metrics = &scores.metrics;
    let mut header = vec!["truth", "precision", "recall", "F1", "images"];
    header.extend(metrics.classes.iter().map(|class| class.label()));
    let mut table = terminal::table(&header);
    for (class, counts) in metrics.classes.iter().zip(&metrics.confusion) {
        let figures = &metrics.per_class[*class];
        let share = |value: Option<f64>| {
            value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
        };
        let mut row = vec![
            class.to_string(),
            share(figures.precision),
            share(figures.recall),
            share(figures.f1),
            counts.iter().sum::<usize>().to_string(),
        ];
        row.extend(counts.iter().map(usize::to_string));
        table.add_row(row);
    }
    terminal::print_table(&table)
}
