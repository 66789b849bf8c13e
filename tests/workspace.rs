//! The repository keeps its own rules: every crate inherits the workspace's tables, every source file is wired.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "workspace/cycles.rs"]
mod cycles;
#[path = "workspace/dependencies.rs"]
mod dependencies;
#[path = "workspace/panics.rs"]
mod panics;
#[path = "workspace/tokens.rs"]
mod tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use walkdir::WalkDir;

/// Keys of `[package]` that have one value for the whole workspace.
const INHERITED: [&str; 6] = [
    "version",
    "edition",
    "rust-version",
    "license",
    "repository",
    "keywords",
];

/// Tables of a manifest that name dependencies.
const DEPENDENCY_TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn manifest(path: &Path) -> Table {
    fs::read_to_string(path).unwrap().parse().unwrap()
}

/// Every member's folder and manifest.
fn members() -> Vec<(PathBuf, Table)> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|folder| folder.join("Cargo.toml").exists())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .map(|folder| (folder.clone(), manifest(&folder.join("Cargo.toml"))))
        .collect()
}

fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

/// The dependencies of a table, those of some targets among them.
fn dependencies<'a>(manifest: &'a Table, table: &str) -> Vec<(&'a String, &'a Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets
        .into_iter()
        .flatten()
        .map(|(_, target)| target.get(table));
    [manifest.get(table)]
        .into_iter()
        .chain(of_targets)
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
        .collect()
}

#[test]
fn every_crate_inherits_the_workspace_tables() {
    let mut wrong = Vec::new();
    for (folder, manifest) in members() {
        let package = &manifest["package"];
        wrong.extend(
            INHERITED
                .iter()
                .filter(|key| !inherits(package.get(**key)))
                .map(|key| format!("{}: package.{key} does not inherit", folder.display())),
        );
        if !inherits(manifest.get("lints")) {
            wrong.push(format!("{}: lints do not inherit", folder.display()));
        }
        for table in DEPENDENCY_TABLES {
            wrong.extend(
                dependencies(&manifest, table)
                    .into_iter()
                    .filter(|(_, value)| !inherits(Some(value)))
                    .map(|(name, _)| {
                        format!("{}: {table}.{name} does not inherit", folder.display())
                    }),
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_crate_but_the_bindings_is_a_default_member() {
    let workspace = manifest(&root().join("Cargo.toml"));
    let listed: BTreeSet<PathBuf> = workspace["workspace"]["default-members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| root().join(member.as_str().unwrap()))
        .collect();
    let expected: BTreeSet<PathBuf> = members()
        .into_iter()
        .map(|(folder, _)| folder)
        .filter(|folder| !folder.ends_with("fer-py") && !folder.ends_with("fer-web"))
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn own_crates_have_the_workspace_version() {
    let workspace = &manifest(&root().join("Cargo.toml"))["workspace"];
    let version = &workspace["package"]["version"];
    for (folder, manifest) in members() {
        let name = manifest["package"]["name"].as_str().unwrap();
        if let Some(dependency) = workspace["dependencies"].get(name) {
            assert_eq!(
                dependency.get("version"),
                Some(version),
                "{}",
                folder.display()
            );
        }
    }
}

#[test]
fn every_dependency_of_the_workspace_is_inherited() {
    let workspace = manifest(&root().join("Cargo.toml"));
    let mut unused: BTreeSet<&String> = workspace["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .iter()
        .filter(|(_, value)| value.get("path").is_none())
        .map(|(name, _)| name)
        .collect();
    let members = members();
    for (_, manifest) in &members {
        for table in DEPENDENCY_TABLES {
            for (name, _) in dependencies(manifest, table) {
                unused.remove(name);
            }
        }
    }
    assert!(unused.is_empty(), "no crate has them: {unused:?}");
}

/// The files that `[[kind]]` tables of any member declare at the top level of the repository.
fn declared(kind: &str) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    for (folder, manifest) in members() {
        for target in manifest
            .get(kind)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            if let Some(path) = target.get("path").and_then(Value::as_str) {
                let path = folder.join(path);
                files.insert(
                    path.canonicalize()
                        .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
                );
            }
        }
    }
    files
}

#[test]
fn every_top_level_rust_file_is_wired() {
    for (directory, kind) in [
        ("examples", "example"),
        ("benches", "bench"),
        ("tests", "test"),
    ] {
        let present: BTreeSet<PathBuf> = fs::read_dir(root().join(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .collect();
        let declared: BTreeSet<PathBuf> = declared(kind)
            .into_iter()
            .filter(|path| path.starts_with(root().join(directory)))
            .collect();
        assert_eq!(
            present, declared,
            "{directory}/ against the [[{kind}]] tables of the members"
        );
    }
}

/// The names that `source` declares as modules in files of their own.
fn declared_modules(source: &str) -> BTreeSet<&str> {
    source
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            let visible = line
                .strip_prefix("pub")
                .map_or(line, |rest| rest.trim_start_matches("(crate)"));
            let visible = visible.trim_start_matches("(super)").trim_start();
            visible.strip_prefix("mod ")?.strip_suffix(';')
        })
        .collect()
}

/// The file that declares the module in `file`: `foo.rs` for `foo/bar.rs`, the crate's root for `bar.rs`.
fn parents(file: &Path) -> Vec<PathBuf> {
    let folder = file.parent().unwrap();
    if folder.ends_with("src") {
        return vec![folder.join("lib.rs"), folder.join("main.rs")];
    }
    vec![folder.with_extension("rs")]
}

#[test]
fn every_module_file_is_declared() {
    let mut unwired = Vec::new();
    for (folder, _) in members() {
        for entry in WalkDir::new(folder.join("src")) {
            let file = entry.unwrap().into_path();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let is_root =
                file.parent().unwrap().ends_with("src") && matches!(name.as_str(), "lib" | "main");
            if is_root || file.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            let wired = parents(&file)
                .iter()
                .filter_map(|parent| fs::read_to_string(parent).ok())
                .any(|source| declared_modules(&source).contains(name.as_str()));
            if !wired {
                unwired.push(file);
            }
        }
    }
    assert!(unwired.is_empty(), "declared by no `mod`: {unwired:#?}");
}

#[test]
fn module_folders_have_no_mod_rs() {
    for (folder, _) in members() {
        for entry in WalkDir::new(folder.join("src")) {
            let file = entry.unwrap().into_path();
            assert!(
                !file.ends_with("mod.rs"),
                "{}: name it after its folder",
                file.display()
            );
        }
    }
}

#[test]
fn source_files_stay_readable_in_one_sitting() {
    let sources = ["crates", "tests", "examples", "benches", "python", "tools"];
    for entry in sources
        .iter()
        .flat_map(|directory| WalkDir::new(root().join(directory)))
    {
        let file = entry.unwrap().into_path();
        let is_source = file
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "py" || extension == "pyi");
        if is_source {
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            assert!(
                lines <= 600,
                "{} has {lines} lines: split it by idea",
                file.display()
            );
        }
    }
}

#[test]
fn actions_of_the_workflows_are_pinned_by_commit() {
    let mut pinned = 0;
    for file in fs::read_dir(root().join(".github/workflows")).unwrap() {
        let file = file.unwrap().path();
        for line in fs::read_to_string(&file).unwrap().lines() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            let commit = action.split([' ', '@']).nth(1).unwrap_or_default();
            let hexadecimal = commit.chars().all(|c| c.is_ascii_hexdigit());
            assert!(
                commit.len() == 40 && hexadecimal,
                "{}: {action}",
                file.display()
            );
            pinned += 1;
        }
    }
    assert!(pinned > 0, "no workflow uses an action");
}
