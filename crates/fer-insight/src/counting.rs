//! Counting the faces of a table by group and cluster.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::Result;
use crate::answer::bin;
use crate::clusters::TOGETHER;
use crate::group_key::GroupKey;
use crate::keys::ShortKey;
use crate::row::{Columns, Record, Row, RowVisitor, Rows};
use crate::selection::Selection;
use crate::table::FaceTable;
use crate::tally::{Face, Tally, Waiting};

/// Counts that a thread keeps for itself before it adds them to those of all threads.
const PART: usize = 1 << 20;

/// Counts the faces of a table by group and cluster, on at most `threads` threads. Their number changes nothing.
///
/// # Errors
/// Those of the table and of [`Tally::add`].
pub fn tally(
    table: impl FaceTable,
    columns: &Columns,
    threads: NonZeroUsize,
) -> Result<(Tally, Rows)> {
    let whole = Mutex::new(None);
    let counters = table.visit_in_parts(threads, |header| {
        Ok(RowCounter {
            selection: Selection::new(header, columns)?,
            tally: None,
            whole: &whole,
            columns,
            group: GroupKey::default(),
            track: String::new(),
            waiting: Vec::new(),
        })
    })?;
    let mut rows = Rows::default();
    for mut counter in counters {
        counter.hand_over()?;
        rows.add(&counter.selection.finish());
    }
    let counted = whole.into_inner().unwrap_or_else(PoisonError::into_inner);
    let tally = counted.unwrap_or_else(|| new_tally(columns, columns.cluster.is_some()));
    Ok((tally, rows))
}

/// Counts the rows that one thread reads.
struct RowCounter<'a> {
    selection: Selection,
    tally: Option<Tally>,
    /// The counts that all threads handed over.
    whole: &'a Mutex<Option<Tally>>,
    columns: &'a Columns,
    group: GroupKey,
    track: String,
    /// Faces that are counted together.
    waiting: Vec<Waiting>,
}

impl RowVisitor for RowCounter<'_> {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        let Some(probabilities) = self.selection.admit(number, row)? else {
            return Ok(());
        };
        self.selection.group(row, &mut self.group)?;
        let cluster = self.selection.cluster(row, &mut self.track)?;
        let clustered = self.selection.is_clustered();
        let tally = self
            .tally
            .get_or_insert_with(|| new_tally(self.columns, clustered));
        let bin = bin(&probabilities);
        let name = cluster.as_deref().filter(|name| !name.is_empty());
        match name.and_then(|name| ShortKey::new(name.as_bytes())) {
            Some(cluster) => {
                let group = tally.group_number(&self.group)?;
                self.waiting.push(Waiting {
                    group,
                    bin,
                    cluster,
                });
            }
            None => {
                let counted = tally.count(&self.group, cluster.as_deref(), bin);
                counted.map_err(|error| error.in_row(number))?;
            }
        }
        if self.waiting.len() == TOGETHER {
            tally.count_together(&self.waiting)?;
            self.waiting.clear();
        }
        if tally.size() >= PART {
            self.hand_over()?;
        }
        Ok(())
    }
}

impl RowCounter<'_> {
    /// Adds the own counts to those of all threads.
    fn hand_over(&mut self) -> Result<()> {
        let Some(mut own) = self.tally.take() else {
            return Ok(());
        };
        own.count_together(&self.waiting)?;
        self.waiting.clear();
        let mut whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        match whole.as_mut() {
            Some(whole) => whole.merge(own),
            None => {
                *whole = Some(own);
                Ok(())
            }
        }
    }
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
