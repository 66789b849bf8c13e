//! Developer commands of fer: `cargo xtask check | test | bench | docs | examples | notebooks | settings | web |
//! model-card | counterfactual | references | faults | fuzz | soak | sanitize | coverage | reproduce`.
//!
//! `cargo xtask test` is the one command that says whether everything works; CI runs nothing else.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod counterfactual;
mod coverage;
mod documents;
mod engines;
mod faults;
mod fer_command;
mod flags;
mod fuzz;
mod markers;
mod model_card;
mod notebooks;
mod process;
mod python;
mod references;
mod reproduce;
mod sanitize;
mod settings;
mod skips;
mod soak;
mod steps;
mod tasks;
mod web;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::steps::Steps;

/// The outcome of a developer command: whatever went wrong is printed for a person to read.
type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of fer")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look at the sources without building a release: format, lints, documentation, types
    Check,
    /// Everything: check, the Rust tests, the wheel and its tests, the documents' examples, the site
    Test,
    /// The criterion benchmarks
    Bench {
        /// Passed on to `cargo bench`, for instance `--bench inference -- batch`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Build the documentation site into site/
    Docs,
    /// Run the examples of README.md and docs/ with the package that is installed in .venv
    Examples {
        /// Only these documents
        documents: Vec<String>,
        /// Put outputs that differ into the documents: look at the difference before you commit it
        #[arg(long)]
        write: bool,
    },
    /// Run the notebooks in examples/notebooks with the package that is installed in .venv, and store what they show
    Notebooks {
        /// Only these notebooks, by their names without .ipynb
        names: Vec<String>,
    },
    /// Write docs/settings.md and the flags in docs/command-line.md from the sources
    Settings,
    /// Build the WebAssembly module, the npm package and fer.html into target/web
    Web,
    /// Evaluate the built-in models and rewrite the tables of MODEL_CARD.md and README.md
    ModelCard(model_card::Options),
    /// Draw the same persons in other skins, glasses and hair, and write what that does to the answers into MODEL_CARD.md
    ///
    /// The drawings are a test: no built-in model is trained on them, nor on anything else that the same programs draw.
    Counterfactual(counterfactual::Options),
    /// Evaluate the built-in models and rewrite the references that correct their shares
    References(references::Options),
    /// Kill the command at random moments and fill its disk: what it writes must be whole, and resume to the same bytes
    Faults(faults::Options),
    /// Feed every parser mutated files: needs `cargo install cargo-fuzz` and a C++ compiler
    Fuzz(fuzz::Options),
    /// Build the wheel of the last commit twice, in different folders: the bytes must be the same
    Reproduce(reproduce::Options),
    /// Run the kernels under AddressSanitizer and ThreadSanitizer, and the hand-over of their threads under loom (Linux)
    Sanitize(sanitize::Options),
    /// Count the lines that the Rust tests run: needs `cargo install cargo-llvm-cov` and LLVM's tools
    Coverage,
    /// Let eight threads predict good and damaged inputs for a while: memory, files and threads must stay flat (Linux)
    Soak(soak::Options),
}

fn main() -> ExitCode {
    let root = workspace_root();
    let mut steps = Steps::default();
    let outcome = match Arguments::parse().command {
        Command::Check => tasks::check(&root, &mut steps),
        Command::Test => tasks::test(&root, &mut steps),
        Command::Bench { arguments } => tasks::bench(&root, &mut steps, &arguments),
        Command::Examples { documents, write } => {
            tasks::examples(&root, &mut steps, &documents, write)
        }
        Command::Notebooks { names } => notebooks::refresh(&root, &mut steps, &names),
        Command::Docs => tasks::docs(&root, &mut steps),
        Command::Settings => steps.run("settings and flags", || {
            settings::refresh(&root)?;
            flags::refresh(&root)
        }),
        Command::Web => web::build(&root, &mut steps),
        Command::ModelCard(options) => model_card::refresh(&root, &mut steps, &options),
        Command::Counterfactual(options) => counterfactual::refresh(&root, &mut steps, &options),
        Command::References(options) => references::refresh(&root, &mut steps, &options),
        Command::Faults(options) => faults::faults(&root, &mut steps, &options),
        Command::Fuzz(options) => fuzz::fuzz(&root, &mut steps, &options),
        Command::Reproduce(options) => reproduce::reproduce(&root, &mut steps, &options),
        Command::Sanitize(options) => sanitize::sanitize(&root, &mut steps, &options),
        Command::Coverage => coverage::measure(&root, &mut steps),
        Command::Soak(options) => soak::soak(&root, &mut steps, &options),
    };
    steps.print_summary();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace's Cargo.toml, two above this crate's.
fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
