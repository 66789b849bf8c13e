//! `cargo xtask notebooks`: what the notebooks show, written from a run.

use std::path::Path;

use crate::Outcome;
use crate::process::run;
use crate::python::Environment;
use crate::steps::Steps;

/// Runs `chosen` notebooks, or all, by `tools/notebooks.py` with the package that is installed in `.venv`.
pub(crate) fn refresh(root: &Path, steps: &mut Steps, chosen: &[String]) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    steps.run("notebooks", || {
        let mut command = environment.command("python");
        command.arg(root.join("tools/notebooks.py")).args(chosen);
        run(&mut command)
    })
}
