//! Developer commands.

use std::path::Path;

use crate::engines::Missing;
use crate::faults::{self, faults_with};
use crate::process::{cargo, run, run_reading};
use crate::python::Environment;
use crate::skips::{Skips, in_ci};
use crate::steps::Steps;
use crate::{Outcome, documents, model_card, web};

/// Python sources that ruff reads.
const PYTHON_SOURCES: [&str; 5] = ["python", "tests", "tools", "examples", "benches"];

/// Feature sets beside the default one that must build: inference needs neither Candle nor image files.
const FEATURE_SETS: [(&str, &str); 6] = [
    ("fer-kernels", ""),
    ("fer-core", ""),
    ("fer-core", "decode,pretrained"),
    ("fer-core", "candle"),
    ("fer-core", "walk"),
    ("fer-vision", ""),
];

/// Documents whose examples are run.
const RUN_DOCUMENTS: [&str; 17] = [
    "README.md",
    "docs/index.md",
    "docs/data.md",
    "docs/train.md",
    "docs/photos-and-video.md",
    "docs/evaluate.md",
    "docs/scale.md",
    "docs/onnx.md",
    "docs/insight/index.md",
    "docs/insight/engagement.md",
    "docs/insight/conversation.md",
    "docs/insight/campaign.md",
    "docs/insight/satisfaction.md",
    "docs/insight/clinical.md",
    "docs/insight/labels.md",
    "docs/coming-from.md",
    "docs/rust.md",
];

/// Format, lints, documentation and types of everything. Changes no file.
pub(crate) fn check(root: &Path, steps: &mut Steps) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    check_with(root, steps, &environment)
}

fn check_with(root: &Path, steps: &mut Steps, environment: &Environment) -> Outcome {
    steps.run("format", || {
        run(cargo(["fmt", "--all", "--check"]).current_dir(root))
    })?;
    steps.run("clippy", || {
        run(cargo([
            "clippy",
            "--locked",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])
        .current_dir(root))
    })?;
    for (package, features) in FEATURE_SETS {
        steps.run(&format!("{package} with the features [{features}]"), || {
            let mut check = cargo(["check", "--locked", "--no-default-features"]);
            check.args(["--package", package, "--features", features]);
            run(check.current_dir(root).env("RUSTFLAGS", "-D warnings"))
        })?;
    }
    steps.run("rustdoc", || {
        let mut doc = cargo(["doc", "--locked", "--workspace", "--no-deps"]);
        run(doc.current_dir(root).env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    steps.run("ruff", || {
        run(environment
            .command("ruff")
            .current_dir(root)
            .arg("check")
            .args(PYTHON_SOURCES))?;
        run(environment
            .command("ruff")
            .current_dir(root)
            .args(["format", "--check"])
            .args(PYTHON_SOURCES))
    })?;
    steps.run("mypy", || {
        run(environment.command("mypy").current_dir(root))?;
        run(environment.command("mypy").current_dir(root).arg("tools"))
    })
}

/// Everything that can be tested on this machine.
pub(crate) fn test(root: &Path, steps: &mut Steps) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    check_with(root, steps, &environment)?;
    steps.run("Rust tests", || {
        let mut skips = Skips::default();
        let mut tests = cargo(["test", "--locked", "--", "--show-output"]);
        run_reading(tests.current_dir(root), |line| skips.read(line))?;
        skips.report(in_ci())
    })?;
    faults_with(root, steps, &environment, &faults::Options::in_short())?;
    steps.run("Rust tests of fer-web", || {
        run(cargo(["test", "--locked", "--package", "fer-web"]).current_dir(root))
    })?;
    // Only the wheel reads Arrow tables, and its crate has no tests.
    steps.run("Rust tests of Arrow tables", || {
        let mut tests = cargo(["test", "--locked", "--package", "fer-insight"]);
        tests.args(["--features", "arrow", "--lib", "arrow"]);
        run(tests.current_dir(root))
    })?;
    web::build_where_possible(root, steps)?;
    steps.run("wheel", || environment.install_wheel(root))?;
    steps.run("stubs against the module", || {
        run(environment
            .command("python")
            .current_dir(root)
            .args(["-m", "mypy.stubtest", "fer._fer"])
            .args(["--mypy-config-file", "pyproject.toml"]))
    })?;
    steps.run("pyright", || {
        run(environment.command("pyright").current_dir(root))
    })?;
    let missing = Missing::after_installing(root, steps, &environment);
    steps.run("Python tests", || {
        let mut skips = Skips::default();
        missing.accept_in(&mut skips);
        let mut tests = environment.command("pytest");
        tests.current_dir(root).args(["--quiet", "-rs"]);
        run_reading(&mut tests, |line| skips.read(line))?;
        skips.report(in_ci())
    })?;
    examples_with(root, steps, &environment, &[], false)?;
    docs_with(root, steps, &environment)?;
    model_card::check(root, steps)
}

/// The benchmarks, with `arguments` for `cargo bench`.
pub(crate) fn bench(root: &Path, steps: &mut Steps, arguments: &[String]) -> Outcome {
    steps.run("benchmarks", || {
        run(cargo(["bench", "--locked"])
            .current_dir(root)
            .args(arguments))
    })
}

/// The examples of `chosen` documents, or of all; with `write`, their outputs are put into the documents.
pub(crate) fn examples(root: &Path, steps: &mut Steps, chosen: &[String], write: bool) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    examples_with(root, steps, &environment, chosen, write)
}

fn examples_with(
    root: &Path,
    steps: &mut Steps,
    environment: &Environment,
    chosen: &[String],
    write: bool,
) -> Outcome {
    for document in RUN_DOCUMENTS {
        if chosen.is_empty() || chosen.iter().any(|name| name == document) {
            steps.run(&format!("examples in {document}"), || {
                documents::run_examples(root, environment, document, write)
            })?;
        }
    }
    Ok(())
}

/// The documentation site, warnings as errors.
pub(crate) fn docs(root: &Path, steps: &mut Steps) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    docs_with(root, steps, &environment)
}

fn docs_with(root: &Path, steps: &mut Steps, environment: &Environment) -> Outcome {
    steps.run("documentation site", || {
        run(environment
            .command("mkdocs")
            .current_dir(root)
            .args(["build", "--strict", "--quiet"])
            .env("NO_MKDOCS_2_WARNING", "1"))
    })
}
