//! Tables of the figures by group of images.

use fer_train::{Gap, GroupColumn, Grouped, SMALL_GROUP};

use crate::progress::say;
use crate::{Result, terminal};

/// Paths that are named of those that the groups file lists in vain.
const NAMED: usize = 3;

/// Says on stderr which rows and images have no partner.
pub(super) fn report_gaps(grouped: &Grouped) {
    for path in grouped.not_found.iter().take(NAMED) {
        say(format_args!("in the groups file, but not there: {path}"));
    }
    if grouped.not_found.len() > NAMED {
        let more = grouped.not_found.len() - NAMED;
        say(format_args!("and {more} more"));
    }
    for column in grouped.columns.iter().filter(|column| column.ungrouped > 0) {
        say(format_args!(
            "{} images have no {}: they are in no group",
            column.ungrouped, column.column
        ));
    }
}

/// Prints a table for each column, and its largest gap.
pub(super) fn print(grouped: &Grouped) -> Result<()> {
    let tests = grouped
        .columns
        .iter()
        .filter(|column| column.largest_gap.is_some());
    let tests = tests.count();
    for column in &grouped.columns {
        print_column(column)?;
        terminal::print(verdict(column, tests))?;
    }
    Ok(())
}

fn print_column(column: &GroupColumn) -> Result<()> {
    let name = terminal::printable(&column.column);
    let header = [
        &name,
        "images",
        "accuracy [95 %]",
        "balanced accuracy [95 %]",
    ];
    let mut table = terminal::table(&header);
    for group in &column.groups {
        let mark = if group.is_small { " (few)" } else { "" };
        let figure =
            |value: f64, [low, high]: [f64; 2]| format!("{value:.4} [{low:.4}, {high:.4}]");
        table.add_row([
            format!("{}{mark}", terminal::printable(&group.group)),
            group.n.to_string(),
            figure(group.accuracy, group.accuracy_ci95),
            figure(group.balanced_accuracy, group.balanced_accuracy_ci95),
        ]);
    }
    terminal::print_table(&table)
}

/// Says in a sentence how far apart the groups are.
fn verdict(column: &GroupColumn, tests: usize) -> String {
    let Some(gap) = &column.largest_gap else {
        return format!("no gap: fewer than two groups have {SMALL_GROUP} images or more");
    };
    let Gap {
        difference,
        difference_ci95: [low, high],
        p_value,
        adjusted_p_value,
        compared,
        ..
    } = gap;
    let (highest, lowest) = (
        terminal::printable(&gap.highest),
        terminal::printable(&gap.lowest),
    );
    let adjusted = match tests {
        0 | 1 => String::new(),
        count => format!(", {adjusted_p_value:.4} adjusted for {count} columns"),
    };
    format!(
        "largest gap of accuracy among {compared} groups: {highest} less {lowest} = {difference:.4} \
         [{low:.4}, {high:.4}], p = {p_value:.4}{adjusted} (permutation test within classes)"
    )
}
