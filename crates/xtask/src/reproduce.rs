//! `cargo xtask reproduce`: the wheel, built twice in folders of different names, byte by byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::Outcome;
use crate::process::run;
use crate::python::{Environment, only_file};
use crate::steps::Steps;

/// Options of `cargo xtask reproduce`.
#[derive(Args)]
pub(crate) struct Options {
    /// Cargo's profile
    #[arg(long, default_value = "release")]
    profile: String,
}

/// Builds the wheel of the last commit twice; wheels that differ are an error.
pub(crate) fn reproduce(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    let mut wheels = Vec::new();
    for name in ["first", "second/folder"] {
        let copy = root.join("target/reproduce").join(name);
        wheels.push(steps.run(&format!("wheel in {name}"), || {
            build_in(root, &copy, &environment, &options.profile)
        })?);
    }
    steps.run("comparison", || {
        let mut compare = environment.command("python");
        compare.arg(root.join("tools/compare_wheels.py"));
        run(compare.args(&wheels))
    })
}

/// Builds the wheel of the last commit in `copy`, without the names of its folders and of the user in it.
fn build_in(
    root: &Path,
    copy: &Path,
    environment: &Environment,
    profile: &str,
) -> Outcome<PathBuf> {
    if copy.exists() {
        fs::remove_dir_all(copy)?;
    }
    run(Command::new("git")
        .args(["clone", "--quiet"])
        .args([root, copy]))?;
    let time = Command::new("git")
        .args(["log", "-1", "--format=%ct"])
        .current_dir(root)
        .output()?;
    let home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))?;
    let flags = [
        format!("--remap-path-prefix={home}=cargo"),
        format!("--remap-path-prefix={}=fer", copy.display()),
    ];
    let wheels = copy.join("dist");
    let mut maturin = environment.command("maturin");
    maturin
        .current_dir(copy)
        .args(["build", "--locked", "--profile", profile, "--out"])
        .arg(&wheels)
        .env("SOURCE_DATE_EPOCH", String::from_utf8(time.stdout)?.trim())
        .env("RUSTFLAGS", flags.join(" "))
        .env_remove("CARGO_TARGET_DIR");
    run(&mut maturin)?;
    only_file(&wheels)
}
