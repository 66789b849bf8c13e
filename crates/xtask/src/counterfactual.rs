//! `cargo xtask counterfactual`: what skin tone, glasses and hair alone do to the answers, on drawn persons.
//!
//! `tools/counterfactual.py` draws each person once per variant, `fer evaluate` reads the drawings as a user's images would be read, and
//! the tables compare the answers person by person. The drawings are a test: no built-in model is trained on them.

mod answers;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::fer_command::{build_fer, run_built};
use crate::process::run;
use crate::python::Environment;
use crate::steps::Steps;
use crate::{Outcome, markers};
use answers::{Answers, Arm};

/// The part of [`DOCUMENT`] that this command writes.
pub(crate) const SECTION: &str = "counterfactual";

const DOCUMENT: &str = "MODEL_CARD.md";

const BUILT_IN: [&str; 2] = ["crowd", "folder"];

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Print the tables of these models, and write nothing; default: the built-in ones, written into the card
    #[arg(long = "model", value_name = "NAME|FILE")]
    models: Vec<String>,

    /// Persons per expression whose skin and glasses change
    #[arg(long, value_name = "N", default_value_t = 100)]
    persons: usize,

    /// Persons per expression whose hair changes
    #[arg(long, value_name = "N", default_value_t = 40)]
    hair_persons: usize,
}

/// Draws what is not drawn yet, asks the models, prints the tables and writes those of the built-in models.
pub(crate) fn refresh(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    let drawings = root.join("target/counterfactual");
    steps.run("drawing", || {
        let mut draw = environment.command("python");
        draw.arg(root.join("tools/counterfactual.py"));
        draw.arg("--out").arg(&drawings);
        draw.args(["--persons", &options.persons.to_string()]);
        draw.args(["--hair-persons", &options.hair_persons.to_string()]);
        run(&mut draw)
    })?;
    let models: Vec<&str> = if options.models.is_empty() {
        BUILT_IN.to_vec()
    } else {
        options.models.iter().map(String::as_str).collect()
    };
    let fer = steps.run("building fer", || build_fer(root))?;
    let answers = steps.run("evaluation", || {
        models
            .iter()
            .map(|model| ask(&fer, root, &drawings, model))
            .collect::<Outcome<Vec<_>>>()
    })?;
    let text = tables::section(&answers)?;
    println!("\n{text}");
    if options.models.is_empty() {
        let card = root.join(DOCUMENT);
        let document = fs::read_to_string(&card)?;
        fs::write(&card, markers::replace(&document, SECTION, &text)?)?;
    }
    Ok(())
}

/// Reads the answers of one model to every variant.
fn ask(fer: &Path, root: &Path, drawings: &Path, model: &str) -> Outcome<Answers> {
    let mut answers = Answers::new(model);
    for arm in Arm::ALL {
        for variant in sorted_folders(&drawings.join(arm.folder()))? {
            let json = drawings.join("evaluation.json");
            run_built(fer, root, |fer| {
                fer.arg("evaluate").arg(&variant);
                fer.args(["--faces", "find", "--model", model]);
                fer.arg("--json").arg(&json);
            })?;
            let name = variant.file_name().unwrap_or_default().to_string_lossy();
            answers.read(arm, &name, &variant, &fs::read(&json)?)?;
        }
    }
    Ok(answers)
}

fn sorted_folders(parent: &Path) -> Outcome<Vec<PathBuf>> {
    let mut folders = fs::read_dir(parent)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()?;
    folders.sort();
    Ok(folders)
}
