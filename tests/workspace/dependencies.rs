//! Every dependency that a crate declares is used by one of its files.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use walkdir::WalkDir;

use crate::{dependencies, members, tokens};

/// Dependencies that no line uses, each with the reason in its manifest.
const UNNAMED: [&str; 1] = ["gemm"];

/// Folders of a crate whose files may use development dependencies alone.
const TEST_FOLDERS: [&str; 4] = ["src", "tests", "examples", "benches"];

fn rust_files(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
}

/// Lists the files of the targets that a manifest declares outside the crate's folder, with their modules.
fn declared_targets(folder: &Path, manifest: &Table) -> Vec<PathBuf> {
    ["test", "example", "bench"]
        .iter()
        .filter_map(|kind| manifest.get(*kind)?.as_array())
        .flatten()
        .filter_map(|target| target.get("path").and_then(Value::as_str))
        .map(|path| folder.join(path))
        .flat_map(|file| {
            let modules = match file.ends_with("main.rs") {
                true => file.parent().unwrap().to_owned(),
                false => file.with_extension(""),
            };
            rust_files(&modules).chain([file]).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_declared_dependency_is_used() {
    let mut unused = Vec::new();
    for (folder, manifest) in members() {
        let source: Vec<PathBuf> = rust_files(&folder.join("src")).collect();
        let mut tests: Vec<PathBuf> = TEST_FOLDERS
            .iter()
            .flat_map(|name| rust_files(&folder.join(name)))
            .collect();
        tests.extend(declared_targets(&folder, &manifest));
        for (table, files) in [("dependencies", source), ("dev-dependencies", tests)] {
            let words: Vec<String> = files
                .iter()
                .flat_map(|file| tokens::split(&fs::read_to_string(file).unwrap()))
                .collect();
            for (name, _) in dependencies(&manifest, table) {
                let word = name.replace('-', "_");
                if !words.contains(&word) && !UNNAMED.contains(&name.as_str()) {
                    unused.push(format!("{}: {table}.{name}", folder.display()));
                }
            }
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}
