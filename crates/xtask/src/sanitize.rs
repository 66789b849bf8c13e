//! `cargo xtask sanitize`: the kernels under AddressSanitizer and ThreadSanitizer, and their hand-over under loom.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::Outcome;
use crate::process::{cargo, run};
use crate::steps::Steps;

/// The platform that is tested, by name: flags for it leave build scripts and macros alone.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Tests of networks so large that ThreadSanitizer takes more than minutes; smaller ones take the same ways.
const THREAD: [&str; 6] = [
    "--skip",
    "the_reference_network_equals_its_definition",
    "--skip",
    "the_number_of_threads_and_the_company_change_nothing",
    "--skip",
    "large_batches_agree_with_the_oracle",
];

/// Options of `cargo xtask sanitize`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only these
    #[arg(value_enum)]
    tools: Vec<Tool>,
    /// Only the tests whose names contain one of these
    #[arg(long = "test", value_name = "NAME")]
    tests: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    /// AddressSanitizer: every unit test of fer-kernels, on every instruction set that the machine has
    Address,
    /// ThreadSanitizer: the same tests, but for three; needs `rustup component add rust-src`
    Thread,
    /// Every order of the hand-over between layers that the memory model allows
    Loom,
}

/// Runs the tools on Linux; each has a build folder of its own.
pub(crate) fn sanitize(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    for tool in [Tool::Address, Tool::Thread, Tool::Loom] {
        if options.tools.is_empty() || options.tools.contains(&tool) {
            steps.run(tool.title(), || run_tests(root, tool, &options.tests))?;
        }
    }
    Ok(())
}

fn run_tests(root: &Path, tool: Tool, only: &[String]) -> Outcome {
    let mut tests = cargo(["test"]);
    tests
        .args(["--locked", "--package", "fer-kernels", "--lib"])
        .args(["--target", TARGET, "--target-dir"])
        .arg(root.join("target").join(tool.name()))
        .args(tool.options())
        .arg("--")
        .args(tool.selection())
        .args(only)
        // The stable compiler has the sanitizers under this name.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", tool.flags())
        .env("PROPTEST_CASES", "8")
        .current_dir(root);
    run(&mut tests)
}

impl Tool {
    fn title(self) -> &'static str {
        match self {
            Self::Address => "AddressSanitizer",
            Self::Thread => "ThreadSanitizer",
            Self::Loom => "loom",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Thread => "thread",
            Self::Loom => "loom",
        }
    }

    fn flags(self) -> &'static str {
        match self {
            Self::Address => "-Zsanitizer=address",
            // ThreadSanitizer does not see fences; without them crossbeam, which Rayon stands on, uses orders that it sees.
            Self::Thread => "-Zsanitizer=thread --cfg crossbeam_sanitize_thread",
            Self::Loom => "--cfg loom",
        }
    }

    /// Arguments for Cargo that choose the build.
    fn options(self) -> &'static [&'static str] {
        match self {
            // The installed standard library is not instrumented.
            Self::Thread => &["-Zbuild-std"],
            Self::Loom => &["--release"],
            Self::Address => &[],
        }
    }

    /// Arguments for the test program that choose the tests.
    fn selection(self) -> &'static [&'static str] {
        match self {
            Self::Loom => &["threads::phases::model"],
            Self::Thread => &THREAD,
            Self::Address => &[],
        }
    }
}
