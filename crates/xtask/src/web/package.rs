//! The npm package: the module, the models, the JavaScript around them and the notices.

use std::fs;
use std::path::Path;

use super::notices;
use crate::Outcome;

/// Folder of the built-in models.
pub(super) const MODELS: &str = "crates/fer-core/models";

/// Files that stand in the repository as they are.
const PACKAGED: [(&str, &str); 3] = [
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("crates/fer-web/README.md", "README.md"),
];

/// Begins a model file that is split: `SPLIT` in files.js, which puts it together again.
const SPLIT: &[u8] = b"fer split model\n";

/// Writes the package.
pub(super) fn build(root: &Path, module: &Path, package: &Path) -> Outcome {
    if package.exists() {
        fs::remove_dir_all(package)?;
    }
    fs::create_dir_all(package)?;
    fs::copy(module, package.join("fer.wasm"))?;
    for (from, to) in PACKAGED {
        fs::copy(root.join(from), package.join(to))?;
    }
    for entry in fs::read_dir(root.join("crates/fer-web/js"))? {
        let file = entry?.path();
        fs::copy(&file, package.join(file.file_name().unwrap_or_default()))?;
    }
    for entry in fs::read_dir(root.join(MODELS))? {
        let file = entry?.path();
        let name = Path::new(file.file_name().unwrap_or_default()).with_extension("model");
        fs::write(package.join(name), split(&fs::read(&file)?))?;
    }
    let manifest = fs::read_to_string(root.join("crates/fer-web/package.json"))?;
    let manifest = manifest.replace("{{version}}", env!("CARGO_PKG_VERSION"));
    fs::write(package.join("package.json"), manifest)?;
    fs::write(package.join("NOTICES.txt"), notices::collect(root)?)?;
    Ok(())
}

/// The bytes at even places, then those at odd ones, after [`SPLIT`].
fn split(bytes: &[u8]) -> Vec<u8> {
    let (even, odd) = (bytes.iter().step_by(2), bytes.iter().skip(1).step_by(2));
    SPLIT.iter().chain(even).chain(odd).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_two_bytes_are_split() {
        let split = split(b"aAbBcCd");
        assert_eq!(split.strip_prefix(SPLIT).unwrap(), b"abcdABC");
    }
}
