//! A trend as JSON, as a flat table and in words.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{MIN_PERIODS, PeriodShares, Series, Trend};
use crate::adjust::holm;
use crate::flat::{FlatTable, group_columns, group_row};
use crate::json::group_fields;
use crate::named::{Named, by_name};
use crate::slope::Slope;
use crate::words::{name, p_value};

/// As JSON `{"per_period", "ci95", "p", "periods"}`, or with `"ci"` and `"level"` at another level.
impl Serialize for Slope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("per_period", &self.per_step)?;
        if self.level == 0.95 {
            map.serialize_entry("ci95", &[self.low, self.high])?;
        } else {
            map.serialize_entry("ci", &[self.low, self.high])?;
            map.serialize_entry("level", &self.level)?;
        }
        map.serialize_entry("p", &self.p)?;
        map.serialize_entry("periods", &self.points)?;
        map.end()
    }
}

impl Serialize for PeriodShares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("start", &self.start)?;
        group_fields(&mut map, &self.group)?;
        map.end()
    }
}

struct NamedSeries<'a> {
    columns: &'a [String],
    series: &'a Series,
}

impl Serialize for NamedSeries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("by", &Named(by_name(self.columns, &self.series.by)))?;
        map.serialize_entry("periods", &self.series.periods)?;
        map.serialize_entry("slope", &self.series.slopes)?;
        map.end()
    }
}

/// As JSON `{"every", "groups": [{"by", "periods": [{"start", "people", "shares", ...}], "slope"}]}`.
impl Serialize for Trend {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = &self.columns;
        let series = self.series.iter();
        let groups: Vec<_> = series
            .map(|series| NamedSeries { columns, series })
            .collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("every", &self.every.to_string())?;
        map.serialize_entry("groups", &groups)?;
        map.end()
    }
}

impl Trend {
    /// Returns one row for each group and period.
    pub fn flat(&self) -> FlatTable {
        let names = self.columns.iter().cloned();
        let mut table = FlatTable::new(names.chain(["start".into()]).chain(group_columns()));
        let periods = self.series.iter().flat_map(|series| &series.periods);
        // The values of a period's group end with its start.
        table.rows = periods.map(|period| group_row(&period.group)).collect();
        table
    }

    /// Returns the result in one sentence: the most certain slope of net, or why there is none.
    pub fn headline(&self) -> String {
        let slopes = self.series.iter();
        let slopes: Vec<_> = slopes
            .filter_map(|series| Some((series, series.slopes.as_ref()?.net)))
            .collect();
        // The clearest of several groups is clear by chance more often than one alone.
        let adjusted = holm(&slopes.iter().map(|(_, net)| net.p).collect::<Vec<_>>());
        let clearest = slopes.iter().zip(adjusted);
        let clearest = clearest.min_by(|((_, a), _), ((_, b), _)| a.p.total_cmp(&b.p));
        let Some((&(series, net), p)) = clearest else {
            let most = self.series.iter().map(|series| {
                let shown = series.periods.iter();
                shown
                    .filter(|period| period.group.estimates.is_some())
                    .count()
            });
            return if self.media {
                "Shares second by second of a recording; no trend is tested, for the same people are seen again.".into()
            } else {
                format!(
                    "Too few periods for a trend: {} with an estimate, {MIN_PERIODS} are needed.",
                    most.max().unwrap_or(0)
                )
            };
        };
        let of = if series.by.is_empty() {
            String::new()
        } else {
            format!(" of {}", name(&series.by))
        };
        let points = |share: f64| format!("{:.1}", 100.0 * share + 0.0);
        let figures = format!(
            "{} points a {} ({} to {}, p {})",
            points(net.per_step),
            self.unit(),
            points(net.low),
            points(net.high),
            p_value(p)
        );
        if p > 0.05 || (net.low <= 0.0 && net.high >= 0.0) {
            format!(
                "Net, happy minus sad,{of} neither rises nor falls more than chance makes it: {figures}."
            )
        } else {
            let verb = if net.per_step < 0.0 { "falls" } else { "rises" };
            format!("Net, happy minus sad,{of} {verb}: {figures}.")
        }
    }

    /// Returns the length of a period as a noun.
    fn unit(&self) -> String {
        match self.every {
            crate::period::Every::Seconds(seconds) => format!("period of {seconds} s"),
            other => other.to_string(),
        }
    }
}
