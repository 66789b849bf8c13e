//! Names in the JavaScript and its types against the crates that own them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fer_core::{Emotion, ErrorKind, Model};

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("js")
}

fn types() -> String {
    fs::read_to_string(scripts().join("index.d.ts")).unwrap()
}

/// The words in double quotes in a declaration `NAME = ..;`.
fn words(text: &str, name: &str) -> Vec<String> {
    let start = text.find(&format!("{name} =")).unwrap();
    let declaration = text[start..].split(';').next().unwrap();
    let words = declaration.split('"').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

#[test]
fn emotions_are_those_of_the_core() {
    assert_eq!(
        words(&types(), "type Emotion"),
        Emotion::ALL.map(Emotion::label)
    );
}

#[test]
fn models_are_the_built_in_ones() {
    assert_eq!(words(&types(), "type ModelName"), Model::names());
    let files = fs::read_to_string(scripts().join("files.js")).unwrap();
    let start = files.find("const MODELS").unwrap();
    assert_eq!(words(&files[start..], "MODELS"), Model::names());
}

#[test]
fn kinds_of_errors_exist_and_are_declared() {
    let known: BTreeSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let declared = words(&types(), "type ErrorKind");
    for kind in &declared {
        assert!(known.contains(kind.as_str()), "{kind}");
    }
    let mut thrown = BTreeSet::new();
    for entry in fs::read_dir(scripts()).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let calls = source.split("new FerError(\"").skip(1);
        thrown.extend(calls.map(|call| call.split('"').next().unwrap().to_owned()));
    }
    assert!(thrown.len() > 5, "{thrown:?}");
    for kind in &thrown {
        assert!(declared.contains(kind), "{kind} is thrown, not declared");
    }
}
