//! Results as flat tables, one row for each group or pair: what CSV files and data frames hold.

use fer_core::Emotion;

use crate::agreement::{Agreement, RaterPair};
use crate::compare::{Comparison, Difference};
use crate::shares::{Estimate, GroupShares, Shares};
use crate::sheet::{COLUMNS, Sheet, cells};
use crate::{Error, Result};

/// One cell of a flat table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Missing,
    /// A text.
    Text(String),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
}

/// A flat table. Each column holds cells of one kind, or [`Cell::Missing`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FlatTable {
    /// Names of the columns, each once.
    pub columns: Vec<String>,
    /// Rows of as many cells.
    pub rows: Vec<Vec<Cell>>,
}

impl FlatTable {
    /// Returns the table as CSV with a header. Numbers have as many digits as give the same number back.
    ///
    /// # Errors
    /// [`Error::Format`] if the writer fails.
    pub fn to_csv(&self) -> Result<String> {
        let written =
            || -> std::result::Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
                let mut writer = csv::Writer::from_writer(Vec::new());
                writer.write_record(&self.columns)?;
                for row in &self.rows {
                    writer.write_record(row.iter().map(|cell| match cell {
                        Cell::Missing => String::new(),
                        Cell::Text(text) => text.clone(),
                        Cell::Count(count) => count.to_string(),
                        Cell::Number(number) => number.to_string(),
                        Cell::Flag(flag) => flag.to_string(),
                    }))?;
                }
                Ok(writer.into_inner()?)
            };
        let text = written().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        text.map_err(|source| Error::Format { source })
    }

    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for name in names {
            // A column of the user's may be called `people`, too.
            let mut unique = name;
            while columns.contains(&unique) {
                unique.push('_');
            }
            columns.push(unique);
        }
        Self {
            columns,
            rows: Vec::new(),
        }
    }
}

impl Shares {
    /// Returns one row for each group: its values, people, faces, and each figure with the ends of its interval.
    pub fn flat(&self) -> FlatTable {
        let names = self.columns.iter().cloned().chain(group_columns());
        let mut table = FlatTable::new(names);
        table.rows = self.groups.iter().map(group_row).collect();
        table
    }
}

impl Comparison {
    /// Returns one row for each pair: the two groups, and each difference with its interval and p-values.
    pub fn flat(&self) -> FlatTable {
        let within = self.shares.columns.get(1..).unwrap_or_default();
        let names = ["a", "b"].map(String::from).into_iter();
        let names = names.chain(within.iter().cloned()).chain(["paired".into()]);
        let figures = Emotion::ALL.map(Emotion::label).into_iter().chain(["net"]);
        let figures = figures.flat_map(|name| {
            ["", "_low", "_high", "_p", "_p_adjusted"].map(|end| format!("{name}{end}"))
        });
        let mut table = FlatTable::new(names.chain(figures));
        table.rows = self
            .pairs
            .iter()
            .map(|pair| {
                let value = |values: &[String]| text(values.first().map_or("", String::as_str));
                let mut row = vec![value(&pair.a), value(&pair.b)];
                row.extend(pair.a.iter().skip(1).map(|value| text(value)));
                row.push(Cell::Count(pair.paired));
                for emotion in Emotion::ALL {
                    row.extend(difference(
                        pair.differences.as_ref().map(|all| &all[emotion]),
                    ));
                }
                row.extend(difference(pair.net.as_ref()));
                row
            })
            .collect();
        table
    }
}

impl Sheet {
    /// Returns one row for each face: its place, its box, and its label where it has one. A column of the place is of whole
    /// numbers or of numbers if all its cells are such.
    pub fn flat(&self) -> FlatTable {
        let mut table = FlatTable::new(COLUMNS.map(String::from));
        let rows: Vec<Vec<String>> = self
            .faces
            .iter()
            .map(|face| cells(face).collect())
            .collect();
        let parsers = COLUMNS.iter().enumerate().map(|(column, name)| {
            let given = rows
                .iter()
                .map(|row| &row[column])
                .filter(|cell| !cell.is_empty());
            // Names of files and labels are texts, whatever they look like.
            let kinds: [Parser; 3] = [count, real, known];
            let first = if matches!(*name, "path" | "label") {
                2
            } else {
                0
            };
            let fits = |parse: &&Parser| given.clone().all(|cell| parse(cell).is_some());
            *kinds[first..].iter().find(fits).unwrap_or(&kinds[2])
        });
        let parsers: Vec<Parser> = parsers.collect();
        let typed = |row: &Vec<String>| {
            let cells = row.iter().zip(&parsers);
            cells
                .map(|(cell, parse)| parse(cell).unwrap_or(Cell::Missing))
                .collect()
        };
        table.rows = rows.iter().map(typed).collect();
        table
    }
}

/// Reads a cell of one kind; `None` for a text that is none, or empty.
type Parser = fn(&str) -> Option<Cell>;

fn count(text: &str) -> Option<Cell> {
    text.parse().ok().map(Cell::Count)
}

fn real(text: &str) -> Option<Cell> {
    text.parse().ok().map(Cell::Number)
}

fn known(value: &str) -> Option<Cell> {
    (!value.is_empty()).then(|| text(value))
}

impl Agreement {
    /// Returns one row for each two raters: their names, the faces that both answered, and the share of those on which they
    /// agree with its interval.
    pub fn flat(&self) -> FlatTable {
        let names = [
            "a",
            "b",
            "faces",
            "agreement",
            "agreement_low",
            "agreement_high",
        ];
        let mut table = FlatTable::new(names.map(String::from));
        let row = |pair: &RaterPair| {
            let names = [text(&pair.a), text(&pair.b), Cell::Count(pair.faces as u64)];
            names
                .into_iter()
                .chain(estimate(pair.agreement.as_ref()))
                .collect()
        };
        table.rows = self.pairs.iter().map(row).collect();
        table
    }
}

pub(crate) fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

pub(crate) fn group_columns() -> impl Iterator<Item = String> {
    let counts = ["people", "faces", "effective_faces", "suppressed"].map(String::from);
    let shares = Emotion::ALL.into_iter().flat_map(|emotion| {
        ["", "_low", "_high", "_counted"].map(|end| format!("{}{end}", emotion.label()))
    });
    let others = ["net", "expressive", "unclear"].into_iter();
    let others = others.flat_map(|name| ["", "_low", "_high"].map(|end| format!("{name}{end}")));
    counts
        .into_iter()
        .chain(shares)
        .chain(others)
        .chain(["fit_p".into()])
}

pub(crate) fn group_row(group: &GroupShares) -> Vec<Cell> {
    let mut row: Vec<Cell> = group.by.iter().map(|value| text(value)).collect();
    match &group.counts {
        Some(counts) => row.extend([
            Cell::Count(counts.people),
            Cell::Count(counts.faces),
            Cell::Number(counts.effective_faces),
        ]),
        None => row.extend([const { Cell::Missing }; 3]),
    }
    row.push(Cell::Flag(group.suppressed));
    let figures = group.estimates.as_ref();
    for emotion in Emotion::ALL {
        row.extend(estimate(figures.map(|figures| &figures.shares[emotion])));
        row.push(number(group.counts.map(|counts| counts.counted[emotion])));
    }
    row.extend(estimate(figures.map(|figures| &figures.net)));
    row.extend(estimate(figures.map(|figures| &figures.expressive)));
    row.extend(estimate(
        figures.and_then(|figures| figures.unclear.as_ref()),
    ));
    row.push(number(group.fit.map(|fit| fit.p)));
    row
}

pub(crate) fn estimate(figure: Option<&Estimate>) -> [Cell; 3] {
    [
        number(figure.map(|figure| figure.estimate)),
        number(figure.map(|figure| figure.low)),
        number(figure.map(|figure| figure.high)),
    ]
}

fn difference(difference: Option<&Difference>) -> impl Iterator<Item = Cell> {
    let p = [
        number(difference.map(|difference| difference.p)),
        number(difference.map(|difference| difference.p_adjusted)),
    ];
    estimate(difference.map(|difference| &difference.estimate))
        .into_iter()
        .chain(p)
}

fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Missing, Cell::Number)
}
