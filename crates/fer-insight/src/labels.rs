//! Labels of one's own, brought together with the model's answers to the same faces.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::answer::{EMOTIONS, bin};
use crate::counting::Counter;
use crate::face_key::FaceKey;
use crate::label::Label;
use crate::row::{Columns, Record, Rows};
use crate::sample::{face_columns, face_of};
use crate::sheet::Sheet;
use crate::table::FaceTable;
use crate::tally::Tally;
use crate::{Error, Result};

/// Labels that are answers: the four emotions and another expression.
pub(crate) const ANSWERS: usize = EMOTIONS + 1;

/// The fewest labels that shares can be estimated from.
pub const MIN_LABELS: usize = 30;

/// The number of labels of a group from which they are used for that group alone.
pub const MIN_LABELS_OF_A_GROUP: usize = 50;

/// Labels of faces of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    groups: HashMap<Vec<String>, Vec<Labeled>>,
    facts: LabelFacts,
}

/// The labels by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LabelFacts {
    /// Labels that are used.
    pub used: usize,
    /// Faces that the rater could not tell: left out.
    pub cannot_tell: usize,
    /// Faces of the sheet without a label.
    pub unlabeled: usize,
    /// Labels of faces that the filters or the want of consent leave out of the table.
    pub left_out: usize,
}

/// One labeled face.
#[derive(Debug, Clone, PartialEq)]
struct Labeled {
    /// The model's answer.
    answer: usize,
    /// The person's, in the order of [`Label::ALL`].
    label: usize,
    cluster: Option<String>,
}

/// Labels by the model's answer, `[answer][label]`, as independent labels of the same information.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LabelCounts(pub(crate) [[f64; ANSWERS]; EMOTIONS]);

/// Counts the faces of a table as [`tally`](crate::tally()) does, and finds those that a sheet has labels of, in one
/// pass. The sheet was drawn from this table, or from one that has all its faces.
///
/// ```
/// use fer_insight::{Columns, Csv, Sheet, tally_labeled};
///
/// let table = "path,face,happy,sad,neutral,surprise\na.png,0,0.9,0.1,0,0\nb.png,0,0,0,1,0\n";
/// let sheet = Sheet::read("path,face,label\nb.png,0,sad\na.png,0,cannot tell\n".as_bytes())?;
/// let (tally, _, labels) = tally_labeled(Csv(table.as_bytes()), &Columns::default(), &sheet)?;
/// assert_eq!((tally.faces(), labels.facts().used, labels.facts().cannot_tell), (2, 1, 1));
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidRow`] with the row of the sheet for a label whose face the table does not have, or has twice,
/// [`Error::Empty`] for a sheet without a label, and those of [`tally`](crate::tally()).
pub fn tally_labeled(
    table: impl FaceTable,
    columns: &Columns,
    sheet: &Sheet,
) -> Result<(Tally, Rows, Labels)> {
    let mut finder = Finder::new(sheet)?;
    let mut counter = Counter::new(columns);
    let rows = table.read(&face_columns(columns), &mut |record| {
        finder.see(record)?;
        counter.count(record)
    })?;
    let labels = finder.finish(&rows)?;
    Ok((counter.finish(), rows, labels))
}

/// Returns the model's answers to the faces of a sheet, as a sheet: the model as one more rater.
///
/// # Errors
/// [`Error::Empty`] if the table has no face of the sheet, and those of the table.
pub fn model_answers(table: impl FaceTable, columns: &Columns, sheet: &Sheet) -> Result<Sheet> {
    let wanted: HashSet<&FaceKey> = sheet.faces().iter().map(|face| &face.key).collect();
    let mut faces = Vec::new();
    table.read(&face_columns(columns), &mut |record| {
        let mut face = face_of(record)?;
        face.key = face.key.keep(sheet.keyed);
        if wanted.contains(&face.key) {
            face.label = Some(Label::ALL[bin(&record.probabilities) / EMOTIONS]);
            faces.push(face);
        }
        Ok(())
    })?;
    if faces.is_empty() {
        return Err(Error::Empty {
            what: "the table has no face of the sheet: was it drawn from this table?".into(),
        });
    }
    Ok(Sheet::new(faces))
}

/// The labels of a sheet, and those whose faces were seen.
pub(crate) struct Finder<'a> {
    sheet: &'a Sheet,
    wanted: HashMap<FaceKey, Wanted>,
    labels: Labels,
}

struct Wanted {
    row: u64,
    label: Label,
    found: bool,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(sheet: &'a Sheet) -> Result<Self> {
        let mut wanted = HashMap::new();
        for (row, face) in sheet.numbered() {
            if let Some(label) = face.label {
                let found = false;
                wanted.insert(face.key.clone(), Wanted { row, label, found });
            }
        }
        if wanted.is_empty() {
            return Err(Error::Empty {
                what: "the sheet has no label: label its faces first".into(),
            });
        }
        let mut labels = Labels::default();
        labels.facts.unlabeled = sheet.faces().len() - wanted.len();
        Ok(Self {
            sheet,
            wanted,
            labels,
        })
    }

    pub(crate) fn see(&mut self, record: &Record<'_>) -> Result<()> {
        let key = face_of(record)?.key.keep(self.sheet.keyed);
        let Some(wanted) = self.wanted.get_mut(&key) else {
            return Ok(());
        };
        if std::mem::replace(&mut wanted.found, true) {
            let what = "the labeled face must be in the table once: the columns face, or time and person, tell faces of an \
                        image or video apart";
            return Err(of_sheet(wanted.row, what, &key));
        }
        if wanted.label == Label::CannotTell {
            self.labels.facts.cannot_tell += 1;
            return Ok(());
        }
        self.labels.facts.used += 1;
        let group = record.group.iter().map(|cell| cell.to_string()).collect();
        self.labels.groups.entry(group).or_default().push(Labeled {
            answer: bin(&record.probabilities) / EMOTIONS,
            label: wanted.label.index(),
            cluster: record.cluster.as_deref().map(Into::into),
        });
        Ok(())
    }

    pub(crate) fn finish(mut self, rows: &Rows) -> Result<Labels> {
        let absent = || self.wanted.iter().filter(|(_, wanted)| !wanted.found);
        self.labels.facts.left_out = absent().count();
        // Nothing is read of a row that is left out, so whether a label is of its face cannot be known.
        let excused = rows.no_consent + rows.filtered + rows.unmatched;
        if self.labels.facts.left_out as u64 > excused
            && let Some((face, wanted)) = absent().min_by_key(|(_, wanted)| wanted.row)
        {
            return Err(of_sheet(
                wanted.row,
                "the labeled face must be in the table",
                face,
            ));
        }
        Ok(self.labels)
    }
}

/// Returns the error of a row of the sheet.
fn of_sheet(row: u64, what: &'static str, face: &FaceKey) -> Error {
    Error::InvalidLabel {
        row,
        what,
        found: face.to_string(),
    }
}

impl Labels {
    /// Returns the labels by what became of them.
    pub fn facts(&self) -> LabelFacts {
        self.facts
    }

    /// Returns `true` if each group of the tally has [`MIN_LABELS_OF_A_GROUP`] labels, so that it is estimated by its own:
    /// its light and its people may differ from the others'. Of a tally without groups all labels are its own.
    pub fn own_of_each(&self, tally: &Tally) -> bool {
        let enough = |values| {
            let own = self.groups.get::<[String]>(values);
            own.is_some_and(|own| own.len() >= MIN_LABELS_OF_A_GROUP)
        };
        tally.columns().is_empty() || tally.groups().iter().all(|group| enough(group.values()))
    }

    /// Returns `true` if a person said another expression of any face.
    pub(crate) fn has_other(&self) -> bool {
        let mut all = self.groups.values().flatten();
        all.any(|labeled| labeled.label == EMOTIONS)
    }

    /// Counts the labels of a group, or of all groups.
    pub(crate) fn count(&self, group: Option<&[String]>) -> LabelCounts {
        match group {
            Some(values) => LabelCounts::new(self.groups.get(values).into_iter().flatten()),
            None => LabelCounts::new(self.groups.values().flatten()),
        }
    }
}

impl LabelCounts {
    /// Counts labels. Several of one cluster repeat each other, so they count as fewer: by the design effect of the
    /// labels (Kish 1965), of which the labels of a sheet with one face for each person have none.
    fn new<'a>(labeled: impl Iterator<Item = &'a Labeled>) -> Self {
        let mut counts = [[0.0; ANSWERS]; EMOTIONS];
        let mut clusters: HashMap<&str, [f64; ANSWERS]> = HashMap::new();
        let mut all = 0.0;
        for one in labeled {
            counts[one.answer][one.label] += 1.0;
            all += 1.0;
            if let Some(cluster) = &one.cluster {
                clusters.entry(cluster.as_str()).or_default()[one.label] += 1.0;
            }
        }
        let people = clusters.len() as f64;
        if people == 0.0 || people == all {
            return Self(counts);
        }
        let mut by_label = [0.0; ANSWERS];
        for row in &counts {
            for (sum, count) in by_label.iter_mut().zip(row) {
                *sum += count / all;
            }
        }
        // The linearized variance of a mean over clusters of unequal size; sorted, so that the sum is always the same.
        let mut units: Vec<_> = clusters.into_iter().collect();
        units.sort_unstable_by_key(|(name, _)| *name);
        let mut variance = 0.0;
        for (_, own) in &units {
            let size: f64 = own.iter().sum();
            for (count, share) in own.iter().zip(by_label) {
                variance += (count - share * size).powi(2) / (all * all);
            }
        }
        variance *= people / (people - 1.0);
        let binomial: f64 = by_label.iter().map(|share| share * (1.0 - share)).sum();
        let effective = if variance > 0.0 {
            binomial / variance
        } else {
            all
        };
        let scale = (effective / all).min(1.0);
        Self(counts.map(|row| row.map(|count| count * scale)))
    }
}
