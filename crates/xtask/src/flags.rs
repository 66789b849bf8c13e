//! The flags in `docs/command-line.md`, written from the grammar of the `fer` command.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::{Outcome, markers};

/// The sources of the grammar, the commands first.
const GRAMMAR: [&str; 3] = [
    "crates/fer-cli/src/args.rs",
    "crates/fer-cli/src/format.rs",
    "crates/fer-cli/src/insight/args.rs",
];
const DOCUMENT: &str = "docs/command-line.md";

/// Rewrites the marked part of the document.
pub(crate) fn refresh(root: &Path) -> Outcome {
    fs::write(root.join(DOCUMENT), document(root)?)?;
    Ok(())
}

fn document(root: &Path) -> Outcome<String> {
    let files = GRAMMAR.map(|file| fs::read_to_string(root.join(file)));
    let grammar: String = files.into_iter().collect::<Result<_, _>>()?;
    let old = fs::read_to_string(root.join(DOCUMENT))?;
    markers::replace_all(&old, &[("flags", commands(&grammar)?)])
}

/// Returns a table of arguments for each command.
fn commands(grammar: &str) -> Outcome<String> {
    let mut text = String::new();
    add_commands(grammar, "fer", "enum Command ", &mut text)?;
    if text.is_empty() {
        return Err(format!("{} declares no commands", GRAMMAR[0]).into());
    }
    text.push('\n');
    Ok(text)
}

/// Adds a table for each command that `declaration` lists, and for the commands below it.
fn add_commands(grammar: &str, parent: &str, declaration: &str, text: &mut String) -> Outcome {
    for command in fields(grammar, declaration) {
        let name = format!("{parent} {}", command.name.to_lowercase());
        let arguments = fields(grammar, &format!("struct {} ", command.kind));
        let below = arguments
            .iter()
            .find(|field| field.attribute.contains("subcommand"));
        if let Some(below) = below {
            write!(text, "\n### {name}\n\n{}.\n", command.doc)?;
            add_commands(grammar, &name, &format!("enum {} ", below.kind), text)?;
            continue;
        }
        let rows = rows(grammar, &format!("struct {} ", command.kind));
        write!(text, "\n### {name}\n\n{}.\n", command.doc)?;
        if !rows.is_empty() {
            writeln!(
                text,
                "\n| argument | meaning |\n|---|---|\n{}",
                rows.join("\n")
            )?;
        }
    }
    Ok(())
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
            format!("--{} {value}", flag(&field))
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

/// Returns the name of a flag: that of its attribute, or of its field.
fn flag(field: &Field) -> String {
    let named = field.attribute.split_once("long = \"");
    match named.and_then(|(_, rest)| rest.split_once('"')) {
        Some((name, _)) => name.to_owned(),
        None => field.name.replace('_', "-"),
    }
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
    /// Ask
    Ask(AskArgs),
}

pub(crate) struct AskArgs {
    #[command(subcommand)]
    pub(crate) command: AskCommand,
}

pub(crate) enum AskCommand {
    /// Count things
    Count(CountArgs),
}

pub(crate) struct CountArgs {
    /// Only these
    #[arg(long = \"where\", value_name = \"COL=VALUE\")]
    pub(crate) only: Vec<String>,
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
             \n### fer complete\n\nComplete.\n\
             \n### fer ask\n\nAsk.\n\
             \n### fer ask count\n\nCount things.\n\n| argument | meaning |\n|---|---|\n\
             | `--where COL=VALUE` | Only these |\n\n"
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
