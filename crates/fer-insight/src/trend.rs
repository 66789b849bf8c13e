//! Shares by period, and whether they rise or fall.

mod output;

use std::collections::BTreeMap;

use fer_core::{Emotion, PerEmotion};
use serde::Serialize;

use crate::document::Document;
use crate::group_tally::GroupTally;
use crate::kinds::Analysis;
use crate::labels::Finder;
use crate::period::{Clock, Every, Moment, Period};
use crate::row::{Columns, Record, Rows};
use crate::sample::face_columns;
use crate::shares::{Estimates, GroupShares, Shares, shares};
use crate::sheet::Sheet;
use crate::slope::Slope;
use crate::study::Study;
use crate::suppress::suppress;
use crate::table::FaceTable;
use crate::tally::{Face, Tally};
use crate::warnings::of_table;
use crate::within_answers::shares_by_labels;
use crate::{Error, Result};

/// The fewest periods with an estimate that a slope is computed from.
pub const MIN_PERIODS: usize = 8;

/// The shares of one period.
#[derive(Debug, Clone, PartialEq)]
pub struct PeriodShares {
    /// Start of the period: seconds, date, date and time, or month.
    pub start: String,
    /// Number of the period: successive periods differ by 1.
    pub index: i64,
    /// The shares; the values of the group end with the start.
    pub group: GroupShares,
}

/// Changes per period.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Slopes {
    /// Change of each share.
    pub shares: PerEmotion<Slope>,
    /// Change of happy minus sad.
    pub net: Slope,
    /// Change of 1 minus neutral.
    pub expressive: Slope,
}

/// The periods of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Values of the group's columns.
    pub by: Vec<String>,
    /// Periods with a face, in order of time.
    pub periods: Vec<PeriodShares>,
    /// The changes per period; absent for media time and below [`MIN_PERIODS`] periods with an estimate.
    pub slopes: Option<Slopes>,
}

/// The result of a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// Names of the columns that make the groups.
    pub columns: Vec<String>,
    /// Length of a period.
    pub every: Every,
    /// `true` for seconds of a recording, of which no slope is computed: the same people are seen again and again.
    pub media: bool,
    /// The groups, ordered by their values.
    pub series: Vec<Series>,
}

/// The settings of a trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrendOptions {
    /// Column of the time: seconds of a recording, or dates.
    pub time: String,
    /// Length of a period.
    pub every: Every,
}

impl Study {
    /// Estimates the shares of each group of a table by period, and their slopes; cells of too few people are suppressed.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, those of the table and of [`shares()`], and [`Error::InvalidRow`] for what
    /// is no time.
    pub fn trend(&self, table: impl FaceTable, options: &TrendOptions) -> Result<Document<Trend>> {
        let min_people = self.check_with(Analysis::Trend, |declared| {
            declared.period_days = Some(options.every.days());
        })?;
        let (counted, rows) = tally_periods(table, &self.columns, options, &mut |_| Ok(()))?;
        let clustered = counted.tally.is_clustered();
        let statement = self.statement(Analysis::Trend, min_people, clustered, rows)?;
        let shares = shares(&counted.tally, &self.reference, &self.options)?;
        let result = trend(
            &counted,
            options.every,
            shares,
            self.options.level,
            min_people,
        );
        Ok(Document {
            warnings: of_table(&statement),
            statement,
            result,
        })
    }

    /// Estimates the shares by period as [`Self::trend`] does, by labels of some of the faces. The labels of all groups and
    /// periods are read together.
    ///
    /// # Errors
    /// Those of [`Self::trend`] and of [`Self::shares_by_labels`].
    pub fn trend_by_labels(
        &self,
        table: impl FaceTable,
        sheet: &Sheet,
        options: &TrendOptions,
    ) -> Result<Document<Trend>> {
        let min_people = self.check_with(Analysis::Trend, |declared| {
            declared.period_days = Some(options.every.days());
            declared.labels = true;
        })?;
        let mut finder = Finder::new(sheet)?;
        let columns = face_columns(&self.columns);
        let (counted, rows) =
            tally_periods(table, &columns, options, &mut |record| finder.see(record))?;
        let labels = finder.finish(&rows)?;
        let statement = self.labeled(Analysis::Trend, min_people, &counted.tally, rows, &labels)?;
        let shares = shares_by_labels(&counted.tally, &labels, &self.options)?;
        let result = trend(
            &counted,
            options.every,
            shares,
            self.options.level,
            min_people,
        );
        Ok(Document {
            warnings: of_table(&statement),
            statement,
            result,
        })
    }
}

/// Faces counted by group and period.
#[derive(Debug)]
struct PeriodTally {
    tally: Tally,
    periods: BTreeMap<String, i64>,
    media: bool,
}

/// Counts the faces of a table by group and period of the times, and passes each to `see`.
fn tally_periods(
    table: impl FaceTable,
    columns: &Columns,
    options: &TrendOptions,
    see: &mut dyn FnMut(&Record<'_>) -> Result<()>,
) -> Result<(PeriodTally, Rows)> {
    let (time, every) = (options.time.as_str(), options.every);
    let mut columns = columns.clone();
    columns.values.insert(0, time.to_owned());
    let names = columns.by.clone();
    let by: Vec<&str> = names.iter().map(String::as_str).chain([time]).collect();
    let mut clock = Clock::default();
    let mut periods = BTreeMap::new();
    let mut media = false;
    let mut tally: Option<Tally> = None;
    let rows = table.read(&columns, &mut |record: &Record<'_>| {
        see(record)?;
        let moment = clock.read(&record.values[0], record.row)?;
        media = matches!(moment, Moment::Media(_));
        let Period { index, start } = every.period(moment).ok_or_else(|| Error::InvalidRow {
            row: record.row,
            what: "periods of days need dates, not seconds".into(),
            found: format!("{:?}", record.values[0]),
        })?;
        let clustered = record.cluster.is_some();
        let tally = tally.get_or_insert_with(|| Tally::new(&by, clustered));
        let mut group: Vec<&str> = record.group.iter().map(AsRef::as_ref).collect();
        group.push(&start);
        let face = Face {
            probabilities: record.probabilities,
            group: &group,
            cluster: record.cluster.as_deref(),
        };
        tally.add(&face).map_err(|error| error.in_row(record.row))?;
        periods.insert(start, index);
        Ok(())
    })?;
    let tally = tally.unwrap_or_else(|| Tally::new(&by, columns.cluster.is_some()));
    Ok((
        PeriodTally {
            tally,
            periods,
            media,
        },
        rows,
    ))
}

/// Orders the shares of each group by period and computes their slopes. Cells of fewer than `min_people` are suppressed, and
/// in each group as many of the next smallest as it takes that its total would not give one away.
fn trend(
    counted: &PeriodTally,
    every: Every,
    result: Shares,
    level: f64,
    min_people: u64,
) -> Trend {
    let mut columns = result.columns;
    columns.pop();
    let mut series: BTreeMap<Vec<String>, Vec<PeriodShares>> = BTreeMap::new();
    for group in result.groups {
        let mut by = group.by.clone();
        let start = by.pop().unwrap_or_default();
        let index = counted.periods.get(&start).copied().unwrap_or_default();
        series.entry(by).or_default().push(PeriodShares {
            start,
            index,
            group,
        });
    }
    let series = series.into_iter().map(|(by, mut periods)| {
        periods.sort_by_key(|period| period.index);
        let people: Vec<u64> = periods.iter().map(|period| period.group.people()).collect();
        let groups = periods.iter().filter_map(|period| {
            let values: Vec<&str> = period.group.by.iter().map(String::as_str).collect();
            counted.tally.group(&values)
        });
        let hidden = suppress(&people, GroupTally::people_of(groups), min_people).cells;
        for (period, _) in periods.iter_mut().zip(hidden).filter(|(_, hidden)| *hidden) {
            period.group.remove_figures();
        }
        let slopes = if counted.media {
            None
        } else {
            slopes(&periods, level)
        };
        Series {
            by,
            periods,
            slopes,
        }
    });
    Trend {
        columns,
        every,
        media: counted.media,
        series: series.collect(),
    }
}

fn slopes(periods: &[PeriodShares], level: f64) -> Option<Slopes> {
    let shown: Vec<(f64, &Estimates)> = periods
        .iter()
        .filter_map(|period| Some((period.index as f64, period.group.estimates.as_ref()?)))
        .collect();
    if shown.len() < MIN_PERIODS {
        return None;
    }
    let slope = |value: &dyn Fn(&Estimates) -> f64| {
        let points: Vec<_> = shown
            .iter()
            .map(|(x, figures)| (*x, value(figures)))
            .collect();
        Slope::new(&points, level)
    };
    let mut shares = Vec::new();
    for emotion in Emotion::ALL {
        shares.push(slope(&|figures| figures.shares[emotion].estimate)?);
    }
    Some(Slopes {
        shares: PerEmotion(shares.try_into().ok()?),
        net: slope(&|figures| figures.net.estimate)?,
        expressive: slope(&|figures| figures.expressive.estimate)?,
    })
}
