//! Geometry of charts: coordinates of figures. The macros of `charts.html` draw what this module places.

use serde::Serialize;

use crate::scale::{Scale, bounds, number, round, ticks};

/// A chart and its drawing area inside the labels, in SVG units from the top left corner.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Frame {
    /// Width of the chart.
    pub width: f64,
    /// Height of the chart.
    pub height: f64,
    /// Left edge of the drawing area.
    pub left: f64,
    /// Top edge of the drawing area.
    pub top: f64,
    /// Right edge of the drawing area.
    pub right: f64,
    /// Bottom edge of the drawing area.
    pub bottom: f64,
}

impl Frame {
    /// Returns the frame of a chart of `width` and `height` with space for labels.
    const fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            left: 44.0,
            top: 12.0,
            right: width - 12.0,
            bottom: height - 34.0,
        }
    }
}

/// A mark on an axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tick {
    /// Coordinate along the axis.
    pub at: f64,
    /// Text of the label.
    pub label: String,
}

/// One line of a chart.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Points as SVG takes them: `x,y x,y ...`.
    pub points: String,
    /// Coordinates of the last point.
    pub end: (f64, f64),
}

/// A line chart of figures by epoch.
#[derive(Clone, Debug, Serialize)]
pub struct LineChart {
    /// Title above the chart.
    pub title: String,
    /// Drawing area.
    pub frame: Frame,
    /// Labels of epochs.
    pub x_ticks: Vec<Tick>,
    /// Labels of values, with grid lines.
    pub y_ticks: Vec<Tick>,
    /// One line per series with at least one finite value.
    pub lines: Vec<Line>,
    /// The marked epoch: coordinate and number.
    pub marked: Option<Tick>,
}

impl LineChart {
    /// Places each named series by epoch, from 1, and marks one epoch. Values that are not finite are left out.
    #[must_use]
    pub fn by_epoch(title: &str, series: &[(&str, Vec<f64>)], marked: Option<usize>) -> Self {
        let frame = Frame::new(480.0, 260.0);
        let epochs = series
            .iter()
            .map(|(_, values)| values.len())
            .max()
            .unwrap_or(0)
            .max(1);
        let finite = || {
            series
                .iter()
                .flat_map(|(_, values)| values.iter().copied())
                .filter(|value| value.is_finite())
        };
        let (low, high) = (
            finite().fold(f64::INFINITY, f64::min),
            finite().fold(f64::NEG_INFINITY, f64::max),
        );
        let y_values = ticks(low, high, 5);
        let x = Scale {
            values: (1.0, epochs as f64),
            coordinates: (frame.left, frame.right),
        };
        let y = Scale {
            values: bounds(&y_values, low, high),
            coordinates: (frame.bottom, frame.top),
        };
        Self {
            title: title.to_owned(),
            frame,
            x_ticks: whole_ticks(epochs)
                .map(|epoch| Tick {
                    at: x.at(epoch as f64),
                    label: epoch.to_string(),
                })
                .collect(),
            y_ticks: y_values
                .iter()
                .map(|&value| Tick {
                    at: y.at(value),
                    label: number(value),
                })
                .collect(),
            lines: series
                .iter()
                .filter_map(|(name, values)| line(name, values, &x, &y))
                .collect(),
            marked: marked.map(|epoch| Tick {
                at: x.at(epoch as f64),
                label: epoch.to_string(),
            }),
        }
    }
}

fn line(name: &str, values: &[f64], x: &Scale, y: &Scale) -> Option<Line> {
    let points: Vec<(f64, f64)> = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .map(|(index, &value)| (x.at((index + 1) as f64), y.at(value)))
        .collect();
    let text: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    Some(Line {
        name: name.to_owned(),
        points: text.join(" "),
        end: *points.last()?,
    })
}

/// Answers whose confidence lies in one interval, as a reliability diagram shows them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Lower edge of the confidences.
    pub lower: f64,
    /// Upper edge of the confidences.
    pub upper: f64,
    /// Number of answers.
    pub count: usize,
    /// Their mean confidence; `None` in an empty bin.
    pub confidence: Option<f64>,
    /// The share of them that are right; `None` in an empty bin.
    pub accuracy: Option<f64>,
}

/// A reliability diagram: accuracy by confidence, and the number of answers by confidence.
#[derive(Clone, Debug, Serialize)]
pub struct ReliabilityChart {
    /// Drawing area of the accuracies; the histogram lies below it.
    pub frame: Frame,
    /// Labels of accuracies, with grid lines.
    pub ticks: Vec<Tick>,
    /// Labels of confidences.
    pub x_ticks: Vec<Tick>,
    /// One bar per bin that is not empty.
    pub bars: Vec<ReliabilityBar>,
    /// The line on which confidence is accuracy, as `x1, y1, x2, y2`.
    pub diagonal: [f64; 4],
    /// Base line of the histogram.
    pub histogram_bottom: f64,
}

/// One bin of a reliability diagram.
#[derive(Clone, Debug, Serialize)]
pub struct ReliabilityBar {
    /// Left edge.
    pub x: f64,
    /// Width.
    pub width: f64,
    /// Top of the bar that shows accuracy.
    pub accuracy_y: f64,
    /// Coordinate of the mean confidence.
    pub confidence_y: f64,
    /// Height of the histogram's bar.
    pub histogram: f64,
    /// Number of answers.
    pub count: usize,
    /// Share of them that are right.
    pub accuracy: f64,
    /// Their mean confidence.
    pub confidence: f64,
}

impl ReliabilityChart {
    const HISTOGRAM: f64 = 56.0;

    /// Places the bins of a reliability diagram.
    #[must_use]
    pub fn new(bins: &[Bin]) -> Self {
        let frame = Frame {
            bottom: 256.0,
            ..Frame::new(420.0, 360.0)
        };
        let x = Scale {
            values: (0.0, 1.0),
            coordinates: (frame.left, frame.right),
        };
        let y = Scale {
            values: (0.0, 1.0),
            coordinates: (frame.bottom, frame.top),
        };
        let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f64;
        let bars = bins.iter().filter_map(|bin| {
            let (accuracy, confidence) = (bin.accuracy?, bin.confidence?);
            Some(ReliabilityBar {
                x: x.at(bin.lower),
                width: round(x.at(bin.upper) - x.at(bin.lower)),
                accuracy_y: y.at(accuracy),
                confidence_y: y.at(confidence),
                histogram: round(bin.count as f64 / most * Self::HISTOGRAM),
                count: bin.count,
                accuracy,
                confidence,
            })
        });
        let shares = [0.0, 0.25, 0.5, 0.75, 1.0];
        let tick = |scale: &Scale, value: f64| Tick {
            at: scale.at(value),
            label: number(value),
        };
        Self {
            ticks: shares.iter().map(|&value| tick(&y, value)).collect(),
            x_ticks: shares.iter().map(|&value| tick(&x, value)).collect(),
            bars: bars.collect(),
            diagonal: [x.at(0.0), y.at(0.0), x.at(1.0), y.at(1.0)],
            histogram_bottom: frame.bottom + 12.0 + Self::HISTOGRAM,
            frame,
        }
    }
}

/// Returns the epochs to label: 1, the last, and round numbers between.
fn whole_ticks(epochs: usize) -> impl Iterator<Item = usize> {
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500]
        .into_iter()
        .find(|step| epochs / step <= 8)
        .unwrap_or(1000);
    (1..=epochs).filter(move |&epoch| {
        let between = epoch % step == 0 && epochs - epoch >= step.div_ceil(2) && epoch > step / 2;
        epoch == 1 || epoch == epochs || between
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epochs_are_labeled_from_first_to_last_without_crowding() {
        assert_eq!(whole_ticks(1).collect::<Vec<_>>(), [1]);
        assert_eq!(whole_ticks(5).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(
            whole_ticks(30).collect::<Vec<_>>(),
            [1, 5, 10, 15, 20, 25, 30]
        );
        for epochs in 1..400 {
            let labels: Vec<usize> = whole_ticks(epochs).collect();
            assert!(
                labels.len() <= 11 && labels[0] == 1 && labels[labels.len() - 1] == epochs,
                "{epochs}: {labels:?}"
            );
        }
    }

    #[test]
    fn lines_lie_in_the_frame_and_skip_values_that_are_not_finite() {
        let chart = LineChart::by_epoch(
            "loss",
            &[("a", vec![2.0, f64::NAN, 0.5]), ("b", vec![])],
            Some(3),
        );
        assert_eq!(chart.lines.len(), 1);
        let line = &chart.lines[0];
        assert_eq!(line.points.split(' ').count(), 2);
        let frame = chart.frame;
        assert_eq!(line.end.0, frame.right);
        assert!((frame.top..=frame.bottom).contains(&line.end.1));
        assert_eq!(chart.marked.unwrap().at, frame.right);
    }

    #[test]
    fn a_chart_of_one_epoch_or_none_is_drawn() {
        assert_eq!(
            LineChart::by_epoch("one", &[("a", vec![1.0])], None)
                .lines
                .len(),
            1
        );
        assert!(
            LineChart::by_epoch("none", &[("a", vec![])], None)
                .lines
                .is_empty()
        );
    }

    #[test]
    fn reliability_bars_stand_at_their_accuracy() {
        let bin = |lower: f64, count, figure| Bin {
            lower,
            upper: lower + 0.5,
            count,
            confidence: figure,
            accuracy: figure,
        };
        let chart = ReliabilityChart::new(&[bin(0.0, 0, None), bin(0.5, 10, Some(0.75))]);
        assert_eq!(chart.bars.len(), 1);
        let bar = &chart.bars[0];
        let frame = chart.frame;
        assert!((bar.accuracy_y - (frame.bottom - 0.75 * (frame.bottom - frame.top))).abs() < 0.01);
        assert_eq!(
            (bar.confidence_y, bar.histogram),
            (bar.accuracy_y, ReliabilityChart::HISTOGRAM)
        );
    }
}
