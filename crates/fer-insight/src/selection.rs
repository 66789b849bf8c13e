//! Which rows of a table are used, and which of their cells.

use std::borrow::Cow;

use fer_core::Emotion;

use crate::answer::{EMOTIONS, check_probabilities};
use crate::group_key::GroupKey;
use crate::row::{Columns, Record, Row, Rows, find};
use crate::{Error, Result};

/// Width in pixels below which a face is small.
const SMALL_FACE: f64 = 24.0;

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
    /// The video, where there are several, and the person.
    track: Option<(Option<usize>, usize)>,
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
    pub(crate) fn take(
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
            (None, Some((path, person))) => {
                track.clear();
                track.push_str(&row.text(person)?);
                track.push(':');
                if let Some(path) = path {
                    track.push_str(&row.text(path)?);
                }
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
        let track = optional("person").filter(|_| optional("time").is_some());
        let track = track.map(|person| (optional("path"), person));
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
