//! `docs/settings.md`: the settings of a training, written from the doc comments and defaults of fer-train.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Outcome;

/// Folders of the sources that declare the settings, their types and their defaults.
const SOURCES: [&str; 2] = ["crates/fer-train/src", "crates/fer-core/src"];

/// The type whose defaults the table `[model]` takes over.
const NETWORK: &str = "ModelConfig";

const DOCUMENT: &str = "docs/settings.md";

/// The tables of a configuration file, by the types that declare them.
const TABLES: [(&str, &str); 7] = [
    ("TrainConfig", "top of the file"),
    ("ModelSection", "[model]"),
    ("AugmentationConfig", "[augmentation]"),
    ("VotesConfig", "[votes]"),
    ("ExtraConfig", "[extra]"),
    ("StartConfig", "[start]"),
    ("DistillationConfig", "[distillation]"),
];

const HEAD: &str = "\
# Settings of a training

<!-- Written by `cargo xtask settings` from the doc comments of fer-train: change those. -->

The settings of `fer train --config FILE.toml` and of `fer.train(..)` in Python. Every setting has a default, so a file names only
what it changes; unknown names are refused. `config.toml` in a run folder has them all. Change one at a time, and repeat with several
seeds before you prefer a value.
";

/// Writes the document.
pub(crate) fn refresh(root: &Path) -> Outcome {
    fs::write(root.join(DOCUMENT), document(root)?)?;
    Ok(())
}

fn document(root: &Path) -> Outcome<String> {
    let mut source = String::new();
    for folder in SOURCES {
        read_sources(&root.join(folder), &mut source)?;
    }
    let mut text = HEAD.to_owned();
    for (name, title) in TABLES {
        let fields = fields(&source, name);
        if fields.is_empty() {
            return Err(format!("{name} is not declared under {SOURCES:?}").into());
        }
        write!(
            text,
            "\n## {title}\n\n| setting | default | meaning |\n|---|---|---|\n"
        )?;
        for field in fields.iter().filter(|field| !is_table(&field.kind)) {
            let default = default_of(&source, name, &field.name);
            writeln!(
                text,
                "| `{}` | {} | {} |",
                field.name,
                default.map_or_else(String::new, |value| format!("`{value}`")),
                meaning(&source, field)
            )?;
        }
    }
    Ok(text)
}

/// Appends every Rust source under `folder`.
fn read_sources(folder: &Path, source: &mut String) -> Outcome {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_sources(&path, source)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(())
}

fn is_table(kind: &str) -> bool {
    TABLES.iter().any(|(name, _)| *name == kind)
}

/// A field or a variant, with its doc comment.
struct Item {
    name: String,
    kind: String,
    doc: String,
}

/// Returns the lines between the braces of the item that begins with `head`.
fn body<'a>(source: &'a str, head: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let start = source.find(head).map_or(source.len(), |at| at + head.len());
    source[start..]
        .lines()
        .skip(1)
        .take_while(|line| *line != "}")
}

/// Collects what `named` finds in lines, each with the doc comment above it.
fn documented<'a>(
    lines: impl Iterator<Item = &'a str>,
    named: impl Fn(&str) -> Option<(String, String)>,
) -> Vec<Item> {
    let mut doc: Vec<&str> = Vec::new();
    let mut items = Vec::new();
    for line in lines.map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
        } else if let Some((name, kind)) = named(line) {
            items.push(Item {
                name,
                kind,
                doc: std::mem::take(&mut doc).join(" "),
            });
        }
    }
    items
}

fn fields(source: &str, name: &str) -> Vec<Item> {
    documented(body(source, &format!("pub struct {name} ")), |line| {
        let (name, kind) = line.strip_prefix("pub ")?.split_once(": ")?;
        Some((name.to_owned(), kind.trim_end_matches(',').to_owned()))
    })
}

fn variants(source: &str, name: &str) -> Vec<Item> {
    documented(body(source, &format!("pub enum {name} ")), |line| {
        let name = line.strip_suffix(',')?;
        name.chars()
            .all(char::is_alphanumeric)
            .then(|| (name.to_owned(), String::new()))
    })
}

/// Returns the doc comment of a field, with the choices if it is one of several, without links.
fn meaning(source: &str, field: &Item) -> String {
    let mut text = field.doc.clone();
    for variant in variants(source, &field.kind) {
        let name = spelled(&variant.name);
        text.push_str(&format!(" `{name}`: {}", variant.doc));
    }
    text.replace("[`", "`")
        .replace("`]", "`")
        .replace('|', "\\|")
}

/// Returns the name of an enum's variant as a file writes it.
fn spelled(variant: &str) -> String {
    if variant == "AdamW" {
        return "adamw".to_owned();
    }
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

/// Returns the default of a field as a file writes it, if the source says it in so many words.
fn default_of(source: &str, name: &str, field: &str) -> Option<String> {
    let mut lines = body(source, &format!("impl Default for {name} ")).map(str::trim);
    let value = lines.find_map(|line| line.strip_prefix(field)?.strip_prefix([':', ',']))?;
    let value = value.trim().trim_end_matches(',');
    // A shorthand: the value comes from the network's own defaults.
    if value.is_empty() && name != NETWORK {
        return default_of(source, NETWORK, field);
    }
    if let Some((of, part)) = value.split_once("::default().") {
        return default_of(source, of, part);
    }
    if let Some(of) = value.strip_suffix("::default()") {
        let mut lines = body(source, &format!("pub enum {of} ")).map(str::trim);
        lines.find(|line| *line == "#[default]")?;
        return Some(format!(
            "\"{}\"",
            spelled(lines.next()?.trim_end_matches(','))
        ));
    }
    match value.split_once("::") {
        None if value == "None" => None,
        None => Some(value.replace("vec!", "")),
        Some(("Vec", _)) => Some("[]".to_owned()),
        Some((_, variant)) => match variant.split_once(' ') {
            None => Some(format!("\"{}\"", spelled(variant))),
            Some((variant, values)) => {
                let values = values.replace(':', " =");
                Some(format!("{{ {} = {values} }}", spelled(variant)))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
/// A table.
pub struct Table {
    /// Passes over the images,
    /// at least 1.
    pub epochs: usize,
    #[serde(default)]
    /// The rule, see [`Rule`].
    pub rule: Rule,
}

pub enum Rule {
    /// Fast.
    #[default]
    OneCycle,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            epochs: 40,
            rule: Rule::OneCycle,
            normalization: Normalization::PerImage { min_std: 4.0 },
            monitor: Rule::default(),
            channels,
        }
    }
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            channels: vec![32, 64],
        }
    }
}
";

    #[test]
    fn fields_have_their_comment_and_default() {
        let fields = fields(SOURCE, "Table");
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["epochs", "rule"]);
        assert_eq!(
            meaning(SOURCE, &fields[0]),
            "Passes over the images, at least 1."
        );
        assert_eq!(
            meaning(SOURCE, &fields[1]),
            "The rule, see `Rule`. `one_cycle`: Fast."
        );
        let default = |field| default_of(SOURCE, "Table", field);
        assert_eq!(default("epochs").as_deref(), Some("40"));
        assert_eq!(default("rule").as_deref(), Some("\"one_cycle\""));
        assert_eq!(
            default("normalization").as_deref(),
            Some("{ per_image = { min_std = 4.0 } }")
        );
        assert_eq!(default("monitor").as_deref(), Some("\"one_cycle\""));
        assert_eq!(default("channels").as_deref(), Some("[32, 64]"));
    }

    #[test]
    fn the_document_says_what_the_source_says() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let written = fs::read_to_string(root.join(DOCUMENT)).unwrap();
        assert!(
            written == document(&root).unwrap(),
            "{DOCUMENT} is out of date: run `cargo xtask settings`"
        );
    }
}
