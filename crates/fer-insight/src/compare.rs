//! Differences between groups: how large, how sure, and whether chance makes them.

use fer_core::{Emotion, PerEmotion};
use serde::Serialize;

use crate::adjust::{ascending, benjamini_hochberg, holm};
use crate::answer::EMOTIONS;
use crate::labels::Labels;
use crate::permute::{PairTest, test_pair};
use crate::reference::Reference;
use crate::shares::{Estimate, GroupShares, ShareOptions, Shares, net, shares};
use crate::tally::Tally;
use crate::within_answers::shares_by_labels;
use crate::{Error, Result};

/// The most pairs of groups that are compared at once.
const MAX_PAIRS: usize = 10_000;

/// The adjustment of p-values for the number of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Adjust {
    /// Holm (1979) over the pairs, on the p-values that the largest statistic adjusts within each pair.
    #[default]
    Holm,
    /// Benjamini & Hochberg (1995) over all emotions of all pairs.
    BenjaminiHochberg,
}

/// The settings of [`compare`].
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Those of the shares.
    pub shares: ShareOptions,
    /// Compare every group with the group of this value in the first column; all pairs without it.
    pub versus: Option<String>,
    /// Permutations of a test, 99 to 1,000,000.
    pub permutations: u32,
    /// The adjustment for the number of pairs.
    pub adjust: Adjust,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self {
            shares: ShareOptions::default(),
            versus: None,
            permutations: 9999,
            adjust: Adjust::Holm,
        }
    }
}

/// A difference with its interval and p-values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The difference `a - b` of corrected shares.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Probability of a counted difference as large if people were exchanged at random.
    pub p: f64,
    /// The same, adjusted for the number of tests.
    pub p_adjusted: f64,
}

/// Two groups compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Values of the first group.
    pub a: Vec<String>,
    /// Values of the second group.
    pub b: Vec<String>,
    /// Clusters seen in both groups.
    pub paired: u64,
    /// Differences of the shares, `a - b`; absent if a group has too few people.
    pub differences: Option<PerEmotion<Difference>>,
    /// Difference of net; absent with the differences.
    pub net: Option<Difference>,
}

/// The result of [`compare`].
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The pairs, in the order of the groups.
    pub pairs: Vec<Pair>,
    /// The shares of the groups.
    pub shares: Shares,
}

/// Compares groups that differ in the first column and agree in all others.
///
/// The intervals come from paired draws, in which the error of the reference cancels; the p-values from exchanges of
/// clusters, which hold whatever the frames of a person have in common. Adjustment by Holm keeps the probability of any
/// false alarm in the whole table at the level that `p_adjusted` is held against.
///
/// # Errors
/// Those of [`shares()`]; [`Error::InvalidArgument`] if there is nothing to compare or `versus` is no group.
pub fn compare(
    tally: &Tally,
    reference: &Reference,
    options: &CompareOptions,
) -> Result<Comparison> {
    options.check()?;
    let shares = shares(tally, reference, &options.shares)?;
    compare_shares(tally, shares, options)
}

/// Compares groups as [`compare`] does, with the shares that labels give (see [`shares_by_labels`]). Labels that all groups
/// have in common are the same in each draw, and their error cancels.
///
/// # Errors
/// Those of [`compare`] and of [`shares_by_labels`].
pub fn compare_by_labels(
    tally: &Tally,
    labels: &Labels,
    options: &CompareOptions,
) -> Result<Comparison> {
    options.check()?;
    let shares = shares_by_labels(tally, labels, &options.shares)?;
    compare_shares(tally, shares, options)
}

impl CompareOptions {
    fn check(&self) -> Result<()> {
        if (99..=1_000_000).contains(&self.permutations) {
            return Ok(());
        }
        Err(Error::InvalidArgument {
            name: "permutations",
            expected: "99 to 1000000".into(),
            found: self.permutations.to_string(),
        })
    }
}

fn compare_shares(tally: &Tally, shares: Shares, options: &CompareOptions) -> Result<Comparison> {
    let chosen = choose_pairs(&shares.groups, options.versus.as_deref())?;
    let groups = tally.groups();
    let test = |&(a, b): &(usize, usize)| {
        let weight = options.shares.weight;
        let enough = shares.groups[a].estimates.is_some() && shares.groups[b].estimates.is_some();
        enough.then(|| {
            test_pair(
                groups[a],
                groups[b],
                weight,
                options.permutations,
                options.shares.seed,
            )
        })
    };
    let tests: Vec<Option<PairTest>> = chosen.iter().map(test).collect();
    let present: Vec<PairTest> = tests.iter().copied().flatten().collect();
    let mut adjusted = adjust(&present, options.adjust).into_iter();
    let pairs = chosen.iter().zip(&tests).map(|(&(a, b), test)| {
        let (a, b) = (&shares.groups[a], &shares.groups[b]);
        let figures = test
            .as_ref()
            .and_then(|test| Some((test, adjusted.next()?)));
        pair(a, b, figures, options.shares.level)
    });
    let pairs = pairs.collect();
    Ok(Comparison { pairs, shares })
}

/// Adjusted p-values of one pair.
#[derive(Debug, Clone, Copy)]
struct Adjusted {
    emotions: [f64; EMOTIONS],
    net: f64,
}

fn pair(
    a: &GroupShares,
    b: &GroupShares,
    figures: Option<(&PairTest, Adjusted)>,
    level: f64,
) -> Pair {
    let estimate = |value: &dyn Fn(&[f64; EMOTIONS]) -> f64| {
        let draws = a.draws.iter().zip(&b.draws);
        Estimate::from_draws(draws.map(|(a, b)| value(a) - value(b)).collect(), level)
    };
    let of_emotion = |test: &PairTest, adjusted: &Adjusted, emotion: Emotion| Difference {
        estimate: estimate(&|s| s[emotion.index()]),
        p: test.raw[emotion.index()],
        p_adjusted: adjusted.emotions[emotion.index()],
    };
    Pair {
        a: a.by.clone(),
        b: b.by.clone(),
        paired: figures.map_or(0, |(test, _)| test.paired),
        differences: figures.map(|(test, adjusted)| {
            PerEmotion::from_fn(|emotion| of_emotion(test, &adjusted, emotion))
        }),
        net: figures.map(|(test, adjusted)| Difference {
            estimate: estimate(&net),
            p: test.net,
            p_adjusted: adjusted.net,
        }),
    }
}

/// Positions of the groups to compare, in order.
fn choose_pairs(groups: &[GroupShares], versus: Option<&str>) -> Result<Vec<(usize, usize)>> {
    let invalid = |name, expected: &str, found: String| {
        Err(Error::InvalidArgument {
            name,
            expected: expected.into(),
            found,
        })
    };
    if groups.first().is_none_or(|group| group.by.is_empty()) {
        return invalid(
            "columns",
            "at least one column to compare by",
            "none".into(),
        );
    }
    let is_base = |group: &GroupShares| versus.is_some_and(|value| group.by[0] == value);
    if let Some(value) = versus
        && !groups.iter().any(is_base)
    {
        return invalid(
            "versus",
            "a value of the first column",
            format!("{value:?}"),
        );
    }
    let mut levels: std::collections::BTreeMap<&[String], Vec<usize>> =
        std::collections::BTreeMap::new();
    for (index, group) in groups.iter().enumerate() {
        levels.entry(&group.by[1..]).or_default().push(index);
    }
    let mut pairs = Vec::new();
    for level in levels.values() {
        for (i, &a) in level.iter().enumerate() {
            let others = if versus.is_some() {
                &level[..]
            } else {
                &level[i + 1..]
            };
            let base = others
                .iter()
                .filter(|&&b| versus.is_none() || (is_base(&groups[b]) && a != b));
            pairs.extend(base.map(|&b| (a, b)));
            if pairs.len() > MAX_PAIRS {
                return Err(Error::TooMany {
                    what: "pairs of groups",
                    limit: MAX_PAIRS,
                });
            }
        }
    }
    if pairs.is_empty() {
        return invalid(
            "columns",
            "at least two groups to compare",
            format!("{} group", groups.len()),
        );
    }
    Ok(pairs)
}

fn adjust(tests: &[PairTest], method: Adjust) -> Vec<Adjusted> {
    let net: Vec<f64> = tests.iter().map(|test| test.net).collect();
    match method {
        Adjust::BenjaminiHochberg => {
            let raw: Vec<f64> = tests.iter().flat_map(|test| test.raw).collect();
            let emotions = benjamini_hochberg(&raw);
            let net = benjamini_hochberg(&net);
            let parts = emotions.chunks_exact(EMOTIONS).zip(net);
            let adjusted = parts.map(|(p, net)| Adjusted {
                emotions: std::array::from_fn(|k| p[k]),
                net,
            });
            adjusted.collect()
        }
        Adjust::Holm => {
            // A pair is as significant as its most significant emotion: Holm's steps over pairs, by that.
            let smallest: Vec<f64> = tests
                .iter()
                .map(|test| test.adjusted.iter().copied().fold(1.0, f64::min))
                .collect();
            let net = holm(&net);
            let mut adjusted: Vec<Adjusted> = net
                .into_iter()
                .map(|net| Adjusted {
                    emotions: [1.0; EMOTIONS],
                    net,
                })
                .collect();
            let mut reached: f64 = 0.0;
            for (rank, index) in ascending(&smallest).into_iter().enumerate() {
                let factor = (tests.len() - rank) as f64;
                adjusted[index].emotions = tests[index]
                    .adjusted
                    .map(|p| (factor * p).max(reached).min(1.0));
                reached = reached.max(factor * smallest[index]);
            }
            adjusted
        }
    }
}
