//! Sessions of one person against that person's own baseline.

mod output;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::document::{Document, WarningKind};
use crate::kinds::Analysis;
use crate::phases::{median, nap, robust_z, split_test};
use crate::random::{Purpose, Random};
use crate::reference::Reference;
use crate::row::{Columns, Record, Rows};
use crate::shares::{GroupShares, ShareOptions, shares};
use crate::slope::Slope;
use crate::study::Study;
use crate::table::FaceTable;
use crate::tally::{Face, Tally};
use crate::warnings::of_table;
use crate::{Error, Result};

/// The fewest sessions of the baseline that a comparison rests on.
pub const MIN_BASELINE: usize = 5;

/// The fewest later sessions.
pub const MIN_LATER: usize = 3;

/// The most sessions of a study.
const MAX_SESSIONS: usize = 100_000;

/// The settings of a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineOptions {
    /// Column of the person.
    pub subject: String,
    /// Column of the session; its values order the sessions, as numbers if all are.
    pub session: String,
    /// Column of the phase, one value for each session.
    pub phase: String,
    /// The phase that is the baseline.
    pub baseline: String,
}

/// One session.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Value of the session column.
    pub session: String,
    /// Value of the phase column.
    pub phase: String,
    /// `true` for a session of the baseline.
    pub in_baseline: bool,
    /// Shares of the session.
    pub group: GroupShares,
}

/// The later sessions against the baseline, on happy minus sad.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap {
    /// Share of pairs in which the later session is higher, ties as halves (Parker & Vannest 2009).
    pub nap: f64,
    /// 2 NAP - 1.
    pub tau: f64,
    /// Share of splits of the sessions with an overlap as far from a half.
    pub p: f64,
    /// Robust standard deviations of the last session above the baseline's median; absent for a constant baseline.
    pub z: Option<f64>,
    /// Trend inside the baseline: if its interval leaves out zero, later change may be its continuation.
    pub baseline_trend: Slope,
    /// Median of the baseline.
    pub median: f64,
}

impl Overlap {
    /// Returns `true` if the baseline itself rises or falls.
    pub fn baseline_trends(&self) -> bool {
        self.baseline_trend.low > 0.0 || self.baseline_trend.high < 0.0
    }
}

/// The sessions of one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Value of the subject column.
    pub subject: String,
    /// The sessions in order.
    pub sessions: Vec<Session>,
    /// The comparison; absent below [`MIN_BASELINE`] sessions of the baseline and [`MIN_LATER`] later ones with estimates.
    pub overlap: Option<Overlap>,
}

/// The result of a baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baselines {
    /// The people in the order of their names.
    pub subjects: Vec<Subject>,
}

impl Study {
    /// Compares the later sessions of each person with those of a baseline.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, those of the table and of [`shares()`], and [`Error::InvalidArgument`] if
    /// no session is in the baseline.
    pub fn baseline(
        &self,
        table: impl FaceTable,
        options: &BaselineOptions,
    ) -> Result<Document<Baselines>> {
        let min_people = self.check_with(Analysis::Baseline, |_| {})?;
        if min_people > 1 {
            return Err(Error::Refused {
                purpose: self.declaration.purpose,
                analysis: Analysis::Baseline,
                reason:
                    "records of single persons are for the purpose clinical, with their consent"
                        .into(),
            });
        }
        let (sessions, rows) = Sessions::read(table, &self.columns, options)?;
        let statement = self.statement(
            Analysis::Baseline,
            min_people,
            sessions.tally.is_clustered(),
            rows,
        )?;
        let result = baselines(&sessions, &self.reference, &self.options, options)?;
        // A session is one person's, whose faces need no cluster.
        let mut warnings = of_table(&statement);
        warnings.retain(|warning| warning.kind != WarningKind::NoCluster);
        Ok(Document {
            warnings,
            statement,
            result,
        })
    }
}

/// Faces by person and session, and the phase of each session.
#[derive(Debug)]
struct Sessions {
    tally: Tally,
    phases: BTreeMap<(String, String), String>,
}

impl Sessions {
    /// Reads the sessions of a table.
    fn read(
        table: impl FaceTable,
        columns: &Columns,
        options: &BaselineOptions,
    ) -> Result<(Self, Rows)> {
        let mut columns = columns.clone();
        columns.values = vec![
            options.subject.clone(),
            options.session.clone(),
            options.phase.clone(),
        ];
        let mut tally: Option<Tally> = None;
        let names = [options.subject.as_str(), options.session.as_str()];
        let mut phases: BTreeMap<(String, String), String> = BTreeMap::new();
        let rows = table.read(&columns, &mut |record: &Record<'_>| {
            let [subject, session, phase] = &record.values[..] else {
                return Ok(());
            };
            let key = (subject.to_string(), session.to_string());
            match phases.get(&key) {
                Some(known) if *known != **phase => {
                    return Err(Error::InvalidRow {
                        row: record.row,
                        what: format!("session {session} of {subject} is in phase {known} already"),
                        found: format!("{phase:?}"),
                    });
                }
                Some(_) => {}
                None if phases.len() == MAX_SESSIONS => {
                    return Err(Error::TooMany {
                        what: "sessions",
                        limit: MAX_SESSIONS,
                    });
                }
                None => {
                    phases.insert(key, phase.to_string());
                }
            }
            let clustered = columns.cluster.is_some();
            let tally = tally.get_or_insert_with(|| Tally::new(&names, clustered));
            let face = Face {
                probabilities: record.probabilities,
                group: &[subject, session],
                cluster: record.cluster.as_deref().filter(|_| clustered),
            };
            tally.add(&face).map_err(|error| error.in_row(record.row))
        })?;
        let tally = tally.unwrap_or_else(|| Tally::new(&names, columns.cluster.is_some()));
        Ok((Self { tally, phases }, rows))
    }
}

/// Compares the later sessions of each person with the baseline.
///
/// # Errors
/// Those of [`shares()`], and [`Error::InvalidArgument`] if no session is in the baseline.
fn baselines(
    sessions: &Sessions,
    reference: &Reference,
    shared: &ShareOptions,
    options: &BaselineOptions,
) -> Result<Baselines> {
    if !sessions
        .phases
        .values()
        .any(|phase| *phase == options.baseline)
    {
        let found: std::collections::BTreeSet<&str> =
            sessions.phases.values().map(String::as_str).collect();
        return Err(Error::InvalidArgument {
            name: "baseline",
            expected: format!("a value of the column {:?}", options.phase),
            found: format!("{:?}, the values are {found:?}", options.baseline),
        });
    }
    let mut subjects: BTreeMap<String, Vec<Session>> = BTreeMap::new();
    for mut group in shares(&sessions.tally, reference, shared)?.groups {
        let by = std::mem::take(&mut group.by);
        let [subject, session] = <[String; 2]>::try_from(by).unwrap_or_default();
        let key = (subject, session);
        let phase = sessions.phases.get(&key).cloned().unwrap_or_default();
        let (subject, session) = key;
        subjects.entry(subject).or_default().push(Session {
            in_baseline: phase == options.baseline,
            session,
            phase,
            group,
        });
    }
    let subjects = subjects.into_iter().map(|(subject, mut sessions)| {
        sort_sessions(&mut sessions);
        Subject {
            overlap: overlap(&sessions, shared),
            subject,
            sessions,
        }
    });
    Ok(Baselines {
        subjects: subjects.collect(),
    })
}

/// Orders sessions by their values: as numbers if all are, else as text, as which dates of ISO 8601 sort, too.
fn sort_sessions(sessions: &mut [Session]) {
    let number = |session: &Session| session.session.trim().parse::<f64>().ok();
    if sessions.iter().all(|session| number(session).is_some()) {
        sessions.sort_by(|a, b| {
            let (a, b) = (number(a).unwrap_or_default(), number(b).unwrap_or_default());
            a.total_cmp(&b)
        });
    } else {
        sessions.sort_by(|a, b| a.session.cmp(&b.session));
    }
}

fn overlap(sessions: &[Session], shared: &ShareOptions) -> Option<Overlap> {
    let values = |in_baseline: bool| -> Vec<f64> {
        sessions
            .iter()
            .filter(|session| session.in_baseline == in_baseline)
            .filter_map(|session| Some(session.group.estimates.as_ref()?.net.estimate))
            .collect()
    };
    let (baseline, later) = (values(true), values(false));
    if baseline.len() < MIN_BASELINE || later.len() < MIN_LATER {
        return None;
    }
    let points: Vec<(f64, f64)> = baseline
        .iter()
        .enumerate()
        .map(|(index, value)| (index as f64, *value))
        .collect();
    let mut random = Random::new(shared.seed, Purpose::Permutation, 0);
    let nap = nap(&baseline, &later);
    Some(Overlap {
        nap,
        tau: 2.0 * nap - 1.0,
        p: split_test(&baseline, &later, &mut random),
        z: robust_z(&baseline, *later.last()?),
        baseline_trend: Slope::new(&points, shared.level)?,
        median: median(&baseline),
    })
}
