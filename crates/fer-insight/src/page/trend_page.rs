//! The page of a trend.

use super::shares_page::METHOD;
use super::{Grid, Origin, Parts, panels, render};
use crate::Result;
use crate::document::Document;
use crate::slope::Slope;
use crate::trend::Trend;
use crate::words::{name, p_value};

const SLOPES: &str = "Slopes: median of the slopes of all pairs of periods (Sen 1968) with Sen's interval; test of Mann and \
                      Kendall with the variance of Hamed and Rao (1998).";

/// The most periods of a chart.
const MAX_PERIODS: usize = 60;

impl Document<Trend> {
    /// Renders the page of the trend: one file of HTML that loads nothing.
    ///
    /// # Errors
    /// [`Error::Report`](crate::Error::Report): a faulty template.
    pub fn page(&self, origin: &Origin) -> Result<String> {
        let trend = &self.result;
        let sections = trend.series.iter().map(|series| {
            let last = series.periods.len().saturating_sub(MAX_PERIODS);
            let periods = series.periods[last..].iter();
            let groups: Vec<_> = periods
                .map(|period| (period.start.clone(), &period.group))
                .collect();
            let title = if series.by.is_empty() {
                format!("Shares by {}", trend.every)
            } else {
                name(&series.by)
            };
            panels::of_groups(title, &groups)
        });
        let parts = Parts {
            kind: "Trend of expressions",
            headline: trend.headline(),
            sections: sections.collect(),
            table: grid(trend),
            method: METHOD.into_iter().chain([SLOPES]).collect(),
        };
        render(parts, &self.statement, &self.warnings, origin)
    }
}

/// Returns the table of slopes; `None` without any.
fn grid(trend: &Trend) -> Option<Grid> {
    let mut rows = Vec::new();
    for series in &trend.series {
        let Some(slopes) = &series.slopes else {
            continue;
        };
        let group = if series.by.is_empty() {
            "all".into()
        } else {
            name(&series.by)
        };
        let shares = slopes
            .shares
            .iter()
            .map(|(emotion, slope)| (emotion.label(), slope));
        for (figure, slope) in
            shares.chain([("net", &slopes.net), ("expressive", &slopes.expressive)])
        {
            rows.push(row(&group, figure, slope));
        }
    }
    (!rows.is_empty()).then(|| Grid {
        header: ["group", "figure", "points per period", "p", "periods"]
            .map(String::from)
            .to_vec(),
        rows,
        note: "Change per period with Sen's interval.".into(),
    })
}

fn row(group: &str, figure: &str, slope: &Slope) -> Vec<String> {
    let points = |share: f64| format!("{:.1}", 100.0 * share + 0.0);
    vec![
        group.to_owned(),
        figure.to_owned(),
        format!(
            "{} [{}, {}]",
            points(slope.per_step),
            points(slope.low),
            points(slope.high)
        ),
        p_value(slope.p),
        slope.points.to_string(),
    ]
}
