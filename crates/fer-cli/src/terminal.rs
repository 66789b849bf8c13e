//! Stdout for people and for programs.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};

use crate::{Error, Result};

/// Returns an empty table: boxed and colored on a terminal, aligned plain columns elsewhere.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    if is_decorated() {
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = width() {
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
    } else {
        table.load_style(presets::NOTHING).force_no_tty();
    }
    table.set_header(header);
    table
}

/// Returns the columns of stdout: those of `COLUMNS` if it is set, else those of the terminal; `None` for a file.
pub(crate) fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok();
    columns
        .and_then(|columns| columns.parse().ok())
        .filter(|&columns| columns > 0)
        .or_else(|| Table::new().width().map(usize::from))
}

/// Returns `text` broken after commas and colons into lines of at most `width` characters where that is possible; the lines
/// after the first are indented.
pub(crate) fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut used = 0;
    for item in text.split_inclusive([',', ':']) {
        let length = item.chars().count();
        if used > 0 && used + length > width {
            wrapped.push_str("\n  ");
            wrapped.push_str(item.trim_start());
            used = 2 + item.trim_start().chars().count();
        } else {
            wrapped.push_str(item);
            used += length;
        }
    }
    wrapped
}

/// Returns `text` with its control characters escaped, so that a file name can neither move the cursor nor end a row.
pub(crate) fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        // The bidirectional controls reorder what is shown.
        if character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Writes a table to stdout.
///
/// # Errors
/// [`Error::Stdout`] if it takes no more.
pub(crate) fn print_table(table: &Table) -> Result<()> {
    print(table.trim_fmt())
}

/// Writes a line to stdout.
///
/// # Errors
/// [`Error::Stdout`] if it takes no more.
pub(crate) fn print(text: impl std::fmt::Display) -> Result<()> {
    writeln!(io::stdout().lock(), "{text}").map_err(Error::Stdout)
}

/// Returns `true` if stdout shows colors and boxes: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn is_decorated() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns a path as a shell takes it: in quotes if it needs them.
pub(crate) fn quoted(path: &Path) -> String {
    let text = printable(&path.display().to_string());
    let is_plain = |c: char| c.is_alphanumeric() || "/\\.:_-+,@".contains(c);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_items_and_lose_none() {
        let text = "6 images, 9 faces: 3 happy, 2 sad";
        assert_eq!(wrap(text, 33), text);
        assert_eq!(wrap(text, 20), "6 images, 9 faces:\n  3 happy, 2 sad");
        assert_eq!(wrap(text, 4), "6 images,\n  9 faces:\n  3 happy,\n  2 sad");
        assert_eq!(wrap("", 4), "");
    }

    #[test]
    fn control_characters_are_escaped_and_letters_of_all_scripts_kept() {
        assert_eq!(
            printable("a\u{1b}[31m\nb\u{202e}c"),
            "a\\u{1b}[31m\\nb\\u{202e}c"
        );
        assert_eq!(printable("Grüße, 写真.jpg"), "Grüße, 写真.jpg");
    }
}
