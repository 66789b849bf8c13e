//! The examples in README.md and docs/: what a document shows is run.
//!
//! Blocks fenced as `bash`, `python` and `rust` are run; the same languages written `sh` and `py`, and all others,
//! are only shown. A block `text` that directly follows one that is run shows its output, and a block `console`
//! commands with theirs: both are compared with what is printed.

mod blocks;
mod outputs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::process::{cargo, run, run_reading};
use crate::python::Environment;
use blocks::{Block, blocks};
use outputs::Outputs;

/// Runs every example of `document`, in a folder of its own that holds a copy of `examples/`.
///
/// First the `bash` and `console` blocks, in order; then the `python` blocks as one program; then each `rust` block as a crate
/// that depends on fer-core. Where `write` is true, outputs that differ are put into the document.
pub(crate) fn run_examples(
    root: &Path,
    environment: &Environment,
    document: &str,
    write: bool,
) -> Outcome {
    let text = fs::read_to_string(root.join(document))?;
    let mut outputs = Outputs::new(write);
    let blocks = blocks(&text);
    let folder = scratch_folder(root, document)?;
    let at = |block: &Block, outcome: Outcome| {
        outcome.map_err(|error| format!("{document}, line {}: {error}", block.line))
    };
    let mut shell = |code: &str, output: Option<&str>| {
        let mut bash = Command::new("bash");
        environment.activate(&mut bash);
        bash.args(["-euo", "pipefail", "-c", code])
            .current_dir(&folder);
        run_comparing(&mut bash, output, &mut outputs)
    };
    for (index, block) in blocks.iter().enumerate() {
        match block.language.as_str() {
            "bash" => at(block, shell(&block.code, outputs::shown(&blocks, index)))?,
            "console" => {
                for dialogue in outputs::dialogues(&block.code) {
                    at(block, shell(&dialogue.command, Some(&dialogue.output)))?;
                }
            }
            _ => {}
        }
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
        python
            .arg(&file)
            .env("MPLBACKEND", "agg")
            .current_dir(&folder);
        let printed = read_output(&mut python)?;
        let python_blocks = blocks.iter().enumerate();
        let python_blocks = python_blocks.filter(|(_, block)| block.language == "python");
        for ((index, block), printed) in python_blocks.zip(printed.split(END_OF_BLOCK)) {
            if let Some(output) = outputs::shown(&blocks, index) {
                at(block, outputs.compare(output, printed))?;
            }
        }
    }
    for (index, block) in blocks.iter().enumerate() {
        if block.language == "rust" {
            let output = outputs::shown(&blocks, index);
            at(
                block,
                run_rust(root, &folder, &block.code, output, &mut outputs),
            )?;
        }
    }
    if let Some(text) = outputs.corrected(&text)? {
        fs::write(root.join(document), text)?;
    }
    Ok(())
}

/// A line that the program of a document prints at the end of each block.
const END_OF_BLOCK: &str = "-- end of block --\n";

fn read_output(command: &mut Command) -> Outcome<String> {
    let mut printed = String::new();
    run_reading(command, |line| {
        printed += line;
        printed += "\n";
    })?;
    Ok(printed)
}

/// Runs `command` and compares what it prints with the output shown, if any is.
fn run_comparing(command: &mut Command, shown: Option<&str>, outputs: &mut Outputs) -> Outcome {
    match shown {
        Some(shown) => outputs.compare(shown, &read_output(command)?),
        None => run(command),
    }
}

/// The `python` blocks at the line numbers that they have in the document, so that a traceback points there.
fn python_program(blocks: &[Block]) -> Option<String> {
    let mut program = String::new();
    let mut line = 1;
    for block in blocks.iter().filter(|block| block.language == "python") {
        program.push_str(&"\n".repeat(block.line - line));
        program.push_str(&block.code);
        // In the place of the closing fence.
        program.push_str(&format!("print({:?})\n", END_OF_BLOCK.trim_end()));
        line = block.line + block.code.lines().count() + 1;
    }
    (!program.is_empty()).then_some(program)
}

/// Runs `code` as the main file of a fresh crate outside the workspace, as somebody who adds fer-core would.
fn run_rust(
    root: &Path,
    folder: &Path,
    code: &str,
    shown: Option<&str>,
    outputs: &mut Outputs,
) -> Outcome {
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
    run_comparing(command.current_dir(folder), shown, outputs)
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

/// Lists the files below a folder.
pub(crate) fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
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
