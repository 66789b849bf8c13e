//! Tables of faces, whatever holds them: the columns that matter, and which rows are read.

use std::borrow::Cow;

use fer_core::Emotion;
use serde::Serialize;

use crate::answer::{EMOTIONS, check_probabilities};
use crate::tally::{Face, Tally};
use crate::{Error, Result};

/// Width in pixels below which a face is small.
const SMALL_FACE: f64 = 24.0;

/// The columns of a table of faces that matter. The probabilities are in columns named by the emotions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Columns whose values make the groups.
    pub by: Vec<String>,
    /// Column of the unit that repeats. Without it, a table of videos takes its people: the columns `path` and `person`.
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
    /// Rows used whose face is narrower than 24 pixels: the column `width`.
    pub small_faces: u64,
}

/// A row of a table, whatever holds it. Columns are numbered from 0.
pub trait Row {
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

/// A table of faces.
pub trait FaceTable {
    /// Passes the face of each row that `columns` lets through to `keep`, in order.
    ///
    /// # Errors
    /// [`Error::Columns`] for a table without the columns or with one twice, [`Error::InvalidRow`] with the number of the
    /// row, and those of `keep`.
    fn read(
        self,
        columns: &Columns,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<Rows>;
}

/// Counts the faces of a table by group and cluster.
///
/// # Errors
/// Those of the table and of [`Tally::add`].
pub fn tally(table: impl FaceTable, columns: &Columns) -> Result<(Tally, Rows)> {
    let mut counter = Counter::new(columns);
    let rows = table.read(columns, &mut |record| counter.count(record))?;
    Ok((counter.finish(), rows))
}

/// A tally of records: it has clusters if they have.
pub(crate) struct Counter<'a> {
    columns: &'a Columns,
    tally: Option<Tally>,
}

impl<'a> Counter<'a> {
    pub(crate) fn new(columns: &'a Columns) -> Self {
        Self {
            columns,
            tally: None,
        }
    }

    pub(crate) fn count(&mut self, record: &Record<'_>) -> Result<()> {
        let clustered = record.cluster.is_some();
        let tally = match &mut self.tally {
            Some(tally) => tally,
            None => self.tally.insert(new_tally(self.columns, clustered)),
        };
        let group: Vec<&str> = record.group.iter().map(AsRef::as_ref).collect();
        let face = Face {
            probabilities: record.probabilities,
            group: &group,
            cluster: record.cluster.as_deref(),
        };
        tally.add(&face).map_err(|error| error.in_row(record.row))
    }

    pub(crate) fn finish(self) -> Tally {
        let clustered = self.columns.cluster.is_some();
        self.tally
            .unwrap_or_else(|| new_tally(self.columns, clustered))
    }
}

fn new_tally(columns: &Columns, clustered: bool) -> Tally {
    let by: Vec<&str> = columns.by.iter().map(String::as_str).collect();
    Tally::new(&by, clustered)
}

/// The rules that choose rows and cells of a table.
#[derive(Debug)]
pub struct Selection {
    positions: Positions,
    rows: Rows,
}

/// Positions of the columns in a row.
#[derive(Debug)]
struct Positions {
    probabilities: [usize; EMOTIONS],
    by: Vec<usize>,
    cluster: Option<usize>,
    track: Option<[usize; 2]>,
    consent: Option<usize>,
    only: Vec<(usize, String)>,
    values: Vec<Option<usize>>,
    error: Option<usize>,
    width: Option<usize>,
}

impl Selection {
    /// Finds the columns in the header of a table.
    ///
    /// # Errors
    /// [`Error::Columns`] for a column that is absent or there twice.
    pub fn new(header: &[String], columns: &Columns) -> Result<Self> {
        let positions = Positions::find(header, columns)?;
        Ok(Self {
            positions,
            rows: Rows::default(),
        })
    }

    /// Returns the number of the row to come, from 1.
    pub fn next_row(&self) -> u64 {
        self.rows.read + 1
    }

    /// Passes the face of the next row on to `keep`, or counts why it is left out. Of a row without consent nothing else
    /// is read.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for cells that are not what they must be, and those of `keep`.
    pub fn take(
        &mut self,
        row: &impl Row,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let (at, rows) = (&self.positions, &mut self.rows);
        rows.read += 1;
        if let Some(position) = at.consent
            && !consents(&row.text(position)?)
        {
            rows.no_consent += 1;
            return Ok(());
        }
        for (position, value) in &at.only {
            if row.text(*position)? != value.as_str() {
                rows.filtered += 1;
                return Ok(());
            }
        }
        let Some(probabilities) = probabilities(row, &at.probabilities, rows.read)? else {
            let failed = match at.error {
                Some(position) => !row.text(position)?.is_empty(),
                None => false,
            };
            *(if failed {
                &mut rows.unreadable
            } else {
                &mut rows.no_face
            }) += 1;
            return Ok(());
        };
        check_probabilities(&probabilities, rows.read)?;
        let cells = |positions: &[usize]| positions.iter().map(|&p| row.text(p)).collect();
        let group: Result<Vec<_>> = cells(&at.by);
        let value = |position: &Option<usize>| match position {
            Some(position) => row.text(*position),
            None => Ok(Cow::Borrowed("")),
        };
        let values: Result<Vec<_>> = at.values.iter().map(value).collect();
        let cluster = match (at.cluster, at.track) {
            (Some(position), _) => Some(row.text(position)?),
            (None, Some([path, person])) => {
                let (path, person) = (row.text(path)?, row.text(person)?);
                Some(Cow::Owned(format!("{person}:{path}")))
            }
            (None, None) => None,
        };
        if let Some(position) = at.width
            && row
                .number(position)?
                .is_some_and(|width| width < SMALL_FACE)
        {
            rows.small_faces += 1;
        }
        keep(&Record {
            row: rows.read,
            probabilities,
            group: group?,
            cluster,
            values: values?,
        })?;
        rows.used += 1;
        Ok(())
    }

    /// Returns what became of the rows.
    pub fn finish(self) -> Rows {
        self.rows
    }
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

impl Positions {
    fn find(header: &[String], columns: &Columns) -> Result<Self> {
        let find = |wanted: &str| find(header, wanted);
        let optional = |name: &str| header.iter().position(|found| found == name);
        let mut probabilities = [0; EMOTIONS];
        for (position, emotion) in probabilities.iter_mut().zip(Emotion::ALL) {
            *position = find(emotion.label())?;
        }
        let each = |names: &[String]| names.iter().map(|name| find(name)).collect();
        let by: Result<Vec<usize>> = each(&columns.by);
        let mut values: Vec<Option<usize>> = Vec::new();
        for name in &columns.values {
            values.push(Some(find(name)?));
        }
        values.extend(columns.optional.iter().map(|name| optional(name)));
        let only = columns
            .only
            .iter()
            .map(|(name, value)| Ok((find(name)?, value.clone())));
        let track = match (optional("path"), optional("person"), optional("time")) {
            (Some(path), Some(person), Some(_)) => Some([path, person]),
            _ => None,
        };
        Ok(Self {
            probabilities,
            by: by?,
            cluster: columns.cluster.as_deref().map(find).transpose()?,
            track,
            consent: columns.consent.as_deref().map(find).transpose()?,
            only: only.collect::<Result<_>>()?,
            values,
            error: optional("error"),
            width: optional("width"),
        })
    }
}

/// Returns the probabilities of a row, or `None` if all are missing.
fn probabilities(
    row: &impl Row,
    positions: &[usize; EMOTIONS],
    number: u64,
) -> Result<Option<[f64; EMOTIONS]>> {
    let mut found = [None; EMOTIONS];
    for (value, position) in found.iter_mut().zip(positions) {
        *value = row.number(*position)?;
    }
    if found.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut probabilities = [0.0; EMOTIONS];
    for ((p, value), emotion) in probabilities.iter_mut().zip(found).zip(Emotion::ALL) {
        *p = value.ok_or_else(|| Error::InvalidRow {
            row: number,
            what: format!("the probability of {emotion} is missing"),
            found: "an empty cell".into(),
        })?;
    }
    Ok(Some(probabilities))
}

/// Returns `true` if a cell of the consent column says so.
fn consents(cell: &str) -> bool {
    let cell = cell.trim();
    cell == "1" || cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("yes")
}
