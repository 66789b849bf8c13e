//! `cargo xtask soak`: the installed package at work for a while, watched for what it holds on to.

use std::path::Path;

use clap::Args;

use crate::Outcome;
use crate::process::run;
use crate::python::Environment;
use crate::steps::Steps;

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// Minutes of work
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
}

/// Builds and installs the wheel, and runs `tools/soak.py` on it.
pub(crate) fn soak(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    steps.run("wheel", || environment.install_wheel(root))?;
    steps.run("soak", || {
        let mut command = environment.command("python");
        command.arg(root.join("tools/soak.py"));
        command.args(["--minutes", &options.minutes.to_string()]);
        run(&mut command)
    })
}
