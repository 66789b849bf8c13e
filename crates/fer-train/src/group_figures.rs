//! Figures by group of images, and the largest gap between two groups.
//!
//! The largest of many gaps is large by chance alone. Its interval is therefore simultaneous over all pairs of groups, and
//! its p-value is that of the largest gap, not of the pair that happens to have it.

mod permutation;

use std::collections::BTreeMap;

use fer_core::{PerEmotion, wilson};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::metrics::{ClassMetrics, Interval, Metrics, Outcome};
use permutation::{Counts, largest_gap, permutation_test};

/// The fewest images of a group that is compared with others: the interval of an accuracy on 19 is about 0.4 wide.
pub const SMALL_GROUP: usize = 20;

/// Figures by the groups of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupColumn {
    /// The name of the column.
    pub column: String,
    /// The groups, in the order of their names.
    pub groups: Vec<GroupFigures>,
    /// Images scored that belong to no group of this column.
    pub ungrouped: usize,
    /// The largest gap; `None` with fewer than two groups of [`SMALL_GROUP`] images.
    pub largest_gap: Option<Gap>,
}

/// Figures of the images of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// The name of the group.
    pub group: String,
    /// Number of images scored.
    pub n: usize,
    /// `true` for fewer than [`SMALL_GROUP`] images: the figures say little, and the group is not compared with others.
    pub is_small: bool,
    /// Share of right answers.
    pub accuracy: f64,
    /// 95 % interval of the accuracy (Wilson 1927).
    pub accuracy_ci95: Interval,
    /// Mean recall of the classes present in the group.
    pub balanced_accuracy: f64,
    /// 95 % credible interval of the balanced accuracy.
    pub balanced_accuracy_ci95: Interval,
    /// Figures by class.
    pub per_class: PerEmotion<ClassMetrics>,
}

/// The largest difference of accuracy between two groups that are not small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The group with the highest accuracy.
    pub highest: String,
    /// The group with the lowest accuracy.
    pub lowest: String,
    /// The difference of their accuracies, in `[0, 1]`.
    pub difference: f64,
    /// 95 % interval of the difference: the hybrid score interval (Newcombe, "Interval estimation for the difference between
    /// independent proportions", 1998, method 10) at the level of Bonferroni for all pairs of groups compared.
    pub difference_ci95: Interval,
    /// Probability of a largest gap as large as this if, given an image's label, its group did not matter: a permutation test that
    /// exchanges right and wrong answers among the images of a class, 9,999 times (Phipson and Smyth 2010).
    ///
    /// Groups of different class mix have a gap of accuracy that this test expects.
    pub p_value: f64,
    /// The p-value adjusted for the number of columns (Holm 1979).
    pub adjusted_p_value: f64,
    /// Number of groups compared.
    pub compared: usize,
}

/// The name of a column, and for each outcome the group that it belongs to.
pub(crate) type GroupsOfColumn<'a> = (String, Vec<Option<&'a str>>);

/// Computes the figures by the groups of each column.
#[must_use]
pub(crate) fn by_group(outcomes: &[Outcome], columns: &[GroupsOfColumn<'_>]) -> Vec<GroupColumn> {
    let mut columns: Vec<GroupColumn> = columns
        .iter()
        .map(|(name, groups)| GroupColumn::of(name, outcomes, groups))
        .collect();
    adjust(&mut columns);
    columns
}

impl GroupColumn {
    fn of(name: &str, outcomes: &[Outcome], groups: &[Option<&str>]) -> Self {
        let mut members: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
        for (outcome, group) in outcomes.iter().zip(groups) {
            if let Some(group) = group {
                members.entry(group).or_default().push(*outcome);
            }
        }
        let compared: Vec<(&str, &[Outcome])> = members
            .iter()
            .filter(|(_, outcomes)| outcomes.len() >= SMALL_GROUP)
            .map(|(group, outcomes)| (*group, &outcomes[..]))
            .collect();
        Self {
            column: name.to_owned(),
            ungrouped: groups.iter().filter(|group| group.is_none()).count(),
            largest_gap: Gap::of(&compared),
            groups: members
                .iter()
                .filter_map(|(group, outcomes)| GroupFigures::of(group, outcomes))
                .collect(),
        }
    }
}

impl GroupFigures {
    fn of(group: &str, outcomes: &[Outcome]) -> Option<Self> {
        let metrics = Metrics::of(outcomes)?;
        Some(Self {
            group: group.to_owned(),
            n: metrics.n,
            is_small: metrics.n < SMALL_GROUP,
            accuracy: metrics.accuracy,
            accuracy_ci95: metrics.accuracy_ci95,
            balanced_accuracy: metrics.balanced_accuracy,
            balanced_accuracy_ci95: metrics.balanced_accuracy_ci95,
            per_class: metrics.per_class,
        })
    }
}

impl Gap {
    fn of(groups: &[(&str, &[Outcome])]) -> Option<Self> {
        let right = |outcomes: &[Outcome]| outcomes.iter().filter(|o| o.is_correct()).count();
        let counts: Vec<Counts> = groups
            .iter()
            .map(|(_, outcomes)| Counts {
                right: right(outcomes),
                n: outcomes.len(),
            })
            .collect();
        let by_accuracy =
            |&a: &usize, &b: &usize| counts[a].accuracy().total_cmp(&counts[b].accuracy());
        let highest = (0..counts.len()).max_by(by_accuracy)?;
        let lowest = (0..counts.len()).min_by(by_accuracy)?;
        if counts.len() < 2 {
            return None;
        }
        let pairs = counts.len() * (counts.len() - 1) / 2;
        let p_value = permutation_test(groups, &counts);
        Some(Self {
            highest: groups[highest].0.to_owned(),
            lowest: groups[lowest].0.to_owned(),
            difference: largest_gap(&counts),
            difference_ci95: difference_interval(counts[highest], counts[lowest], pairs),
            p_value,
            adjusted_p_value: p_value,
            compared: counts.len(),
        })
    }
}

/// Returns the interval of the accuracy of `high` less that of `low`, which holds with 95 % for all of `pairs` at once.
fn difference_interval(high: Counts, low: Counts, pairs: usize) -> Interval {
    let z = Normal::standard().inverse_cdf(1.0 - 0.025 / pairs as f64);
    let [high_from, high_to] = wilson(high.right as f64, high.n as f64, z);
    let [low_from, low_to] = wilson(low.right as f64, low.n as f64, z);
    let (p, q) = (high.accuracy(), low.accuracy());
    [
        p - q - (p - high_from).hypot(low_to - q),
        p - q + (high_to - p).hypot(q - low_from),
    ]
}

/// Adjusts the p-values for the number of columns that are tested, step by step from the smallest (Holm 1979).
fn adjust(columns: &mut [GroupColumn]) {
    let mut gaps: Vec<&mut Gap> = columns
        .iter_mut()
        .filter_map(|column| column.largest_gap.as_mut())
        .collect();
    gaps.sort_by(|a, b| a.p_value.total_cmp(&b.p_value));
    let tests = gaps.len();
    let mut floor = 0.0_f64;
    for (rank, gap) in gaps.into_iter().enumerate() {
        floor = floor.max((tests - rank) as f64 * gap.p_value).min(1.0);
        gap.adjusted_p_value = floor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Random};
    use fer_core::Emotion::{self, Happy, Sad};

    fn outcomes(truth: Emotion, right: usize, wrong: usize) -> Vec<Outcome> {
        let answer = |is_right: bool| {
            let answer = if is_right == (truth == Happy) {
                Happy
            } else {
                Sad
            };
            let mut probabilities = [0.0; Emotion::COUNT];
            probabilities[answer.index()] = 1.0;
            Outcome {
                truth,
                probabilities,
            }
        };
        let right = std::iter::repeat_n(answer(true), right);
        right
            .chain(std::iter::repeat_n(answer(false), wrong))
            .collect()
    }

    /// One column, with the groups' outcomes after each other.
    fn column(
        groups: &[(&'static str, Vec<Outcome>)],
    ) -> (Vec<Outcome>, Vec<Option<&'static str>>) {
        let names = groups
            .iter()
            .flat_map(|(name, all)| vec![Some(*name); all.len()]);
        let all = groups.iter().flat_map(|(_, all)| all.clone());
        (all.collect(), names.collect())
    }

    fn figures(groups: &[(&'static str, Vec<Outcome>)]) -> GroupColumn {
        let (outcomes, names) = column(groups);
        by_group(&outcomes, &[("site".into(), names)]).remove(0)
    }

    #[test]
    fn groups_are_scored_one_by_one_and_small_ones_are_marked_and_not_compared() {
        let figures = figures(&[
            ("b", outcomes(Happy, 30, 10)),
            ("a", outcomes(Happy, 0, 19)),
            ("c", outcomes(Happy, 20, 0)),
        ]);
        let names: Vec<(&str, usize, bool)> = figures
            .groups
            .iter()
            .map(|g| (&g.group[..], g.n, g.is_small))
            .collect();
        assert_eq!(names, [("a", 19, true), ("b", 40, false), ("c", 20, false)]);
        assert_eq!(figures.groups[1].accuracy, 0.75);
        let gap = figures.largest_gap.unwrap();
        assert_eq!(
            (&gap.highest[..], &gap.lowest[..], gap.compared),
            ("c", "b", 2)
        );
        assert!((gap.difference - 0.25).abs() < 1e-12);
    }

    #[test]
    fn images_without_a_group_are_counted_and_one_group_has_no_gap() {
        let (outcomes, mut names) = column(&[("a", outcomes(Happy, 30, 10))]);
        names[3] = None;
        let figures = by_group(&outcomes, &[("site".into(), names)]).remove(0);
        assert_eq!((figures.ungrouped, figures.groups[0].n), (1, 39));
        assert_eq!(figures.largest_gap, None);
    }

    /// Newcombe (1998), table II, example (a): 56 of 70 against 48 of 80.
    #[test]
    fn the_interval_of_a_pair_is_newcombes() {
        let (high, low) = (Counts { right: 56, n: 70 }, Counts { right: 48, n: 80 });
        let [from, to] = difference_interval(high, low, 1);
        assert!(
            (from - 0.0524).abs() < 5e-5 && (to - 0.3339).abs() < 5e-5,
            "{from} {to}"
        );
        let [wider_from, wider_to] = difference_interval(high, low, 3);
        assert!(wider_from < from && wider_to > to);
    }

    /// The exact two-sided probability of a hypergeometric table, by SciPy:
    /// `h = scipy.stats.hypergeom(80, 20, 40); sum(h.pmf(k) for k in range(21) if abs(k - 10) >= 5)`.
    #[test]
    fn the_test_of_two_groups_and_one_class_is_the_exact_one() {
        let figures = figures(&[
            ("a", outcomes(Happy, 35, 5)),
            ("b", outcomes(Happy, 25, 15)),
        ]);
        let p = figures.largest_gap.unwrap().p_value;
        let exact = 0.018772382856;
        // Three standard errors of 9,999 draws.
        assert!((p - exact).abs() < 3.0 * (exact / 9_999.0).sqrt(), "{p}");
    }

    #[test]
    fn class_mix_alone_is_no_effect_of_the_group() {
        // Sad faces are hard in both groups; one group has many of them.
        let mixed = |happy: usize, sad: usize| {
            let mut all = outcomes(Happy, happy, 0);
            all.extend(outcomes(Sad, sad / 2, sad / 2));
            all
        };
        let figures = figures(&[("a", mixed(80, 20)), ("b", mixed(20, 80))]);
        let gap = figures.largest_gap.unwrap();
        assert!(gap.difference > 0.25 && gap.p_value > 0.3, "{gap:?}");
    }

    #[test]
    fn where_groups_do_not_matter_few_p_values_are_small() {
        let mut small = 0;
        for trial in 0..60 {
            let mut random = Random::new(trial, Purpose::Permutation, 1, 0);
            let mut all = outcomes(Happy, 120, 40);
            random.shuffle(&mut all);
            let names: Vec<_> = (0..160)
                .map(|i| Some(["a", "b", "c", "d"][i % 4]))
                .collect();
            let figures = by_group(&all, &[("site".into(), names)]).remove(0);
            small += usize::from(figures.largest_gap.unwrap().p_value <= 0.1);
        }
        // Six are expected; more than 13 or none come once in a thousand.
        assert!((1..=13).contains(&small), "{small}");
    }

    #[test]
    fn p_values_of_several_columns_are_adjusted() {
        let (outcomes, names) = column(&[
            ("a", outcomes(Happy, 35, 5)),
            ("b", outcomes(Happy, 25, 15)),
        ]);
        let alternating: Vec<_> = (0..80).map(|i| Some(["x", "y"][i % 2])).collect();
        let columns = [
            ("site".to_owned(), names),
            ("parity".to_owned(), alternating),
        ];
        let figures = by_group(&outcomes, &columns);
        let gaps: Vec<&Gap> = figures
            .iter()
            .filter_map(|f| f.largest_gap.as_ref())
            .collect();
        assert!((gaps[0].adjusted_p_value - 2.0 * gaps[0].p_value).abs() < 1e-12);
        assert!(gaps[1].adjusted_p_value >= gaps[0].adjusted_p_value);
    }
}
