//! The flags in `docs/command-line.md`, written from the grammar of the `fer` command.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::{Outcome, markers};

const GRAMMAR: &str = "crates/fer-cli/src/args.rs";
const DOCUMENT: &str = "docs/command-line.md";

/// Rewrites the marked part of the document.
pub(crate) fn refresh(root: &Path) -> Outcome {
    fs::write(root.join(DOCUMENT), document(root)?)?;
    Ok(())
}

fn document(root: &Path) -> Outcome<String> {
    let grammar = fs::read_to_string(root.join(GRAMMAR))?;
    let old = fs::read_to_string(root.join(DOCUMENT))?;
    markers::replace_all(&old, &[("flags", commands(&grammar)?)])
}

/// Returns a table of arguments for each command.
fn commands(grammar: &str) -> Outcome<String> {
    let mut text = String::new();
    for command in fields(grammar, "enum Command ") {
        let name = command.name.to_lowercase();
        let rows = rows(grammar, &format!("struct {} ", command.kind));
        write!(text, "\n### fer {name}\n\n{}.\n", command.doc)?;
        if !rows.is_empty() {
            writeln!(
                text,
                "\n| argument | meaning |\n|---|---|\n{}",
                rows.join("\n")
            )?;
        }
    }
    if text.is_empty() {
        return Err(format!("{GRAMMAR} declares no commands").into());
    }
    text.push('\n');
    Ok(text)
}

fn rows(grammar: &str, declaration: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for field in fields(grammar, declaration) {
        if field.attribute.contains("flatten") {
            rows.extend(self::rows(grammar, &format!("struct {} ", field.kind)));
            continue;
        }
        let value = value(grammar, &field);
        let argument = if field.attribute.contains("long") {
            format!("--{} {value}", field.name.replace('_', "-"))
        } else {
            value
        };
        let argument = argument.trim().replace('|', "\\|");
        rows.push(format!(
            "| `{argument}` | {} |",
            field.doc.replace('|', "\\|")
        ));
    }
    rows
}

/// Returns the placeholder of a field's value: its declared name, or the choices of its type.
fn value(grammar: &str, field: &Field) -> String {
    let named = field.attribute.split_once("value_name = \"");
    if let Some((name, _)) = named.and_then(|(_, rest)| rest.split_once('"')) {
        return name.to_owned();
    }
    if field.kind == "bool" {
        return String::new();
    }
    let choices = fields(grammar, &format!("enum {} ", field.kind));
    let names: Vec<String> = choices
        .iter()
        .map(|choice| choice.name.to_lowercase())
        .collect();
    if names.is_empty() {
        field.name.to_uppercase()
    } else {
        names.join("|")
    }
}

/// A field of a struct or a variant of an enum.
struct Field {
    doc: String,
    attribute: String,
    name: String,
    kind: String,
}

/// Returns the fields or variants of the declaration, each with its comment and attributes.
fn fields(grammar: &str, declaration: &str) -> Vec<Field> {
    let mut found = Vec::new();
    let (mut doc, mut attribute, mut open) = (Vec::new(), String::new(), false);
    let start = grammar
        .find(declaration)
        .map_or(grammar.len(), |at| at + declaration.len());
    for line in grammar[start..]
        .lines()
        .skip(1)
        .take_while(|line| *line != "}")
    {
        // Fields of a variant lie deeper than the variant.
        let is_inner = line.starts_with("        ") && !open;
        let line = line.trim();
        if open || line.starts_with("#[") {
            attribute.push_str(line);
            open = !line.ends_with(']');
        } else if let Some(text) = line.strip_prefix("///").filter(|_| !is_inner) {
            doc.push(text.trim());
        } else if let Some((name, kind)) = declared(line).filter(|_| !is_inner) {
            found.push(Field {
                doc: std::mem::take(&mut doc).join(" "),
                attribute: std::mem::take(&mut attribute),
                name: name.to_owned(),
                kind: kind.to_owned(),
            });
        }
    }
    found
}

/// Returns the name and the type of `pub name: Type,`, `Name(Type),`, `Name,` or `Name {`.
fn declared(line: &str) -> Option<(&str, &str)> {
    if let Some((name, kind)) = line.split_once(": ") {
        let name = name.rsplit(' ').next()?;
        return Some((name, kind.trim_end_matches(',')));
    }
    let line = line.trim_end_matches([',', '{', ' ', ')']);
    let (name, kind) = line.split_once('(').unwrap_or((line, ""));
    let is_name = !name.is_empty() && name.chars().all(char::is_alphanumeric);
    is_name.then_some((name, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAMMAR: &str = "\
pub(crate) enum Command {
    /// Look at images
    Look(LookArgs),
    /// Complete
    Complete {
        /// The shell
        shell: Shell,
    },
}

pub(crate) struct LookArgs {
    /// Images
    #[arg(required = true, value_name = \"PATH\")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) shared: Shared,

    /// Kind of output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Keep the copies
    #[arg(
        long,
        conflicts_with = \"paths\"
    )]
    pub(crate) keep_copies: bool,
}

pub(crate) struct Shared {
    /// The model
    #[arg(long, value_name = \"NAME|FILE\")]
    pub(crate) model: Option<String>,
}

pub(crate) enum Format {
    #[default]
    Table,
    Json,
}
";

    #[test]
    fn commands_have_a_row_for_each_argument() {
        assert_eq!(
            commands(GRAMMAR).unwrap(),
            "\n### fer look\n\nLook at images.\n\n| argument | meaning |\n|---|---|\n\
             | `PATH` | Images |\n| `--model NAME\\|FILE` | The model |\n\
             | `--format table\\|json` | Kind of output |\n| `--keep-copies` | Keep the copies |\n\
             \n### fer complete\n\nComplete.\n\n"
        );
    }

    #[test]
    fn the_document_has_the_flags_of_the_command() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let written = fs::read_to_string(root.join(DOCUMENT)).unwrap();
        assert!(
            written == document(&root).unwrap(),
            "{DOCUMENT} is out of date: run `cargo xtask settings`"
        );
    }
}
