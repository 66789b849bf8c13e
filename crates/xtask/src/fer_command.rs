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

/// Runs the `fer` command of this workspace with the arguments that `describe` gives it.
pub(crate) fn run_fer(root: &Path, describe: impl FnOnce(&mut Command)) -> Outcome {
    // With the examples, Cargo chooses the features of `cargo test` and compiles no dependency again.
    let mut build = cargo(["build", "--locked", "--quiet", "--bins", "--examples"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    run(build.current_dir(root))?;
    let program = env::current_exe()?.with_file_name(format!("fer{}", env::consts::EXE_SUFFIX));
    let mut fer = Command::new(program);
    fer.arg("--quiet");
    describe(&mut fer);
    run(fer.current_dir(root))
}
