//! Rows of tables, whatever holds them: their columns, their cells, and what becomes of them.

use std::borrow::Cow;

use serde::Serialize;

use crate::answer::EMOTIONS;
use crate::{Error, Result};

/// The columns of a table of faces that matter. The probabilities are in columns named by the emotions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Columns whose values make the groups.
    pub by: Vec<String>,
    /// Column of the unit that repeats. Without it, a table of videos, which has the columns `person` and `time`, takes
    /// its people: those of each `path`, or of one video without that column.
    pub cluster: Option<String>,
    /// Column of consent: only rows with `true`, `yes` or `1` are read.
    pub consent: Option<String>,
    /// Columns and the value that a row must have in each.
    pub only: Vec<(String, String)>,
    /// Further columns whose cells an analysis needs.
    pub values: Vec<String>,
    /// Columns whose cells an analysis uses where the table has them; they follow those of `values`.
    pub optional: Vec<String>,
}

/// Rows of a table, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows in the table.
    pub read: u64,
    /// Rows that the analysis uses.
    pub used: u64,
    /// Rows without a face: all probabilities empty.
    pub no_face: u64,
    /// Rows of images that could not be read: the column `error` says why.
    pub unreadable: u64,
    /// Rows dropped for want of consent.
    pub no_consent: u64,
    /// Rows that other filters leave out.
    pub filtered: u64,
    /// Rows without a match in a joined table.
    pub unmatched: u64,
    /// Rows used whose face is narrower than 24 pixels: the column `width`.
    pub small_faces: u64,
}

impl Rows {
    /// Adds the rows of another part of the table.
    pub(crate) fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        self.no_face += other.no_face;
        self.unreadable += other.unreadable;
        self.no_consent += other.no_consent;
        self.filtered += other.filtered;
        self.unmatched += other.unmatched;
        self.small_faces += other.small_faces;
    }
}

/// A row of a table, whatever holds it. Columns are numbered from 0.
pub trait Row {
    /// Returns `false` for a row without a match in a table joined with its own; nothing is read of it.
    fn is_matched(&self) -> bool {
        true
    }

    /// Returns the text of a cell; empty for a missing value.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for a cell that is no text.
    fn text(&self, column: usize) -> Result<Cow<'_, str>>;

    /// Returns the number in a cell; `None` for a missing value.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for a cell that is no number.
    fn number(&self, column: usize) -> Result<Option<f64>>;
}

/// A face that an analysis uses, with its cells.
#[derive(Debug)]
pub struct Record<'a> {
    /// Number of the row in the table, from 1, without the header.
    pub row: u64,
    /// The model's probabilities.
    pub probabilities: [f64; EMOTIONS],
    /// Cells of [`Columns::by`].
    pub group: Vec<Cow<'a, str>>,
    /// The cell of [`Columns::cluster`], or the video and the person.
    pub cluster: Option<Cow<'a, str>>,
    /// Cells of [`Columns::values`], then of [`Columns::optional`], empty without the column.
    pub values: Vec<Cow<'a, str>>,
}

/// A reader of the rows of a table.
pub trait RowVisitor {
    /// Takes the next row and its number, from 1.
    ///
    /// # Errors
    /// Any; the table then is read no further.
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()>;
}

/// Returns the position of a column.
///
/// # Errors
/// [`Error::Columns`] for a column that is absent or there twice.
pub(crate) fn find(header: &[String], wanted: &str) -> Result<usize> {
    let named = header.iter().enumerate();
    let mut found = named.filter(|(_, name)| *name == wanted);
    match (found.next(), found.next()) {
        (Some((position, _)), None) => Ok(position),
        (first, _) => Err(Error::Columns {
            expected: wanted.into(),
            found: header.to_vec(),
            twice: first.is_some(),
        }),
    }
}

/// Reads the number in a cell of text; `None` for an empty one.
///
/// # Errors
/// [`Error::InvalidRow`] for other text.
pub(crate) fn read_number(text: &str, row: u64) -> Result<Option<f64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Error::InvalidRow {
        row,
        what: "expected a number".into(),
        found: format!("{text:?}"),
    })
}

/// Returns the text of a number that may be missing.
pub(crate) fn missing_if(missing: bool, text: String) -> Cow<'static, str> {
    if missing {
        Cow::Borrowed("")
    } else {
        Cow::Owned(text)
    }
}
