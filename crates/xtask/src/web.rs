//! `fer` for the browser, into target/web: the WebAssembly module, the npm package and the page that works from a disk.

mod notices;
mod package;
mod page;
mod script;
mod toolchain;

use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::process::run;
use crate::skips::in_ci;
use crate::steps::Steps;
use toolchain::Toolchain;

/// Target triple of the module.
const TARGET: &str = "wasm32-unknown-unknown";

/// Builds everything.
pub(crate) fn build(root: &Path, steps: &mut Steps) -> Outcome {
    let module = steps.run("WebAssembly module", || build_module(root))?;
    let package = root.join("target/web/package");
    steps.run("npm package", || package::build(root, &module, &package))?;
    steps.run("fer.html", || page::build(root, &package))
}

/// Builds everything, or skips it on a machine without a compiler for the target; CI has to have one.
pub(crate) fn build_where_possible(root: &Path, steps: &mut Steps) -> Outcome {
    match Toolchain::find() {
        Err(reason) if !in_ci() => {
            steps.skip("fer for the browser", &reason.to_string());
            Ok(())
        }
        _ => build(root, steps),
    }
}

fn build_module(root: &Path) -> Outcome<PathBuf> {
    let toolchain = Toolchain::find()?;
    // A folder of its own: another compiler would throw out what the workspace's has built.
    let built = root.join("target/web/build");
    let mut cargo = toolchain.cargo();
    cargo.args(["build", "--locked", "--package", "fer-web"]);
    cargo.args(["--profile", "web", "--target", TARGET, "--target-dir"]);
    run(cargo.arg(&built).current_dir(root))?;
    Ok(built.join(TARGET).join("web/fer_web.wasm"))
}
