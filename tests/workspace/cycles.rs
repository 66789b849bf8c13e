//! Import loops: no two source files of a crate, nor of the Python package, import each other.
//!
//! An import is a `use` or a `crate::`/`super::` path. Three things are no import: what a crate root (`lib.rs`, `main.rs`)
//! re-exports, what a file takes from the file it lies under, and the names that a file re-exports from its children.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::{members, root, tokens};

/// Names of files, each with the names of those that it imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// Returns the groups of files that reach each other by imports, each in alphabetical order.
fn loops(imports: &Imports) -> Vec<Vec<String>> {
    let reached: Imports = imports
        .keys()
        .map(|start| (start.clone(), reachable(imports, start)))
        .collect();
    let mut found = BTreeSet::new();
    for (file, targets) in &reached {
        if targets.contains(file) {
            let group = targets
                .iter()
                .filter(|other| reached.get(*other).is_some_and(|back| back.contains(file)));
            found.insert(group.cloned().collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reachable(imports: &Imports, start: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start];
    while let Some(file) = waiting.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if seen.insert(next.clone()) {
                waiting.push(next);
            }
        }
    }
    seen
}

/// Returns `true` if `file` is a crate root.
fn is_root(file: &str) -> bool {
    matches!(file, "lib" | "main")
}

/// Returns the last part of `path`.
fn stem(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Returns `path` without its last part.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Source files of one crate by name (`a/b` for `src/a/b.rs`), as tokens.
struct Crate {
    files: BTreeMap<String, Vec<String>>,
    defined: BTreeMap<String, BTreeSet<String>>,
}

impl Crate {
    fn new(sources: impl IntoIterator<Item = (String, String)>) -> Self {
        let files: BTreeMap<String, Vec<String>> = sources
            .into_iter()
            .filter(|(name, _)| stem(name) != "tests")
            .map(|(name, source)| (name, tokens::of_product(&source)))
            .collect();
        let mut defined: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, tokens) in &files {
            for item in tokens::public_items(tokens) {
                defined.entry(item).or_default().insert(name.clone());
            }
        }
        Self { files, defined }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (file, tokens) in self.files.iter().filter(|(file, _)| !is_root(file)) {
            let handed_on = tokens::reexported_modules(tokens);
            let mut targets = BTreeSet::new();
            for path in tokens::paths(tokens) {
                let Some(target) = self.resolve(file, &path) else {
                    continue;
                };
                let lies_under = file.starts_with(&format!("{target}/"));
                let hands_on =
                    parent(&target) == file.as_str() && handed_on.contains(stem(&target));
                if !is_root(&target) && target != *file && !lies_under && !hands_on {
                    targets.insert(target);
                }
            }
            imports.insert(file.clone(), targets);
        }
        imports
    }

    /// Returns the file in which `path`, written in `file`, ends; none for a path of another crate.
    fn resolve(&self, file: &str, path: &[String]) -> Option<String> {
        let mut node = file.to_owned();
        let mut rest = path;
        match path[0].as_str() {
            "crate" => {
                node.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    node = parent(&node).to_owned();
                    rest = &rest[1..];
                }
            }
            first if !self.files.contains_key(&format!("{file}/{first}")) => return None,
            _ => {}
        }
        for part in rest {
            let inner = if node.is_empty() {
                part.clone()
            } else {
                format!("{node}/{part}")
            };
            if self.files.contains_key(&inner) {
                node = inner;
                continue;
            }
            if self
                .files
                .get(&node)
                .is_some_and(|tokens| tokens::defines(tokens, part))
            {
                return Some(node);
            }
            let below = format!("{node}/");
            let near =
                self.defined.get(part).into_iter().flatten().find(|other| {
                    !is_root(other) && (node.is_empty() || other.starts_with(&below))
                });
            return near.cloned().or(Some(node).filter(|node| !node.is_empty()));
        }
        Some(node).filter(|node| !node.is_empty())
    }
}

fn read_crate(folder: &Path) -> Crate {
    let sources = folder.join("src");
    Crate::new(WalkDir::new(&sources).into_iter().filter_map(|entry| {
        let path = entry.unwrap().into_path();
        let inside = path.strip_prefix(&sources).unwrap().with_extension("");
        let name: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        (path.extension()? == "rs").then(|| (name.join("/"), fs::read_to_string(&path).unwrap()))
    }))
}

/// Returns the imports among the modules of a Python package; imports for type checkers alone do not count.
fn python_imports(package: &str, sources: &BTreeMap<String, String>) -> Imports {
    let inside = format!("{package}.");
    let mut imports = Imports::new();
    for (name, source) in sources {
        let targets: &mut BTreeSet<String> = imports.entry(name.clone()).or_default();
        let mut type_checking = None;
        let mut lines = source.lines();
        while let Some(line) = lines.next() {
            let code = line.trim_start();
            let indent = line.len() - code.len();
            if !code.is_empty() && type_checking.is_some_and(|outer| indent <= outer) {
                type_checking = None;
            }
            if code.starts_with("if TYPE_CHECKING") {
                type_checking = Some(indent);
            }
            if type_checking.is_some() {
                continue;
            }
            let mut words = code.split_whitespace();
            match (words.next(), words.next()) {
                (Some("from"), Some(from)) if from == package || from == "." => {
                    let mut names = code
                        .split_once("import")
                        .map_or("", |(_, names)| names)
                        .to_owned();
                    while names.contains('(') && !names.contains(')') {
                        names.push_str(lines.next().unwrap());
                    }
                    targets.extend(
                        names
                            .split([',', '(', ')'])
                            .filter_map(|part| part.split_whitespace().next())
                            .map(str::to_owned),
                    );
                }
                (Some("from" | "import"), Some(from)) => {
                    if let Some(module) = from.strip_prefix(&inside).or(from.strip_prefix('.')) {
                        let end = module.find(['.', ',']).unwrap_or(module.len());
                        targets.insert(module[..end].to_owned());
                    }
                }
                _ => {}
            }
        }
        targets.retain(|target| target != name && sources.contains_key(target));
    }
    imports
}

#[test]
fn no_two_rust_files_import_each_other() {
    let mut found = Vec::new();
    for (folder, _) in members() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let imports = read_crate(&folder).imports();
        found.extend(
            loops(&imports)
                .into_iter()
                .map(|group| format!("{name}: {}", group.join(" "))),
        );
    }
    assert!(found.is_empty(), "files that import each other: {found:#?}");
}

#[test]
fn no_two_python_files_import_each_other() {
    let sources = fs::read_dir(root().join("python/fer"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .filter(|(name, _)| name != "__init__")
        .collect();
    let found = loops(&python_imports("fer", &sources));
    assert!(found.is_empty(), "files that import each other: {found:#?}");
}

fn rust(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let sources = files
        .iter()
        .map(|(name, source)| ((*name).to_owned(), (*source).to_owned()));
    loops(&Crate::new(sources).imports())
}

#[test]
fn finds_loops_of_rust_files() {
    let looped: [&[(&str, &str)]; 5] = [
        &[
            ("a", "use crate::b::B; pub struct A;"),
            ("b", "use crate::a::A; pub struct B;"),
        ],
        // By paths without `use`, over three files.
        &[
            ("a", "fn a() { crate::b::b() }"),
            ("b", "fn b() { super::c::c() }"),
            ("c", "fn c() { crate::a::a() }"),
        ],
        // In one tree of names, with a name taken from the re-export of a crate root.
        &[
            ("lib", "pub use a::A;"),
            ("a", "use crate::{other::X, b::{B, C}}; pub struct A;"),
            ("b", "use crate::A;"),
        ],
        // A parent that works with its child, which works with a sibling of the parent that works with the parent.
        &[
            ("a", "mod b; use b::B;"),
            ("a/b", "use crate::c::C; pub struct B;"),
            ("c", "use crate::a::A; pub struct C;"),
        ],
        // Two children of one file.
        &[
            ("a", ""),
            ("a/b", "use super::c::C;"),
            ("a/c", "use super::b::B;"),
        ],
    ];
    for files in looped {
        assert_eq!(rust(files).len(), 1, "{files:?}");
    }
}

#[test]
fn accepts_rust_files_without_a_loop() {
    let straight: [&[(&str, &str)]; 4] = [
        &[
            ("lib", "pub mod a; pub use a::A;"),
            ("a", "use crate::b::B;"),
            ("b", "use std::fmt;"),
        ],
        // A child that takes from the file it lies under, a parent that uses its child.
        &[
            ("a", "mod b; use b::B; pub struct A;"),
            ("a/b", "use super::A; pub struct B;"),
        ],
        // Comments, strings and tests are no imports.
        &[
            ("a", "use crate::b::B;"),
            (
                "b",
                "// use crate::a::A;\nconst T: &str = \"crate::a::A\";\n#[cfg(test)]\nmod tests { use crate::a::A; }",
            ),
        ],
        // A parent that hands its children's names on, one of which uses a user of another.
        &[
            ("a", "mod b; mod c; pub use b::B; pub use c::C;"),
            ("a/b", "use crate::d::D;"),
            ("a/c", "pub struct C;"),
            ("d", "use crate::a::C; pub struct D;"),
        ],
    ];
    for files in straight {
        assert_eq!(rust(files), Vec::<Vec<String>>::new(), "{files:?}");
    }
}

#[test]
fn finds_loops_of_python_files() {
    let python = |a: &str, b: &str| {
        let sources = [
            ("a".to_owned(), a.to_owned()),
            ("b".to_owned(), b.to_owned()),
        ];
        loops(&python_imports("fer", &sources.into()))
    };
    for a in [
        "from fer import b",
        "from fer.b import B",
        "import fer.b",
        "from .b import B",
        "def f():\n    from fer import (\n        x,\n        b,\n    )",
    ] {
        assert_eq!(python(a, "from fer.a import A").len(), 1, "{a}");
    }
    for a in [
        "import numpy",
        "if TYPE_CHECKING:\n    from fer.b import B\n\nx = 1",
        "# from fer import b",
    ] {
        assert!(python(a, "from fer.a import A").is_empty(), "{a}");
    }
}
