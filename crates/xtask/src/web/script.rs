//! JavaScript modules joined to one, for the page that cannot load a second file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;

/// Joins the module at `entry` with all that it imports, each once, what is imported first.
///
/// The modules of this repository import from each other by relative paths, in lines of their own, without renaming; their top-level
/// names differ.
pub(super) fn join(entry: &Path) -> Outcome<String> {
    let mut joined = String::new();
    append(&entry.canonicalize()?, &mut BTreeSet::new(), &mut joined)?;
    // The result also runs in a worker that is no module.
    Ok(joined.replace("import.meta.url", "self.location.href"))
}

fn append(file: &Path, done: &mut BTreeSet<PathBuf>, joined: &mut String) -> Outcome {
    if !done.insert(file.to_owned()) {
        return Ok(());
    }
    let source =
        fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut body = String::new();
    for line in source.lines() {
        match imported(line) {
            Some(path) => {
                let folder = file.parent().unwrap_or(Path::new(""));
                append(&folder.join(path).canonicalize()?, done, joined)?;
            }
            None => {
                body.push_str(line.strip_prefix("export ").unwrap_or(line));
                body.push('\n');
            }
        }
    }
    joined.push_str(&body);
    Ok(())
}

/// The path in `import {..} from "path";`.
fn imported(line: &str) -> Option<&str> {
    let (_, path) = line.strip_prefix("import ")?.split_once(" from \"")?;
    path.strip_suffix("\";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_imports_are_told() {
        assert_eq!(
            imported("import { a, b } from \"../c.js\";"),
            Some("../c.js")
        );
        assert_eq!(imported("const text = \"import x\";"), None);
    }

    #[test]
    fn every_module_is_joined_once_without_imports_and_exports() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fer-web/page/main.js");
        let script = join(&page).unwrap();
        assert_eq!(script.matches("class FerError ").count(), 1);
        let left = |line: &&str| line.starts_with("import ") || line.starts_with("export ");
        assert_eq!(script.lines().find(left), None);
        let first = |text| script.find(text).unwrap();
        assert!(first("class FerError") < first("class WorkerAnalyzer"));
    }
}
