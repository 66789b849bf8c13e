//! Fuzzing: every target of `fuzz/` by cargo-fuzz, from seeds that the repository has.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::process::{cargo, run};
use crate::steps::Steps;
use crate::{Outcome, documents};

/// The longest time that one input may take, in seconds, and the most memory, in MiB.
const LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=4096"];

/// Folders and files whose files are seeds, by target. What is longer than [`MAX_SEED_BYTES`] is left out.
const SEEDS: [(&str, &[&str]); 2] = [
    ("image", &["tests/data/images", "examples/photos"]),
    ("photo", &["tests/data/images", "examples/faces/test"]),
];

/// Long inputs make slow steps: they say little more than short ones.
const MAX_SEED_BYTES: u64 = 1 << 16;

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// Minutes for each target
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Only these targets
    targets: Vec<String>,
}

/// Runs the targets one after another; the first input that fails ends it, and its path is printed.
pub(crate) fn fuzz(root: &Path, steps: &mut Steps, options: &Options) -> Outcome {
    for target in targets(root)? {
        if options.targets.is_empty() || options.targets.contains(&target) {
            steps.run(&format!("fuzz {target}"), || {
                run_target(root, &target, options.minutes)
            })?;
        }
    }
    Ok(())
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

fn run_target(root: &Path, target: &str, minutes: u64) -> Outcome {
    let corpus = root.join("fuzz/corpus").join(target);
    fs::create_dir_all(&corpus)?;
    sow(root, target, &corpus)?;
    let mut command = cargo(["fuzz", "run", target, "--"]);
    command
        .arg(format!("-max_total_time={}", 60 * minutes))
        .args(LIMITS)
        // cargo-fuzz needs the compiler's unstable sanitizers, which the stable compiler has under this name.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(root);
    run(&mut command)
}

/// Copies the seeds of `target` into its corpus.
fn sow(root: &Path, target: &str, corpus: &Path) -> Outcome {
    let own = root.join("fuzz/seeds").join(target);
    let shared = SEEDS.iter().filter(|(name, _)| *name == target);
    let folders = shared.flat_map(|(_, folders)| folders.iter().map(|folder| root.join(folder)));
    for folder in folders.chain([own]).filter(|folder| folder.is_dir()) {
        for file in documents::files_below(&folder)? {
            if fs::metadata(&file)?.len() <= MAX_SEED_BYTES {
                fs::copy(&file, corpus.join(seed_name(&folder, &file)))?;
            }
        }
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
    fn seeds_of_different_folders_keep_their_names_apart() {
        let name = seed_name(Path::new("a"), Path::new("a/happy/1.jpg"));
        assert_eq!(name, Path::new("happy-1.jpg"));
    }
}
