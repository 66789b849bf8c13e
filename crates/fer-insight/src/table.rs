//! Tables of faces, whatever holds them: the columns that matter, and which rows are read.

use std::borrow::Cow;
use std::num::NonZeroUsize;

use fer_core::Emotion;
use serde::Serialize;

use crate::answer::{EMOTIONS, check_probabilities};
use crate::group_key::GroupKey;
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

/// A table of faces.
pub trait FaceTable: Sized {
    /// Passes the rows, in order, to the visitor that `start` makes from the names of the columns.
    ///
    /// # Errors
    /// Those of the table, of `start` and of the visitor.
    fn visit<V: RowVisitor>(self, start: impl FnOnce(&[String]) -> Result<V>) -> Result<V>;

    /// Passes the rows to one or more visitors that `start` makes, on at most `threads` threads: each row to one of them,
    /// in any order. Numbers of rows may count from any row; those in errors count from the first.
    ///
    /// # Errors
    /// Those of [`Self::visit`]; of several, that of the row that comes first.
    fn visit_in_parts<V: RowVisitor + Send>(
        self,
        threads: NonZeroUsize,
        start: impl Fn(&[String]) -> Result<V> + Sync,
    ) -> Result<Vec<V>> {
        let _ = threads;
        Ok(vec![self.visit(start)?])
    }

    /// Passes the face of each row that `columns` lets through to `keep`, in order.
    ///
    /// # Errors
    /// [`Error::Columns`] for a table without the columns or with one twice, [`Error::InvalidRow`] with the number of the
    /// row, and those of `keep`.
    fn read(
        self,
        columns: &Columns,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<Rows> {
        let reader = self.visit(|header| {
            let selection = Selection::new(header, columns)?;
            Ok(Reader { selection, keep })
        })?;
        Ok(reader.selection.finish())
    }
}

struct Reader<'a> {
    selection: Selection,
    keep: &'a mut dyn FnMut(&Record<'_>) -> Result<()>,
}

impl RowVisitor for Reader<'_> {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        self.selection.take(number, row, self.keep)
    }
}

/// The rules that choose rows and cells of a table.
#[derive(Debug)]
pub(crate) struct Selection {
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
    pub(crate) fn new(header: &[String], columns: &Columns) -> Result<Self> {
        let positions = Positions::find(header, columns)?;
        Ok(Self {
            positions,
            rows: Rows::default(),
        })
    }

    /// Returns `true` if each face has a cluster.
    pub(crate) fn is_clustered(&self) -> bool {
        self.positions.cluster.is_some() || self.positions.track.is_some()
    }

    /// Passes the face of a row on to `keep`, or counts why it is left out. Of a row without consent nothing else is read.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for cells that are not what they must be, and those of `keep`.
    fn take(
        &mut self,
        number: u64,
        row: &impl Row,
        keep: &mut dyn FnMut(&Record<'_>) -> Result<()>,
    ) -> Result<()> {
        let Some(probabilities) = self.admit(number, row)? else {
            return Ok(());
        };
        let at = &self.positions;
        let cells = |positions: &[usize]| positions.iter().map(|&p| row.text(p)).collect();
        let group: Result<Vec<_>> = cells(&at.by);
        let value = |position: &Option<usize>| match position {
            Some(position) => row.text(*position),
            None => Ok(Cow::Borrowed("")),
        };
        let values: Result<Vec<_>> = at.values.iter().map(value).collect();
        let mut track = String::new();
        let cluster = self.cluster(row, &mut track)?;
        keep(&Record {
            row: number,
            probabilities,
            group: group?,
            cluster,
            values: values?,
        })
    }

    /// Returns the probabilities of a row that is used, and counts what becomes of it.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for cells that are not what they must be.
    pub(crate) fn admit(&mut self, number: u64, row: &impl Row) -> Result<Option<[f64; EMOTIONS]>> {
        let (at, rows) = (&self.positions, &mut self.rows);
        rows.read += 1;
        if !row.is_matched() {
            rows.unmatched += 1;
            return Ok(None);
        }
        if let Some(position) = at.consent
            && !consents(&row.text(position)?)
        {
            rows.no_consent += 1;
            return Ok(None);
        }
        for (position, value) in &at.only {
            if row.text(*position)? != value.as_str() {
                rows.filtered += 1;
                return Ok(None);
            }
        }
        let Some(probabilities) = probabilities(row, &at.probabilities, number)? else {
            let failed = match at.error {
                Some(position) => !row.text(position)?.is_empty(),
                None => false,
            };
            *(if failed {
                &mut rows.unreadable
            } else {
                &mut rows.no_face
            }) += 1;
            return Ok(None);
        };
        check_probabilities(&probabilities, number)?;
        if let Some(position) = at.width
            && row
                .number(position)?
                .is_some_and(|width| width < SMALL_FACE)
        {
            rows.small_faces += 1;
        }
        rows.used += 1;
        Ok(Some(probabilities))
    }

    /// Writes the values of the group of a row into `key`.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for cells that are no text.
    pub(crate) fn group(&self, row: &impl Row, key: &mut GroupKey) -> Result<()> {
        key.clear();
        for &position in &self.positions.by {
            key.push(&row.text(position)?);
        }
        Ok(())
    }

    /// Returns the cluster of a row. Those of videos are written into `track`.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] for cells that are no text.
    pub(crate) fn cluster<'a>(
        &self,
        row: &'a impl Row,
        track: &'a mut String,
    ) -> Result<Option<Cow<'a, str>>> {
        match (self.positions.cluster, self.positions.track) {
            (Some(position), _) => row.text(position).map(Some),
            (None, Some([path, person])) => {
                track.clear();
                track.push_str(&row.text(person)?);
                track.push(':');
                track.push_str(&row.text(path)?);
                Ok(Some(Cow::Borrowed(track)))
            }
            (None, None) => Ok(None),
        }
    }

    /// Returns what became of the rows.
    pub(crate) fn finish(self) -> Rows {
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
