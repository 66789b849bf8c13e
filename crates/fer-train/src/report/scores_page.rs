//! The pages about a model: how it was trained, how it scores.

use std::path::Path;

use fer_core::{Emotion, Model, PerEmotion};
use fer_report::charts::{Bin, LineChart, ReliabilityChart};
use fer_report::intervals::{Figure, IntervalChart};
use fer_report::{SOFTWARE, thumbnail};
use serde::Serialize;

use super::render;
use crate::calibrate::warnings;
use crate::error::Result;
use crate::evaluation::{EvaluatedImage, Evaluation, Scores};
use crate::group_figures::{GroupColumn, GroupFigures};
use crate::metrics::ReliabilityBin;
use crate::progress::EpochMetrics;
use crate::training_run::TrainingRun;

/// Mistakes shown.
const MISTAKES: usize = 24;

/// The page of an evaluation: figures with their intervals, confusion matrix, reliability, the most confident mistakes.
///
/// `folder` is the folder evaluated, from which the images of the mistakes are read.
///
/// # Errors
/// [`Error::Report`](crate::Error::Report): a faulty template.
pub fn evaluation_html(
    evaluation: &Evaluation,
    folder: &Path,
    model_name: &str,
    model: &Model,
) -> Result<String> {
    #[derive(Serialize)]
    struct Page<'a> {
        software: &'a str,
        title: &'a str,
        model_name: &'a str,
        folder: String,
        evaluation: &'a Evaluation,
        parts: Vec<Part<'a>>,
        groups: Vec<GroupChart<'a>>,
        mistakes: Vec<Mistake<'a>>,
        facts: Vec<Fact>,
    }
    render(
        "evaluation.html",
        Page {
            software: SOFTWARE,
            title: "Evaluation",
            model_name,
            folder: folder.display().to_string(),
            parts: parts(evaluation),
            groups: group_charts(evaluation),
            mistakes: mistakes(evaluation, folder),
            facts: facts(model),
            evaluation,
        },
    )
}

/// The page of a training: the figures of its best epoch on the validation images, curves, configuration and data.
///
/// `evaluation` is that of `model`, the best epoch's, on the images in `folder`.
///
/// # Errors
/// [`Error::Report`](crate::Error::Report): a faulty template.
pub fn training_html(
    run: &TrainingRun,
    evaluation: &Evaluation,
    folder: &Path,
    model: &Model,
) -> Result<String> {
    #[derive(Serialize)]
    struct Page<'a> {
        software: &'a str,
        title: &'a str,
        run: &'a TrainingRun,
        evaluation: &'a Evaluation,
        parts: Vec<Part<'a>>,
        curves: [LineChart; 2],
        mistakes: Vec<Mistake<'a>>,
        facts: Vec<Fact>,
        config: String,
        warnings: Vec<String>,
    }
    let mut parts = parts(evaluation);
    if evaluation.consensus.is_some() {
        // Trained on votes: what they agree on comes first.
        parts.swap(0, 1);
    }
    render(
        "training.html",
        Page {
            software: SOFTWARE,
            title: "Training report",
            run,
            parts,
            curves: curves(&run.history, run.best_epoch),
            mistakes: mistakes(evaluation, folder),
            facts: facts(model),
            config: run.config.clone().with_bare_file_names().to_toml()?,
            warnings: calibration_warnings(evaluation, model),
            evaluation,
        },
    )
}

/// Returns what makes the probabilities of `model` uncertain, given its figures on the images that it was calibrated on.
pub(crate) fn calibration_warnings(evaluation: &Evaluation, model: &Model) -> Vec<String> {
    // The labels calibrated on are the voters' where there are votes.
    let scores = evaluation.consensus.as_ref().unwrap_or(&evaluation.scores);
    let confusion = &scores.metrics.confusion;
    let right: usize = (0..Emotion::COUNT)
        .map(|class| confusion[class][class])
        .sum();
    let images = scores.metrics.n;
    warnings(model.calibration.temperature(), images - right, images)
}

/// Figures against one kind of label.
#[derive(Serialize)]
struct Part<'a> {
    title: &'a str,
    explanation: &'a str,
    scores: &'a Scores,
    reliability: ReliabilityChart,
}

fn parts(evaluation: &Evaluation) -> Vec<Part<'_>> {
    const FOLDER: &str = "The label of an image is the folder that it lies in.";
    const CONSENSUS: &str = "Only images on which most voters agree; the label is theirs.";
    let excluded = evaluation.excluded.as_ref();
    let sets = [
        (
            "Against the folders' labels",
            FOLDER,
            Some(&evaluation.scores),
        ),
        (
            "Against the voters' consensus",
            CONSENSUS,
            evaluation.consensus.as_ref(),
        ),
        (
            "Folders' labels, with the images left out",
            FOLDER,
            excluded.map(|excluded| &excluded.whole),
        ),
        (
            "Voters' consensus, with the images left out",
            CONSENSUS,
            excluded.and_then(|excluded| excluded.whole_consensus.as_ref()),
        ),
    ];
    let part = |(title, explanation, scores): (&'static str, &'static str, Option<_>)| {
        let scores: &Scores = scores?;
        Some(Part {
            title,
            explanation,
            scores,
            reliability: reliability_chart(&scores.metrics.reliability),
        })
    };
    sets.into_iter().filter_map(part).collect()
}

fn reliability_chart(bins: &[ReliabilityBin]) -> ReliabilityChart {
    let bins: Vec<Bin> = bins
        .iter()
        .map(|bin| Bin {
            lower: bin.lower,
            upper: bin.upper,
            count: bin.count,
            confidence: bin.confidence,
            accuracy: bin.accuracy,
        })
        .collect();
    ReliabilityChart::new(&bins)
}

/// The groups of a column and the chart of their accuracies.
#[derive(Serialize)]
struct GroupChart<'a> {
    column: &'a GroupColumn,
    chart: IntervalChart,
}

fn group_charts(evaluation: &Evaluation) -> Vec<GroupChart<'_>> {
    let grouped = evaluation.groups.iter();
    let columns = grouped.flat_map(|grouped| &grouped.columns);
    columns.map(GroupChart::of).collect()
}

impl<'a> GroupChart<'a> {
    fn of(column: &'a GroupColumn) -> Self {
        let figure = |group: &GroupFigures| {
            let [low, high] = group.accuracy_ci95;
            let figure = Figure::Interval {
                estimate: 100.0 * group.accuracy,
                interval: (100.0 * low, 100.0 * high),
                counted: None,
                text: None,
            };
            (group.group.clone(), figure)
        };
        let figures: Vec<_> = column.groups.iter().map(figure).collect();
        Self {
            column,
            chart: IntervalChart::new("Accuracy, in hundredths", &figures, None),
        }
    }
}

/// A wrong answer with its image.
#[derive(Serialize)]
struct Mistake<'a> {
    path: &'a str,
    truth: Emotion,
    emotion: Emotion,
    probabilities: PerEmotion<f32>,
    image: Option<String>,
}

/// The wrong answers, the most confident first.
fn mistakes<'a>(evaluation: &'a Evaluation, folder: &Path) -> Vec<Mistake<'a>> {
    let confidence = |image: &EvaluatedImage| image.probabilities[image.emotion];
    let mut wrong: Vec<&EvaluatedImage> = evaluation
        .predictions
        .iter()
        .filter(|image| image.emotion != image.truth)
        .collect();
    wrong.sort_by(|a, b| confidence(b).total_cmp(&confidence(a)));
    wrong
        .into_iter()
        .take(MISTAKES)
        .map(|image| Mistake {
            path: &image.path,
            truth: image.truth,
            emotion: image.emotion,
            probabilities: image.probabilities,
            image: thumbnail(&folder.join(&image.path)),
        })
        .collect()
}

fn curves(history: &[EpochMetrics], best_epoch: Option<usize>) -> [LineChart; 2] {
    let series =
        |figure: fn(&EpochMetrics) -> f64| history.iter().map(figure).collect::<Vec<f64>>();
    let loss = [
        ("training loss", series(|epoch| epoch.train_loss)),
        ("validation loss", series(|epoch| epoch.validation.loss)),
    ];
    let accuracy = [
        ("accuracy", series(|epoch| epoch.validation.accuracy)),
        (
            "balanced accuracy",
            series(|epoch| epoch.validation.balanced_accuracy),
        ),
    ];
    [
        LineChart::by_epoch("Loss", &loss, best_epoch),
        LineChart::by_epoch("Accuracy on validation", &accuracy, best_epoch),
    ]
}

/// A line of a list: name and value.
type Fact = (&'static str, String);

fn facts(model: &Model) -> Vec<Fact> {
    let channels: Vec<String> = model.config.channels.iter().map(usize::to_string).collect();
    let mix: Vec<String> = model
        .class_mix
        .iter()
        .map(|(emotion, share)| format!("{emotion} {:.1} %", 100.0 * share))
        .collect();
    let provenance = &model.provenance;
    let facts = [
        (
            "network",
            format!(
                "{0}x{0} pixels; {1} channels; {2} blocks a stage; {3} parameters",
                model.config.input_size,
                channels.join("-"),
                model.config.blocks_per_stage,
                model.weights.parameters.len()
            ),
        ),
        (
            "temperature",
            format!("{:.3}", model.calibration.temperature()),
        ),
        ("class mix of the training data", mix.join(", ")),
        ("trained by", provenance.software.clone()),
        ("command", provenance.command.clone()),
        ("training data (SHA-256)", provenance.data_digest.clone()),
    ];
    facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

#[cfg(test)]
mod tests;
