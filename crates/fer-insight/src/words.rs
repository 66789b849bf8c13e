//! Results in one sentence.

use fer_core::Emotion;

use crate::agreement::Agreement;
use crate::compare::{Comparison, Difference, Pair};
use crate::shares::{Estimate, Estimates, GroupShares, Shares};

/// The largest adjusted p-value of a difference that a headline states.
const FOUND: f64 = 0.05;

impl Agreement {
    /// Returns the result in one line: Krippendorff's alpha with its interval.
    pub fn headline(&self) -> String {
        let alpha = self.alpha.map_or_else(
            || "none: all answers are the same".into(),
            |alpha| {
                format!(
                    "{:.2} [{:.2}, {:.2}]",
                    alpha.estimate, alpha.low, alpha.high
                )
            },
        );
        format!("Krippendorff's alpha of {} faces: {alpha}", self.compared)
    }
}

impl Shares {
    /// Returns the result in one sentence: the most frequent answer in all, or the emotion that tells the groups apart
    /// most, in the groups of its largest and its smallest share.
    pub fn headline(&self) -> String {
        let shown: Vec<(&GroupShares, &Estimates)> = self
            .groups
            .iter()
            .filter_map(|group| Some((group, group.estimates.as_ref()?)))
            .collect();
        if shown.len() < 2 {
            let only = self.total.estimates.as_ref();
            return match only.or(shown.first().map(|(_, figures)| *figures)) {
                Some(figures) => headline_of_one(figures),
                None => "Too few people to show a figure.".into(),
            };
        }
        let range = |emotion: Emotion| {
            let share =
                |(_, figures): &&(&GroupShares, &Estimates)| figures.shares[emotion].estimate;
            let by_share = |a: &&(&GroupShares, &Estimates), b: &&(&GroupShares, &Estimates)| {
                share(a).total_cmp(&share(b))
            };
            let (low, high) = (
                shown.iter().min_by(by_share)?,
                shown.iter().max_by(by_share)?,
            );
            Some((emotion, low, high, share(&high) - share(&low)))
        };
        let widest = Emotion::ALL
            .into_iter()
            .filter_map(range)
            .max_by(|a, b| a.3.total_cmp(&b.3));
        let Some((emotion, low, high, _)) = widest else {
            return "Too few people to show a figure.".into();
        };
        let part = |(group, figures): &(&GroupShares, &Estimates)| {
            let share = figures.shares[emotion];
            (name(&group.by), hundred(share.estimate), span(&share))
        };
        let ((high, of_high, in_high), (low, of_low, in_low)) = (part(high), part(low));
        let level = level(&shown[0].1.shares[emotion]);
        format!(
            "Shown one face from {high}, {of_high} of 100 people would say {emotion} ({level}: {in_high}); from {low}, \
             {of_low} ({in_low})."
        )
    }
}

fn headline_of_one(figures: &Estimates) -> String {
    let most = Emotion::ALL.into_iter().max_by(|a, b| {
        figures.shares[*a]
            .estimate
            .total_cmp(&figures.shares[*b].estimate)
    });
    let emotion = most.unwrap_or(Emotion::Neutral);
    let share = figures.shares[emotion];
    format!(
        "Shown one of these faces, {} of 100 people would say {emotion} ({}: {}).",
        hundred(share.estimate),
        level(&share),
        span(&share)
    )
}

impl Comparison {
    /// Returns the result in one sentence: the most certain difference, or that none is found.
    pub fn headline(&self) -> String {
        let found = self.pairs.iter().flat_map(|pair| {
            let differences = pair.differences.iter();
            differences.flat_map(move |all| all.iter().map(move |(emotion, d)| (pair, emotion, d)))
        });
        let order = |d: &Difference| (d.p_adjusted, -d.estimate.estimate.abs());
        let least = found.min_by(|(_, _, a), (_, _, b)| {
            order(a)
                .partial_cmp(&order(b))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let Some((pair, emotion, difference)) = least else {
            return "Too few people to compare.".into();
        };
        if difference.p_adjusted > FOUND {
            return format!(
                "No difference between the groups is larger than chance makes it (smallest adjusted p {}).",
                p_value(difference.p_adjusted)
            );
        }
        let (more, fewer) = self.sides(pair, difference);
        let (a, b) = (self.share(more, emotion), self.share(fewer, emotion));
        let d = &difference.estimate;
        let (low, high) = if d.estimate < 0.0 {
            (-d.high, -d.low)
        } else {
            (d.low, d.high)
        };
        format!(
            "Shown one face from {}, {a} of 100 people would say {emotion}; from {}, {b}: {} points more \
             ({}: {} to {}, adjusted p {}).",
            name(more),
            name(fewer),
            hundred(d.estimate.abs()),
            level(d),
            hundred(low),
            hundred(high),
            p_value(difference.p_adjusted)
        )
    }

    fn sides<'a>(&self, pair: &'a Pair, difference: &Difference) -> (&'a [String], &'a [String]) {
        if difference.estimate.estimate < 0.0 {
            (&pair.b, &pair.a)
        } else {
            (&pair.a, &pair.b)
        }
    }

    fn share(&self, group: &[String], emotion: Emotion) -> i64 {
        let found = self.shares.groups.iter().find(|other| other.by == group);
        let figures = found.and_then(|group| group.estimates.as_ref());
        figures.map_or(0, |figures| hundred(figures.shares[emotion].estimate))
    }
}

/// Returns a p-value in three digits, or the bound below which it lies.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "< 0.001".into()
    } else {
        format!("{p:.3}")
    }
}

/// Returns the values of a group in one phrase.
pub(crate) fn name(values: &[String]) -> String {
    let shown = values.iter().map(|value| {
        if value.is_empty() {
            "(empty)"
        } else {
            value.as_str()
        }
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Returns a share in hundredths.
pub(crate) fn hundred(share: f64) -> i64 {
    (100.0 * share).round() as i64
}

fn span(estimate: &Estimate) -> String {
    format!("{}–{}", hundred(estimate.low), hundred(estimate.high))
}

fn level(estimate: &Estimate) -> String {
    format!("{} %", (1000.0 * estimate.level).round() / 10.0)
}
