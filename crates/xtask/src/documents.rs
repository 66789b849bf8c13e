//! The examples in README.md and docs/: what a document shows is run.
//!
//! Blocks fenced as `bash`, `python` and `rust` are run; the same languages written `sh` and `py`, and all others,
//! are only shown.

mod blocks;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::process::{cargo, run};
use crate::python::Environment;
use blocks::{Block, blocks};

/// Runs every example of `document`, in a folder of its own that holds a copy of `examples/`.
///
/// First the `bash` blocks, in order; then the `python` blocks as one program; then each `rust` block as a crate
/// that depends on fer-core.
pub(crate) fn run_examples(root: &Path, environment: &Environment, document: &str) -> Outcome {
    let text = fs::read_to_string(root.join(document))?;
    let blocks = blocks(&text);
    let folder = scratch_folder(root, document)?;
    for block in blocks.iter().filter(|block| block.language == "bash") {
        let mut bash = Command::new("bash");
        environment.activate(&mut bash);
        run(bash
            .args(["-euo", "pipefail", "-c", &block.code])
            .current_dir(&folder))
        .map_err(|error| format!("{document}, line {}: {error}", block.line))?;
    }
    if let Some(program) = python_program(&blocks) {
        let file = folder.join(
            Path::new(document)
                .with_extension("py")
                .file_name()
                .unwrap_or_default(),
        );
        fs::write(&file, program)?;
        let mut python = environment.command("python");
        run(python
            .arg(&file)
            .env("MPLBACKEND", "agg")
            .current_dir(&folder))?;
    }
    for block in blocks.iter().filter(|block| block.language == "rust") {
        run_rust(root, &folder, &block.code)
            .map_err(|error| format!("{document}, line {}: {error}", block.line))?;
    }
    Ok(())
}

/// The `python` blocks at the line numbers that they have in the document, so that a traceback points there.
fn python_program(blocks: &[Block]) -> Option<String> {
    let mut program = String::new();
    let mut line = 1;
    for block in blocks.iter().filter(|block| block.language == "python") {
        program.push_str(&"\n".repeat(block.line - line));
        program.push_str(&block.code);
        line = block.line + block.code.lines().count();
    }
    (!program.is_empty()).then_some(program)
}

/// Runs `code` as the main file of a fresh crate outside the workspace, as somebody who adds fer-core would.
fn run_rust(root: &Path, folder: &Path, code: &str) -> Outcome {
    let package = folder.join("rust-example");
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("src/main.rs"), code)?;
    fs::write(
        package.join("Cargo.toml"),
        manifest(&root.join("crates/fer-core")),
    )?;
    // The versions tested in the workspace; cargo drops what the example does not need.
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    let mut command = cargo(["run", "--quiet", "--manifest-path"]);
    command
        .arg(package.join("Cargo.toml"))
        .env("CARGO_TARGET_DIR", root.join("target/documents/target"));
    run(command.current_dir(folder))
}

fn manifest(fer_core: &Path) -> String {
    format!(
        "[package]\nname = \"rust-example\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\nfer-core = {{ path = {:?} }}\n\n\
         [profile.dev]\nopt-level = 3\ndebug = false\n",
        fer_core
    )
}

fn scratch_folder(root: &Path, document: &str) -> Outcome<PathBuf> {
    let folder = root
        .join("target/documents")
        .join(Path::new(document).with_extension(""));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    copy_folder(&root.join("examples"), &folder.join("examples"))?;
    Ok(folder)
}

fn copy_folder(from: &Path, to: &Path) -> Outcome {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_blocks_keep_their_line_numbers() {
        let document =
            "# Title\n\n```python\nx = 1\n```\n\ntext\n\n```python\nassert x == 1\n```\n";
        let program = python_program(&blocks(document)).unwrap();
        let lines: Vec<&str> = program.lines().collect();
        assert_eq!(lines[3], "x = 1");
        assert_eq!(lines[9], "assert x == 1");
    }

    #[test]
    fn document_without_python_has_no_program() {
        assert!(python_program(&blocks("```py\nshown only\n```\n")).is_none());
    }
}
