//! `cargo xtask sanitize`: the kernels under AddressSanitizer, ThreadSanitizer and Miri, and their hand-over under loom.

use std::path::Path;
use std::process::Command;

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

/// Tests that Miri, some hundred times slower than a processor, runs in minutes: all but those of whole networks and layers.
const MIRI: [&str; 13] = [
    "average",
    "buffer",
    "gemm",
    "head",
    "isa",
    "optimizer",
    "pooling",
    "simd",
    "spec",
    "threads",
    "tiling",
    "--skip",
    // It forks, which Miri does not know.
    "each_process_has_a_pool_of_its_own",
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
    /// Miri: the tests of small shapes, on the portable instruction set; needs `rustup component add miri` for nightly
    Miri,
    /// Every order of the hand-over between layers that the memory model allows
    Loom,
}

/// Runs the tools on Linux; each has a build folder of its own.
pub(crate) fn sanitize(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    for tool in [Tool::Address, Tool::Thread, Tool::Miri, Tool::Loom] {
        if options.tools.is_empty() || options.tools.contains(&tool) {
            steps.run(tool.title(), || run_tests(root, tool, &options.tests))?;
        }
    }
    Ok(())
}

fn run_tests(root: &Path, tool: Tool, only: &[String]) -> Outcome {
    let mut tests = tool.cargo();
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
        // The system's clock, files and number of cores are used; worker threads stay until the process ends.
        // Crossbeam, which Rayon stands on, keeps to the rules of tree borrows, but not to those of stacked borrows.
        .env(
            "MIRIFLAGS",
            "-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-tree-borrows",
        )
        .env("PROPTEST_CASES", tool.cases())
        .current_dir(root);
    run(&mut tests)
}

impl Tool {
    fn title(self) -> &'static str {
        match self {
            Self::Address => "AddressSanitizer",
            Self::Thread => "ThreadSanitizer",
            Self::Miri => "Miri",
            Self::Loom => "loom",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Thread => "thread",
            Self::Miri => "miri",
            Self::Loom => "loom",
        }
    }

    fn cargo(self) -> Command {
        if self == Self::Miri {
            // Miri is a part of nightly compilers alone.
            let mut nightly = Command::new("rustup");
            nightly.args(["run", "nightly", "cargo", "miri", "test"]);
            return nightly;
        }
        cargo(["test"])
    }

    fn flags(self) -> &'static str {
        match self {
            Self::Address => "-Zsanitizer=address",
            // ThreadSanitizer does not see fences; without them crossbeam, which Rayon stands on, uses orders that it sees.
            Self::Thread => "-Zsanitizer=thread --cfg crossbeam_sanitize_thread",
            Self::Miri => "",
            Self::Loom => "--cfg loom",
        }
    }

    /// Random inputs for each property.
    fn cases(self) -> &'static str {
        match self {
            Self::Miri => "1",
            Self::Address | Self::Thread | Self::Loom => "8",
        }
    }

    /// Arguments for Cargo that choose the build.
    fn options(self) -> &'static [&'static str] {
        match self {
            // The installed standard library is not instrumented.
            Self::Thread => &["-Zbuild-std"],
            Self::Loom => &["--release"],
            Self::Address | Self::Miri => &[],
        }
    }

    /// Arguments for the test program that choose the tests.
    fn selection(self) -> &'static [&'static str] {
        match self {
            Self::Loom => &["threads::phases::model"],
            Self::Thread => &THREAD,
            Self::Miri => &MIRI,
            Self::Address => &[],
        }
    }
}
