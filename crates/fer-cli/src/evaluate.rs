//! `fer evaluate`: a model's figures on class folders.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fer_core::{Classifier, ImageView};
use fer_train::report;
use fer_train::{
    ClassFolders, Evaluation, EvaluationOptions, ExcludeList, FaceError, ScanOptions, Scores, Votes,
};
use fer_vision::{Analyzer, AnalyzerOptions, Detection, FaceCrop, FaceMode};

use crate::args::EvaluateArgs;
use crate::progress::{Progress, say};
use crate::{Result, Status, files, load_classifier, terminal};

/// What is scored, and how.
#[derive(Debug, Clone, Default)]
pub struct EvaluateOptions {
    /// Which part of a picture is taken as the face: of several, the largest.
    pub faces: FaceMode,
    /// CSV of crowd votes, its paths relative to the parent of the folder.
    pub votes: Option<PathBuf>,
    /// Pictures to leave out, relative to the folder.
    pub exclude: Option<ExcludeList>,
    /// Whether to pass over class folders of unknown names.
    pub ignore_unknown: bool,
    /// Threads that read and search pictures; 0 for all cores. The classifier has its own.
    pub threads: usize,
}

/// Scores `classifier` on the class folders in `folder`. `progress` is called with the pictures done and all of
/// them, and may stop the work.
///
/// # Errors
/// [`Error::Train`](crate::Error::Train) for a folder or a votes file that is not what it should be, or if nothing is left to score.
pub fn evaluate(
    classifier: &Classifier,
    folder: &Path,
    options: &EvaluateOptions,
    progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Evaluation> {
    let scan = ScanOptions::default().with_ignore_unknown_folders(options.ignore_unknown);
    let folders = ClassFolders::scan(folder, scan)?;
    let votes = options.votes.as_deref().map(Votes::load).transpose()?;
    let analyzer = Analyzer::new(
        classifier.clone(),
        AnalyzerOptions {
            faces: options.faces,
            threads: options.threads,
            ..AnalyzerOptions::default()
        },
    )?;
    let find_face = |image: &ImageView<'_>, face: &mut [u8]| {
        write_face(&analyzer, image, face).map_err(face_error)
    };

    let mut how = EvaluationOptions::default()
        .with_threads(options.threads)
        .with_find_face(&find_face);
    if let Some(votes) = &votes {
        how = how.with_votes(votes);
    }
    if let Some(list) = &options.exclude {
        how = how.with_exclude(list);
    }
    Ok(fer_train::evaluate(classifier, &folders, how, progress)?)
}

/// Writes the largest face of `image` ready for the network; `false` where there is none.
fn write_face(
    analyzer: &Analyzer,
    image: &ImageView<'_>,
    face: &mut [u8],
) -> fer_vision::Result<bool> {
    let found = analyzer.locate(image)?;
    let Some(largest) = found.into_iter().max_by_key(area) else {
        return Ok(false);
    };
    let crop = FaceCrop::of(image, largest.map(|detection| detection.bounds))?;
    analyzer
        .classifier()
        .model()
        .preprocessing
        .face_bytes(&crop.view(), face)?;
    Ok(true)
}

/// The whole picture is larger than any face in it.
fn area(found: &Option<Detection>) -> u64 {
    found.map_or(u64::MAX, |detection| detection.bounds.area())
}

fn face_error(error: fer_vision::Error) -> FaceError {
    FaceError {
        kind: error.kind().to_owned(),
        message: error.to_string(),
    }
}

pub(crate) fn run(args: &EvaluateArgs, quiet: bool) -> Result<Status> {
    let model = &args.model;
    let classifier = load_classifier(model.model.as_deref(), model.priors, model.threads)?;
    let options = EvaluateOptions {
        faces: model.faces,
        votes: args.votes.clone(),
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
    Ok(Status::Success)
}

/// Says on stderr what was not scored.
fn report_gaps(evaluation: &Evaluation) {
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

/// One row a class: its figures, and how its images were answered.
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
