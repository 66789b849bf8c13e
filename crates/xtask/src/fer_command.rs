//! The `fer` command of this workspace, and the dataset that the built-in models come from.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::process::{cargo, run};

/// Returns the dataset in `data`, or where it usually is.
pub(crate) fn dataset(root: &Path, data: Option<&Path>) -> Outcome<PathBuf> {
    let data = data.map_or_else(|| default_data(root), Path::to_owned);
    if data.join("test").is_dir() {
        return Ok(data.canonicalize()?);
    }
    Err(format!(
        "{}: no dataset here (--data DIR or FER_DATA says where it is)",
        data.display()
    )
    .into())
}

/// `fer2013` in the folder that `FER_DATA` names, or in `../shared/data`.
pub(crate) fn default_data(root: &Path) -> PathBuf {
    env::var_os("FER_DATA")
        .map_or_else(|| root.join("../shared/data"), PathBuf::from)
        .join("fer2013")
}

/// Builds the `fer` command of this workspace and runs it with the arguments that `describe` gives it.
pub(crate) fn run_fer(root: &Path, describe: impl FnOnce(&mut Command)) -> Outcome {
    run_built(&build_fer(root)?, root, describe)
}

/// Builds the `fer` command of this workspace, for development or for release as this program was, and returns its path.
pub(crate) fn build_fer(root: &Path) -> Outcome<PathBuf> {
    // With the examples, Cargo chooses the features of `cargo test` and compiles no dependency again.
    let mut build = cargo(["build", "--locked", "--quiet", "--bins", "--examples"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    run(build.current_dir(root))?;
    Ok(env::current_exe()?.with_file_name(format!("fer{}", env::consts::EXE_SUFFIX)))
}

/// Runs `fer`, the program, in `root` with the arguments that `describe` gives it.
pub(crate) fn run_built(fer: &Path, root: &Path, describe: impl FnOnce(&mut Command)) -> Outcome {
    let mut command = Command::new(fer);
    command.arg("--quiet");
    describe(&mut command);
    run(command.current_dir(root))
}
