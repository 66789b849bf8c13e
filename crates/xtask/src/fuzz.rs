//! Fuzzing: every target of `fuzz/` by cargo-fuzz, from seeds that the repository has.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::fer_command::default_data;
use crate::process::{cargo, run, run_reading_errors};
use crate::python::Environment;
use crate::steps::Steps;
use crate::{Outcome, documents};

/// The longest time that one input may take, in seconds, and the most memory, in MiB.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=4096"];

/// Folders whose files are seeds, by target. What is longer than [`MAX_SEED_BYTES`] is left out.
const SEEDS: [(&str, &[&str]); 3] = [
    ("image", &["tests/data/images", "examples/photos"]),
    ("photo", &["tests/data/images", "examples/faces/test"]),
    // The best model of `fer train examples/faces --config fuzz/seeds/settings/tiny.toml`; its checkpoint is another seed.
    ("network", &["fuzz/seeds/model"]),
];

/// Folders with the images of the tests, one after the other in a file, which are seeds of the target `image`.
const CORPORA: [&str; 2] = ["tests/data/jpeg", "tests/data/kinds"];

/// Targets that also begin with files that people reported, where the dataset's folder has them.
const REPORTED: [&str; 2] = ["image", "photo"];

/// Long inputs make slow steps: they say little more than short ones.
const MAX_SEED_BYTES: u64 = 1 << 16;

/// The target that is no program of `fuzz/`.
const PYTHON: &str = "python";

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Minutes for each target
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Executions after which a target ends before its time
    #[arg(long)]
    executions: Option<u64>,
    /// Only these targets: files of fuzz/fuzz_targets, or `python` for the Python package
    targets: Vec<String>,
}

/// Runs the targets one after another; the first input that fails ends it, and its path is printed.
pub(crate) fn fuzz(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    let targets = targets(root)?;
    let known = |name: &String| targets.contains(name) || name == PYTHON;
    if let Some(name) = options.targets.iter().find(|name| !known(name)) {
        return Err(format!("no target {name}: {}, {PYTHON}", targets.join(", ")).into());
    }
    let mut executions = Vec::new();
    for target in targets {
        if options.targets.is_empty() || options.targets.contains(&target) {
            let count = steps.run(&format!("fuzz {target}"), || {
                run_target(root, &target, options)
            })?;
            executions.push((target, count));
        }
    }
    if options.targets.is_empty() || options.targets.iter().any(|name| name == PYTHON) {
        fuzz_python(root, steps, options.minutes)?;
    }
    println!("\n{:16} {:>12}", "target", "executions");
    for (target, count) in executions {
        println!("{target:16} {count:>12}");
    }
    Ok(())
}

/// Feeds the installed package Arrow data, tables and models, by `tools/fuzz_python.py`.
fn fuzz_python(root: &Path, steps: &mut Steps, minutes: u64) -> Outcome {
    let environment = steps.run("Python environment", || Environment::prepare(root))?;
    steps.run("wheel", || environment.install_wheel(root))?;
    steps.run("fuzz python", || {
        let mut command = environment.command("python");
        command.arg(root.join("tools/fuzz_python.py"));
        run(command.args(["--minutes", &minutes.to_string()]))
    })
}

/// Lists the targets: the files of `fuzz/fuzz_targets`.
fn targets(root: &Path) -> Outcome<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

/// Runs a target and returns how many inputs it was given.
fn run_target(root: &Path, target: &str, options: &Options) -> Outcome<u64> {
    let corpus = root.join("fuzz/corpus").join(target);
    fs::create_dir_all(&corpus)?;
    sow(root, target, &corpus)?;
    let mut command = cargo(["fuzz", "run", target, "--"]);
    command
        .arg(format!("-max_total_time={}", 60 * options.minutes))
        .arg("-print_final_stats=1")
        .args(LIMITS)
        // cargo-fuzz needs the compiler's unstable sanitizers, which the stable compiler has under this name.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root);
    if let Some(count) = options.executions {
        command.arg(format!("-runs={count}"));
    }
    let mut executions = 0;
    run_reading_errors(&mut command, |line| {
        executions = executions_in(line).unwrap_or(executions);
    })
    .map_err(|error| format!("{error}; an input that fails is in fuzz/artifacts/{target}"))?;
    Ok(executions)
}

/// Reads the number in the line of libFuzzer's last figures that has it.
fn executions_in(line: &str) -> Option<u64> {
    let number = line.strip_prefix("stat::number_of_executed_units:")?;
    number.trim().parse().ok()
}

/// Copies the seeds of `target` into its corpus.
fn sow(root: &Path, target: &str, corpus: &Path) -> Outcome {
    if target == "image" {
        for folder in CORPORA {
            unpack(&root.join(folder), corpus)?;
        }
    }
    let own = root.join("fuzz/seeds").join(target);
    let shared = SEEDS.iter().filter(|(name, _)| *name == target);
    let folders = shared.flat_map(|(_, folders)| folders.iter().map(|folder| root.join(folder)));
    let reported = default_data(root).with_file_name("reported_inputs");
    let reported = REPORTED.contains(&target).then_some(reported);
    for folder in folders
        .chain([own])
        .chain(reported)
        .filter(|folder| folder.is_dir())
    {
        for file in documents::files_below(&folder)? {
            if fs::metadata(&file)?.len() <= MAX_SEED_BYTES {
                fs::copy(&file, corpus.join(seed_name(&folder, &file)))?;
            }
        }
    }
    Ok(())
}

/// Writes the files of a corpus of the tests into `to`.
fn unpack(folder: &Path, to: &Path) -> Outcome {
    let content = fs::read(folder.join("corpus.bin"))?;
    let list: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(folder.join("corpus.json"))?)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut rest = content.as_slice();
    for (number, entry) in list.iter().enumerate() {
        let length = entry["bytes"]
            .as_u64()
            .and_then(|length| length.try_into().ok());
        let split = length.and_then(|length| rest.split_at_checked(length));
        let (file, after) = split.ok_or("corpus.json has other lengths than corpus.bin")?;
        fs::write(to.join(format!("{name}-{number}")), file)?;
        rest = after;
    }
    Ok(())
}

/// Names a seed by its path, since files of different folders may have one name.
fn seed_name(folder: &Path, file: &Path) -> PathBuf {
    let path = file.strip_prefix(folder).unwrap_or(file);
    path.to_string_lossy().replace(['/', '\\'], "-").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_declared_and_every_seed_folder_has_a_target() {
        let root = crate::workspace_root();
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let targets = targets(&root).unwrap();
        for target in &targets {
            assert!(
                manifest.contains(&format!("name = \"{target}\"")),
                "{target}"
            );
        }
        for seeds in fs::read_dir(root.join("fuzz/seeds")).unwrap() {
            let name = seeds.unwrap().file_name().into_string().unwrap();
            assert!(targets.contains(&name), "{name}");
        }
    }

    #[test]
    fn images_of_the_tests_are_seeds() {
        let folder = std::env::temp_dir().join(format!("fer-seeds-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        unpack(&crate::workspace_root().join(CORPORA[0]), &folder).unwrap();
        let first = fs::read(folder.join("jpeg-0")).unwrap();
        assert!(first.starts_with(b"\xff\xd8") && first.ends_with(b"\xff\xd9"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn executions_are_read_from_the_last_figures() {
        let line = "stat::number_of_executed_units: 1048576";
        assert_eq!(executions_in(line), Some(1 << 20));
        assert_eq!(executions_in("stat::average_exec_per_sec:     17476"), None);
    }

    #[test]
    fn seeds_of_different_folders_keep_their_names_apart() {
        let name = seed_name(Path::new("a"), Path::new("a/happy/1.jpg"));
        assert_eq!(name, Path::new("happy-1.jpg"));
    }
}
