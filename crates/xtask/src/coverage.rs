//! `cargo xtask coverage`: lines of the library that its Rust tests run.

use std::path::Path;
use std::process::Command;

use crate::Outcome;
use crate::process::{cargo, run};
use crate::steps::Steps;

/// Files that are left out: tests, developer commands, and what is tested through Python or a browser only.
const LEFT_OUT: &str = "(^|/)(tests?|testing|xtask|fer-py|fer-web|benches|examples)(/|\\.rs)";

/// Names of LLVM's tools as distributions install them beside an older one.
const VERSIONED: [(&str, &str); 2] = [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")];

/// Runs the tests with counters and writes a page of every line into target/llvm-cov/html.
pub(crate) fn measure(root: &Path, steps: &mut Steps) -> Outcome {
    steps.run("coverage", || {
        // Counts of an earlier run would add up with those of this one; what is built stays.
        let mut clean = cargo(["llvm-cov", "clean", "--workspace", "--profraw-only"]);
        run(with_tools(&mut clean)?.current_dir(root))?;
        let mut tests = cargo(["llvm-cov", "--locked", "--no-report"]);
        run(with_tools(&mut tests)?.current_dir(root))?;
        let mut page = cargo([
            "llvm-cov",
            "report",
            "--html",
            "--ignore-filename-regex",
            LEFT_OUT,
        ]);
        run(with_tools(&mut page)?.current_dir(root))?;
        let mut table = cargo(["llvm-cov", "report", "--ignore-filename-regex", LEFT_OUT]);
        run(with_tools(&mut table)?.current_dir(root))
    })
}

/// Names LLVM's tools of the compiler's version, where rustup's component `llvm-tools` is not installed.
fn with_tools(command: &mut Command) -> Outcome<&mut Command> {
    let version = Command::new("rustc").arg("-vV").output()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let major = llvm_version(&version).ok_or("rustc -vV names no version of LLVM")?;
    for (variable, tool) in VERSIONED {
        let path = format!("/usr/lib/llvm-{major}/bin/{tool}");
        if std::env::var_os(variable).is_none() && Path::new(&path).exists() {
            command.env(variable, path);
        }
    }
    Ok(command)
}

/// Reads the major version of LLVM in what `rustc -vV` prints.
fn llvm_version(text: &str) -> Option<&str> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: "))?;
    line.split('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_llvm_is_read() {
        let text = "release: 1.95.0\nLLVM version: 22.1.2\n";
        assert_eq!(llvm_version(text), Some("22"));
        assert_eq!(llvm_version("release: 1.95.0\n"), None);
    }
}
