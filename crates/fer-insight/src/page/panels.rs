//! Charts of shares and of differences.

use fer_core::Emotion;
use fer_report::intervals::{Figure, IntervalChart, range_of};

use super::{Panel, Section};
use crate::compare::{Comparison, Difference};
use crate::shares::{Estimate, Estimates, GroupShares, Shares};
use crate::words::{name, p_value};

/// Classes of the colors, in the order of the emotions.
pub(super) const COLORS: [&str; Emotion::COUNT] = ["c1", "c0", "c2", "c3"];

/// The most groups or pairs of a chart.
const MAX_ROWS: usize = 30;

/// Returns the panels of the groups of a table, and of all of it.
pub(super) fn shares(shares: &Shares) -> Section {
    let groups: Vec<(String, &GroupShares)> = if shares.columns.is_empty() {
        vec![("all".into(), &shares.total)]
    } else {
        let named = shares.groups.iter().map(|group| (name(&group.by), group));
        let total = (shares.groups.len() > 1).then(|| ("total".to_owned(), &shares.total));
        named.take(MAX_ROWS).chain(total).collect()
    };
    let mut section = of_groups("Shares".into(), &groups);
    section.note += &cut(shares.groups.len(), "groups");
    section
}

/// Returns a panel for each emotion, and one of net.
pub(super) fn of_groups(title: String, groups: &[(String, &GroupShares)]) -> Section {
    let figure = |group: &GroupShares, of: &dyn Fn(&Estimates) -> Estimate, counted| {
        if group.suppressed {
            return Figure::Hidden;
        }
        group.estimates.as_ref().map_or(Figure::Absent, |figures| {
            interval(&of(figures), counted, None)
        })
    };
    let of_emotion = |emotion: Emotion| -> Vec<(String, Figure)> {
        let figures = groups.iter().map(|(name, group)| {
            let counted = group.counts.map(|counts| 100.0 * counts.counted[emotion]);
            let figure = figure(group, &|figures| figures.shares[emotion], counted);
            (name.clone(), figure)
        });
        figures.collect()
    };
    let emotions = Emotion::ALL.map(of_emotion);
    let range = range_of(emotions.iter().flatten().map(|(_, figure)| figure));
    let mut charts: Vec<Panel> = Emotion::ALL
        .into_iter()
        .zip(&emotions)
        .map(|(emotion, figures)| Panel {
            chart: IntervalChart::new(emotion.label(), figures, Some(range)),
            color: COLORS[emotion.index()],
        })
        .collect();
    let net: Vec<(String, Figure)> = groups
        .iter()
        .map(|(name, group)| (name.clone(), figure(group, &|figures| figures.net, None)))
        .collect();
    charts.push(Panel {
        chart: IntervalChart::new("net: happy minus sad", &net, None),
        color: "plain",
    });
    Section {
        title,
        charts,
        note: format!(
            "Of 100 answers. Dot: corrected share; bar: {} interval; ring: what counting the model's answers gives.",
            level(groups.iter().map(|(_, group)| *group)),
        ),
        strip: None,
    }
}

/// Returns a panel of differences for each emotion, and one of net.
pub(super) fn differences(comparison: &Comparison) -> Section {
    let pairs = comparison.pairs.iter().take(MAX_ROWS);
    let named: Vec<_> = pairs
        .map(|pair| {
            let first = |values: &[String]| name(values.get(..1).unwrap_or_default());
            let mut text = format!("{} − {}", first(&pair.a), first(&pair.b));
            if pair.a.len() > 1 {
                text += &format!(" in {}", name(&pair.a[1..]));
            }
            (text, pair)
        })
        .collect();
    let panel = |title: &str, color, of: &dyn Fn(&crate::compare::Pair) -> Option<Difference>| {
        let figures: Vec<(String, Figure)> = named
            .iter()
            .map(|(name, pair)| {
                let figure = of(pair).map_or(Figure::Hidden, |difference| {
                    let p = p_value(difference.p_adjusted);
                    let text = if p.starts_with('<') {
                        p
                    } else {
                        format!("p {p}")
                    };
                    interval(&difference.estimate, None, Some(text))
                });
                (name.clone(), figure)
            })
            .collect();
        Panel {
            chart: IntervalChart::new(title, &figures, None),
            color,
        }
    };
    let mut charts: Vec<Panel> = Emotion::ALL
        .into_iter()
        .map(|emotion| {
            panel(emotion.label(), COLORS[emotion.index()], &|pair| {
                Some(pair.differences.as_ref()?[emotion])
            })
        })
        .collect();
    charts.push(panel("net: happy minus sad", "plain", &|pair| pair.net));
    Section {
        title: "Differences".into(),
        charts,
        note: format!(
            "In points of 100 answers, with the {} interval and the p-value adjusted for all tests of this page.{}",
            level(comparison.shares.groups.iter()),
            cut(comparison.pairs.len(), "pairs")
        ),
        strip: None,
    }
}

fn interval(estimate: &Estimate, counted: Option<f64>, text: Option<String>) -> Figure {
    Figure::Interval {
        estimate: 100.0 * estimate.estimate,
        interval: (100.0 * estimate.low, 100.0 * estimate.high),
        counted,
        text,
    }
}

fn level<'a>(mut groups: impl Iterator<Item = &'a GroupShares>) -> String {
    let figures = groups.find_map(|group| group.estimates.as_ref());
    let level = figures.map_or(0.95, |figures| figures.net.level);
    format!("{} %", (1000.0 * level).round() / 10.0)
}

/// Says that a chart shows not all.
fn cut(count: usize, what: &str) -> String {
    if count > MAX_ROWS {
        format!(" The first {MAX_ROWS} of {count} {what}; the table and the JSON have all.")
    } else {
        String::new()
    }
}
