//! `cargo xtask model-card`: the figures of the built-in models, measured and written into the documents.
//!
//! Figures of the models come from `fer evaluate` on the test folder, once whole and once without the images that `fer audit` finds
//! copied in train or validation; what people agree on, and what the models make of the other folders' validation faces, from
//! examples of fer-train. Other packages' answers to the test images are kept in a table ([`PEERS`]), so that they are scored on the
//! same images.

mod figures;
mod panels;
mod tables;

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::fer_command::{build_fer, dataset, default_data, run_fer};
use crate::process::run_reading;
use crate::steps::Steps;
use crate::{Outcome, counterfactual, markers};
use figures::{Audit, Evaluation, Measurement, Peer};

/// The documents that carry figures, between markers.
const DOCUMENTS: [&str; 3] = ["MODEL_CARD.md", "README.md", "docs/coming-from.md"];

/// The answers of other packages, which `benches/accuracy.py` writes.
const PEERS: &str = "benches/peer_answers.csv";

/// The findings of `fer audit`, in the scratch folder.
const AUDIT: &str = "audit.json";

const MODELS: [&str; 2] = ["crowd", "folder"];
const PRIORS: [&str; 2] = ["natural", "uniform"];

/// Which test images are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TestSet {
    /// All of them.
    Whole,
    /// Those without a copy in train or validation.
    LeakFree,
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// Dataset folder with train, validation, test and ferplus_votes.csv
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Write nothing; fail where the documents disagree with the models
    #[arg(long)]
    check: bool,
}

/// Measures the built-in models and rewrites the figures in [`DOCUMENTS`], or compares them.
pub(crate) fn refresh(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let data = dataset(root, options.data.as_deref())?;
    let scratch = root.join("target/model-card");
    fs::create_dir_all(&scratch)?;
    let leaked = steps.run("audit of the dataset", || {
        leaked_images(root, &data, &scratch)
    })?;
    let measurements = steps.run("evaluation of the built-in models", || {
        measure_all(root, &data, &scratch, &leaked)
    })?;
    let peers = steps.run("other packages on the same images", || {
        score_peers(root, &scratch)
    })?;
    let shares = steps.run("shares of fields of test faces", || shares(root, &scratch))?;
    let people = steps.run("people, and faces of the other folders", || {
        panels::sections(root, &data, &scratch.join(AUDIT))
    })?;
    let title = if options.check {
        "figures in the documents"
    } else {
        "writing the figures"
    };
    steps.run(title, || {
        for document in DOCUMENTS {
            let file = root.join(document);
            let old = fs::read_to_string(&file)?;
            let mut sections = tables::sections(&measurements, &peers)?;
            sections.push(("shares", shares.clone()));
            sections.extend(people.iter().cloned());
            // Written by a command of its own, or from images that may not be here: kept as they are.
            for name in [counterfactual::SECTION, panels::VALIDATION_FACES] {
                if sections.iter().all(|(written, _)| *written != name) {
                    sections.extend(markers::section(&old, name));
                }
            }
            let new = markers::replace_all(&old, &sections)?;
            if old == new {
                println!("{document}: nothing to change");
            } else if options.check {
                return Err(format!(
                    "{document} disagrees with the models: run `cargo xtask model-card`"
                )
                .into());
            } else {
                fs::write(&file, new)?;
                println!("{document}: rewritten");
            }
        }
        Ok(())
    })
}

/// Compares the documents with the models where the dataset is at hand; a step of `cargo xtask test`.
pub(crate) fn check(root: &Path, steps: &mut Steps) -> Outcome {
    let data = default_data(root);
    if data.join("test").is_dir() {
        return refresh(
            root,
            steps,
            &Options {
                data: Some(data),
                check: true,
            },
        );
    }
    steps.skip(
        "figures in the documents",
        &format!(
            "no dataset in {} (FER_DATA says where it is)",
            data.display()
        ),
    );
    Ok(())
}

/// The test images, relative to the test folder, of which train or validation holds a copy.
fn leaked_images(root: &Path, data: &Path, scratch: &Path) -> Outcome<PathBuf> {
    let json = scratch.join(AUDIT);
    run_fer(root, |fer| {
        fer.arg("audit").arg(data).arg("--json").arg(&json);
    })?;
    let audit: Audit = serde_json::from_slice(&fs::read(&json)?)?;
    let leaked: Vec<&str> = audit.leaked().collect();
    println!(
        "{} test images have a copy in train or validation",
        leaked.len()
    );
    let list = scratch.join("leaked.txt");
    fs::write(
        &list,
        leaked
            .iter()
            .map(|path| format!("{path}\n"))
            .collect::<String>(),
    )?;
    Ok(list)
}

/// Returns the table of shares of fields that are drawn from the test images, as the default model answers them.
fn shares(root: &Path, scratch: &Path) -> Outcome<String> {
    let fer = build_fer(root)?;
    let name = format!("examples/real_field{EXE_SUFFIX}");
    let evaluation = evaluation_file(scratch, MODELS[0], PRIORS[0], TestSet::Whole);
    let mut table = String::from("\n");
    run_reading(
        Command::new(fer.with_file_name(name)).arg(evaluation),
        |line| {
            table.push_str(line);
            table.push('\n');
        },
    )?;
    table.push('\n');
    Ok(table)
}

/// The file of one evaluation.
fn evaluation_file(scratch: &Path, model: &str, priors: &str, set: TestSet) -> PathBuf {
    scratch.join(format!("{model}-{priors}-{set:?}.json"))
}

/// Scores the other packages on the leak-free images of the evaluations.
fn score_peers(root: &Path, scratch: &Path) -> Outcome<Vec<Peer>> {
    let scorer = format!("examples/score_answers{}", std::env::consts::EXE_SUFFIX);
    let mut score = Command::new(build_fer(root)?.with_file_name(scorer));
    score
        .arg(evaluation_file(
            scratch,
            MODELS[0],
            PRIORS[0],
            TestSet::LeakFree,
        ))
        .arg(root.join(PEERS));
    let mut json = String::new();
    run_reading(&mut score, |line| json.push_str(line))?;
    Ok(serde_json::from_str(&json)?)
}

fn measure_all(
    root: &Path,
    data: &Path,
    scratch: &Path,
    leaked: &Path,
) -> Outcome<Vec<Measurement>> {
    let mut measurements = Vec::new();
    for model in MODELS {
        for priors in PRIORS {
            for set in [TestSet::Whole, TestSet::LeakFree] {
                let json = evaluation_file(scratch, model, priors, set);
                run_fer(root, |fer| {
                    fer.arg("evaluate")
                        .arg(data.join("test"))
                        .args(["--faces", "whole", "--model", model]);
                    fer.args(["--priors", priors, "--votes"])
                        .arg(data.join("ferplus_votes.csv"));
                    if set == TestSet::LeakFree {
                        fer.arg("--exclude").arg(leaked);
                    }
                    fer.arg("--json").arg(&json);
                })?;
                let evaluation: Evaluation = serde_json::from_slice(&fs::read(&json)?)?;
                measurements.push(Measurement {
                    model,
                    priors,
                    set,
                    evaluation,
                });
            }
        }
    }
    Ok(measurements)
}
