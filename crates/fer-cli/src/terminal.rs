//! Stdout for people and for programs.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};

use crate::{Error, Result};

/// An empty table: boxed and coloured on a terminal, aligned plain columns elsewhere.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    if is_decorated() {
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(presets::NOTHING).force_no_tty();
    }
    table.set_header(header);
    table
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

/// Whether stdout shows colours and boxes: on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
fn is_decorated() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
