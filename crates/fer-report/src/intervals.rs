//! Geometry of dots with whiskers: one figure of several groups, each with its interval. The macro `intervals` of
//! `charts.html` draws it.

use serde::Serialize;

use crate::charts::Tick;
use crate::scale::{Scale, bounds, ticks};

const WIDTH: f64 = 350.0;
const LABELS: f64 = 112.0;
const VALUES: f64 = 46.0;
const ROW: f64 = 22.0;
const AXIS: f64 = 22.0;

/// The most letters of a label; longer ones are cut.
const LETTERS: usize = 16;

/// One group's figure, in hundredths.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// An estimate with its interval, and the uncorrected figure if there is one.
    Interval {
        /// The estimate.
        estimate: f64,
        /// Ends of the interval.
        interval: (f64, f64),
        /// The uncorrected figure.
        counted: Option<f64>,
        /// Text beside the whisker instead of the estimate.
        text: Option<String>,
    },
    /// A figure that must not be shown.
    Hidden,
    /// No figure.
    Absent,
}

/// Dots with whiskers, one row for each group, in SVG units from the top left corner.
#[derive(Clone, Debug, Serialize)]
pub struct IntervalChart {
    /// Title above the chart.
    pub title: String,
    /// Width of the chart.
    pub width: f64,
    /// Height of the chart.
    pub height: f64,
    /// Left edge of the drawing area.
    pub left: f64,
    /// Right edge of the drawing area.
    pub right: f64,
    /// Bottom edge of the drawing area.
    pub bottom: f64,
    /// Labels of values, with grid lines.
    pub ticks: Vec<Tick>,
    /// Coordinate of zero, if it lies inside the axis.
    pub zero: Option<f64>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row of a chart.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Name of the group, cut to the space for it.
    pub label: String,
    /// Whole name of the group.
    pub name: String,
    /// Center of the row.
    pub y: f64,
    /// The marks: dot, low end, high end.
    pub marks: Option<[f64; 3]>,
    /// The mark of the uncorrected figure.
    pub counted: Option<f64>,
    /// Text at the right.
    pub text: String,
    /// `true` for a figure that must not be shown.
    pub hidden: bool,
}

impl IntervalChart {
    /// Places the figures of named groups. `range` is the axis for charts that are read side by side; without it, it is
    /// chosen for these figures.
    #[must_use]
    pub fn new(title: &str, groups: &[(String, Figure)], range: Option<(f64, f64)>) -> Self {
        let (low, high) = range.unwrap_or_else(|| range_of(groups.iter().map(|(_, f)| f)));
        let marks = ticks(low, high, 4);
        let (left, right) = (LABELS, WIDTH - VALUES);
        let x = Scale {
            values: bounds(&marks, low, high),
            coordinates: (left, right),
        };
        let bottom = 6.0 + ROW * groups.len() as f64;
        let inside = marks.first().is_some_and(|first| *first < -1e-9);
        Self {
            title: title.to_owned(),
            width: WIDTH,
            height: bottom + AXIS,
            left,
            right,
            bottom,
            zero: inside.then(|| x.at(0.0)),
            ticks: marks
                .iter()
                .map(|&value| Tick {
                    at: x.at(value),
                    label: format!("{:.0}", value + 0.0),
                })
                .collect(),
            rows: groups
                .iter()
                .enumerate()
                .map(|(index, (name, figure))| {
                    let y = 6.0 + ROW * (index as f64 + 0.5);
                    row(name, figure, y, &x)
                })
                .collect(),
        }
    }
}

/// Returns an axis that holds zero and all figures with their intervals.
#[must_use]
pub fn range_of<'a>(figures: impl Iterator<Item = &'a Figure>) -> (f64, f64) {
    let mut range: (f64, f64) = (0.0, 1.0);
    for figure in figures {
        if let Figure::Interval {
            interval, counted, ..
        } = figure
        {
            let counted = counted.unwrap_or(interval.0);
            range.0 = range.0.min(interval.0).min(counted);
            range.1 = range.1.max(interval.1).max(counted);
        }
    }
    range
}

fn row(name: &str, figure: &Figure, y: f64, x: &Scale) -> Row {
    let (marks, shown, text) = match figure {
        Figure::Interval {
            estimate,
            interval,
            counted,
            text,
        } => (
            Some([x.at(*estimate), x.at(interval.0), x.at(interval.1)]),
            counted.map(|counted| x.at(counted)),
            text.clone()
                .unwrap_or_else(|| format!("{:.0}", estimate.round() + 0.0)),
        ),
        Figure::Hidden => (None, None, String::new()),
        Figure::Absent => (None, None, "\u{2013}".to_owned()),
    };
    let label = if name.chars().count() > LETTERS {
        let cut: String = name.chars().take(LETTERS - 1).collect();
        format!("{cut}\u{2026}")
    } else {
        name.to_owned()
    };
    Row {
        label,
        name: name.to_owned(),
        y,
        marks,
        counted: shown,
        text,
        hidden: *figure == Figure::Hidden,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(estimate: f64, low: f64, high: f64) -> Figure {
        Figure::Interval {
            estimate,
            interval: (low, high),
            counted: Some(estimate + 3.0),
            text: None,
        }
    }

    #[test]
    fn marks_lie_in_the_drawing_area_in_order() {
        let groups = [
            ("a".to_owned(), interval(41.2, 36.0, 47.0)),
            ("b".to_owned(), Figure::Hidden),
            ("c".to_owned(), Figure::Absent),
            ("d".to_owned(), interval(-12.0, -20.0, -3.0)),
        ];
        let chart = IntervalChart::new("net", &groups, None);
        for row in &chart.rows {
            for mark in row.marks.iter().flatten().chain(&row.counted) {
                assert!((chart.left..=chart.right).contains(mark), "{row:?}");
            }
            if let Some([dot, low, high]) = row.marks {
                assert!(low < dot && dot < high);
            }
            assert!(row.y < chart.bottom);
        }
        assert_eq!(chart.rows[0].text, "41");
        assert!(chart.rows[1].hidden && chart.rows[1].text.is_empty());
        assert!(chart.zero.is_some(), "the axis has negative values");
    }

    #[test]
    fn charts_of_one_range_have_one_axis_and_long_names_are_cut() {
        let long = "a very long name of a group".to_owned();
        let a = [(long.clone(), interval(5.0, 4.0, 6.0))];
        let b = [("b".to_owned(), interval(50.0, 40.0, 60.0))];
        let range = range_of(a.iter().chain(&b).map(|(_, figure)| figure));
        let (a, b) = (
            IntervalChart::new("a", &a, Some(range)),
            IntervalChart::new("b", &b, Some(range)),
        );
        assert_eq!(a.ticks, b.ticks);
        assert_eq!(a.rows[0].label.chars().count(), LETTERS);
        assert_eq!(a.rows[0].name, long);
        assert_eq!(a.zero, None);
    }
}
