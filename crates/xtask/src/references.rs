//! `cargo xtask references`: the references of the built-in models, from the votes on validation images.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::fer_command::{dataset, run_fer};
use crate::steps::Steps;

const MODELS: [&str; 2] = ["crowd", "folder"];

/// The folder of the references, which are compiled in.
const FOLDER: &str = "crates/fer-insight/references";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Dataset folder with validation and ferplus_votes.csv
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Evaluates the built-in models on the validation images and writes the reference of each.
pub(crate) fn refresh(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let data = dataset(root, options.data.as_deref())?;
    let scratch = root.join("target/references");
    fs::create_dir_all(&scratch)?;
    steps.run("references of the built-in models", || {
        for model in MODELS {
            let json = scratch.join(format!("{model}.json"));
            run_fer(root, |fer| {
                fer.arg("evaluate").arg(data.join("validation"));
                fer.args(["--faces", "whole", "--model", model, "--votes"]);
                fer.arg(data.join("ferplus_votes.csv"));
                fer.arg("--json").arg(&json);
            })?;
            run_fer(root, |fer| {
                fer.args(["insight", "reference"]).arg(&json);
                let file = root.join(FOLDER).join(format!("{model}.json"));
                fer.arg("--out").arg(file);
            })?;
        }
        Ok(())
    })
}
