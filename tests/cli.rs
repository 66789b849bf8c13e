//! The `fer` command as scripts see it: exit codes, JSON, CSV, and what it does with bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/evaluate.rs"]
mod evaluate;
#[path = "cli/export.rs"]
mod export;
#[path = "cli/grammar.rs"]
mod grammar;
#[path = "cli/insight.rs"]
mod insight;
#[path = "cli/insight_faults.rs"]
mod insight_faults;
#[path = "cli/insight_tables.rs"]
mod insight_tables;
#[path = "cli/labels.rs"]
mod labels;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/predict.rs"]
mod predict;
#[path = "cli/table.rs"]
mod table;
#[path = "cli/targets.rs"]
mod targets;
#[path = "cli/training.rs"]
mod training;
#[path = "cli/video.rs"]
mod video;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const CLASSES: [&str; 4] = ["happy", "sad", "neutral", "surprise"];

/// The `fer` command of this build.
fn fer() -> Command {
    Command::new(env!("CARGO_BIN_EXE_fer"))
}

/// A file or folder of `examples/`.
fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(path)
}

/// The drawn faces: `train`, `validation` and `test`.
fn faces() -> PathBuf {
    example("faces")
}

/// Any one drawn face of a class.
fn face(class: &str) -> PathBuf {
    first_file(&faces().join("test").join(class))
}

fn first_file(folder: &Path) -> PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.remove(0)
}

/// What a run printed, and how it ended.
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().expect("ended by a signal"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A JSON file that a run wrote.
fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The JSON objects of stdout, one a line.
fn json_lines(stdout: &str) -> Vec<Value> {
    stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// A small copy of the drawn dataset: `count` images a class and split.
fn small_dataset(root: &Path, count: usize) {
    for split in ["train", "validation", "test"] {
        for class in CLASSES {
            let (from, to) = (
                faces().join(split).join(class),
                root.join(split).join(class),
            );
            std::fs::create_dir_all(&to).unwrap();
            let mut files: Vec<_> = std::fs::read_dir(from)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            files.sort();
            for file in files.iter().take(count) {
                std::fs::copy(file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
    }
}
