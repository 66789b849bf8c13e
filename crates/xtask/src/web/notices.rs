//! The licenses of everything inside the WebAssembly module.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::TARGET;
use crate::Outcome;
use crate::process::cargo;

/// The license of the face finder's model, which is in no crate of its own.
const FACE_FINDER: &str = "crates/fer-vision/LICENSES-third-party.md";

/// Returns the names, versions, licenses and license texts of the crates that the module is made of.
pub(super) fn collect(root: &Path) -> Outcome<String> {
    let folders = package_folders(root)?;
    let face_finder = fs::read_to_string(root.join(FACE_FINDER))?;
    let mut notices = format!("{face_finder}\n\nfer.wasm is made of these crates, too.\n");
    for line in crates(root)?.lines() {
        let (package, license) = line.split_once('|').unwrap_or((line, ""));
        notices.push_str(&format!("\n{}\n{package}: {license}\n", "-".repeat(72)));
        if let Some(folder) = folders.get(package) {
            notices.push_str(&license_texts(folder)?);
        }
    }
    Ok(notices)
}

/// `name vVERSION|LICENSE` of each crate from a registry, sorted.
fn crates(root: &Path) -> Outcome<String> {
    let mut tree = cargo(["tree", "--locked", "--package", "fer-web"]);
    tree.args(["--target", TARGET, "--edges", "normal", "--prefix", "none"]);
    let output = tree
        .args(["--format", "{p}|{l}"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    // A path follows the version of this workspace's own crates, `(*)` what was listed before.
    let is_foreign = |line: &&str| {
        let package = line.split('|').next();
        package.is_some_and(|package| !package.contains('(')) && !line.ends_with("(*)")
    };
    let mut lines: Vec<&str> = text.lines().filter(is_foreign).collect();
    lines.sort_unstable();
    lines.dedup();
    Ok(lines.join("\n"))
}

/// The folder of each package's sources by `name vVERSION`.
fn package_folders(root: &Path) -> Outcome<BTreeMap<String, PathBuf>> {
    let mut metadata = cargo(["metadata", "--locked", "--format-version", "1"]);
    let output = metadata.current_dir(root).output()?;
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages
        .filter_map(|package| {
            let text = |key: &str| package[key].as_str();
            let name = format!("{} v{}", text("name")?, text("version")?);
            let folder = Path::new(text("manifest_path")?).parent()?;
            Some((name, folder.to_owned()))
        })
        .collect())
}

fn license_texts(folder: &Path) -> Outcome<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_ascii_uppercase();
        let is_notice = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];
        file.is_file() && is_notice.iter().any(|start| name.starts_with(start))
    });
    files.sort();
    let mut texts = String::new();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
        texts.push_str(&format!("\n{}\n", text.trim()));
    }
    Ok(texts)
}
