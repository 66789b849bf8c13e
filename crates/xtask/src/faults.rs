//! `cargo xtask faults`: the command killed and its disk filled while it writes.

use std::path::Path;

use clap::Args;

use crate::Outcome;
use crate::fer_command::build_fer;
use crate::process::run;
use crate::python::Environment;
use crate::steps::Steps;

/// Options of `cargo xtask faults`.
#[derive(Args)]
pub(crate) struct Options {
    /// Kills in all
    #[arg(long, default_value_t = 200)]
    kills: usize,
    /// The most disks that are too small, for each command
    #[arg(long, default_value_t = 40)]
    disks: usize,
    /// Seed of the moments
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

impl Options {
    /// Returns what the tests do: one of each kind, in seconds.
    pub(crate) fn in_short() -> Self {
        Self {
            kills: 14,
            disks: 3,
            seed: 0,
        }
    }
}

/// Builds the command and runs `tools/faults.py` on it.
pub(crate) fn faults(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    faults_with(root, steps, &environment, options)
}

/// Does what [`faults`] does, with an environment that is there.
pub(crate) fn faults_with(
    root: &Path,
    steps: &mut Steps,
    environment: &Environment,
    options: &Options,
) -> Outcome {
    steps.run("kills and full disks", || {
        let mut command = environment.command("python");
        command
            .arg(root.join("tools/faults.py"))
            .arg("--fer")
            .arg(build_fer(root)?);
        let numbers = [
            ("--kills", options.kills as u64),
            ("--disks", options.disks as u64),
            ("--seed", options.seed),
        ];
        for (flag, number) in numbers {
            command.args([flag, &number.to_string()]);
        }
        run(&mut command)
    })
}
