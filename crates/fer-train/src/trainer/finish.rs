//! Files at the end of a run: the model of its best epoch and its report.

use std::ops::ControlFlow;
use std::path::Path;

use fer_core::{Classifier, Emotion, Model, OtherOutputs, Provenance, Weights};
use serde::Serialize;

use super::{TrainOptions, Validation};
use crate::calibrate::{Judged, calibrate, calibrate_other};
use crate::config::TrainConfig;
use crate::data::TrainingData;
use crate::dataset::{ClassFolders, FolderDataset};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{Evaluation, EvaluationOptions, evaluate};
use crate::logits::Logits;
use crate::progress::ValidationMetrics;
use crate::report::{calibration_warnings, training_html};
use crate::run_directory::RunDirectory;
use crate::training_run::TrainingRun;
use crate::votes::Votes;

/// Writes `best.safetensors`: the weights with all that their use needs, calibrated on the validation logits.
pub(super) fn write_best(
    run: &RunDirectory,
    config: &TrainConfig,
    data: &TrainingData,
    weights: Weights,
    logits: &[Logits],
    other: Option<OtherOutputs>,
    provenance: Provenance,
) -> Result<()> {
    let truths = data.labels.iter().map(|(_, truth)| *truth);
    let labeled: Vec<(Logits, Emotion)> = logits.iter().copied().zip(truths).collect();
    let model = Model {
        config: config.model_config(),
        preprocessing: config.preprocessing(),
        weights,
        calibration: calibrate(&labeled)?,
        other,
        class_mix: data.class_mix,
        provenance,
    };
    Ok(model.save(run.best(), config.model.storage)?)
}

/// The outputs for other expressions of the engine's averaged weights, calibrated on the validation images with votes; none where they
/// are not learned.
pub(super) fn other_outputs(
    data: &TrainingData,
    validation: &Validation<'_>,
    engine: &mut Engine,
) -> Result<Option<OtherOutputs>> {
    let (weights, biases) = engine.average_of_others();
    if biases.is_empty() {
        return Ok(None);
    }
    let faces: Vec<usize> = data.other_shares.iter().map(|&(face, _)| face).collect();
    let log_odds = validation.other_log_odds(&faces, engine)?;
    let judged: Vec<Judged> = data
        .other_shares
        .iter()
        .zip(log_odds)
        .map(|(&(face, share), log_odds)| Judged {
            log_odds,
            share,
            has_majority: data
                .labels
                .binary_search_by_key(&face, |&(face, _)| face)
                .is_ok(),
        })
        .collect();
    Ok(Some(OtherOutputs {
        weights,
        biases,
        calibration: calibrate_other(&judged),
    }))
}

/// Returns the provenance of the model of `epoch`, without dates and paths, so that the same run gives the same bytes.
pub(super) fn provenance(
    config: &TrainConfig,
    data: &TrainingData,
    epoch: usize,
    validation: &ValidationMetrics,
) -> Provenance {
    let summary = &data.summary;
    // A seed above 2^53 has no exact f64; the command holds it in full.
    let exact = (config.seed as f64) as u128 == u128::from(config.seed);
    let seed = exact.then_some(("seed", config.seed as f64));
    let figures = [
        ("best_epoch", epoch as f64),
        ("epochs", config.epochs as f64),
        ("train_images", summary.trained_on as f64),
        ("train_copies_removed", summary.copies_removed as f64),
        (
            "validation_images",
            summary.validation_images.0.iter().sum::<usize>() as f64,
        ),
        ("validation_accuracy", validation.accuracy),
        ("validation_balanced_accuracy", validation.balanced_accuracy),
        ("validation_macro_f1", validation.macro_f1),
    ];
    Provenance {
        software: concat!("fer ", env!("CARGO_PKG_VERSION")).to_owned(),
        command: command(config),
        data_digest: summary.digest.clone(),
        figures: figures
            .into_iter()
            .chain(seed)
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

/// The command that repeats the run, with bare file names.
fn command(config: &TrainConfig) -> String {
    let mut command = format!(
        "fer train DATA --out RUN --config config.toml --seed {}",
        config.seed
    );
    let inputs = [
        ("--votes", &config.votes.file),
        ("--extra", &config.extra.folder),
        ("--extra-votes", &config.extra.votes),
        ("--from", &config.start.model),
    ];
    for (flag, path) in inputs {
        if let Some(name) = path.as_deref().and_then(Path::file_name) {
            command.push_str(&format!(" {flag} {}", name.display()));
        }
    }
    command
}

/// Contents of `report.json`.
#[derive(Serialize)]
struct Report<'a> {
    /// The run: configuration, data and the figures of each epoch.
    training: &'a TrainingRun,
    /// The calibrated model of the best epoch on the validation images.
    validation: &'a Evaluation,
    /// Sentences about what makes the figures uncertain.
    warnings: &'a [String],
}

/// Writes the reports of a run that has ended; returns the warnings in them.
pub(super) fn write_reports(
    directory: &RunDirectory,
    run: &TrainingRun,
    dataset: &FolderDataset,
    options: &TrainOptions,
) -> Result<Vec<String>> {
    let classifier = Classifier::load(&run.model)?.with_threads(options.threads);
    let folder = validation_folder(dataset, options)?;
    let validation = evaluate_on(&classifier, &folder, run, options)?;
    let warnings = calibration_warnings(&validation, classifier.model());
    let report = Report {
        training: run,
        validation: &validation,
        warnings: &warnings,
    };
    let json = serde_json::to_vec_pretty(&report)
        .map_err(|error| Error::io("write", directory.report_json(), error.into()))?;
    fer_core::write_atomic(directory.report_json(), &json)?;
    let html = training_html(run, &validation, folder.root(), classifier.model())?;
    fer_core::write_atomic(directory.report_html(), html.as_bytes())?;
    Ok(warnings)
}

/// The validation split, whatever its folder is called.
fn validation_folder(dataset: &FolderDataset, options: &TrainOptions) -> Result<ClassFolders> {
    let name = dataset
        .validation
        .items
        .first()
        .and_then(|item| item.path.iter().next());
    ClassFolders::scan(dataset.root().join(name.unwrap_or_default()), options.scan)
}

fn evaluate_on(
    classifier: &Classifier,
    folder: &ClassFolders,
    run: &TrainingRun,
    options: &TrainOptions,
) -> Result<Evaluation> {
    let votes = run
        .config
        .votes
        .file
        .as_deref()
        .map(Votes::load)
        .transpose()?;
    let mut scored = EvaluationOptions::default().with_threads(options.threads);
    if let Some(votes) = &votes {
        scored = scored.with_votes(votes);
    }
    evaluate(classifier, folder, scored, |_, _| ControlFlow::Continue(()))
}
