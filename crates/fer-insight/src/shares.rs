//! Shares of the emotions in a field of faces, with intervals.

use std::num::NonZeroUsize;

use fer_core::PerEmotion;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::answer::EMOTIONS;
use crate::effective::{Effective, Weight};
use crate::fit::Fit;
use crate::group_tally::GroupTally;
use crate::parallel::in_parallel;
use crate::posterior::{Draws, Ruler, draw, rulers};
use crate::quantile::{normal, of_sorted};
use crate::reference::Reference;
use crate::tally::Tally;
use crate::{Error, Result};

/// Groups of fewer people have counts, but no estimates.
pub const MIN_PEOPLE_TO_ESTIMATE: u64 = 5;

const MAX_DRAWS: usize = 100_000;

/// The settings of [`shares`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareOptions {
    /// Draws of the posterior, 100 to 100,000.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Level of the intervals, 0.5 to 0.999.
    pub level: f64,
    /// Units that weigh equally in a clustered tally.
    pub weight: Weight,
    /// Threads to compute with; the result does not depend on it.
    pub threads: NonZeroUsize,
}

impl Default for ShareOptions {
    fn default() -> Self {
        Self {
            draws: 2000,
            seed: 0,
            level: 0.95,
            weight: Weight::Cluster,
            threads: NonZeroUsize::MIN,
        }
    }
}

impl ShareOptions {
    pub(crate) fn check(&self) -> Result<()> {
        if !(100..=MAX_DRAWS).contains(&self.draws) {
            return Err(Error::InvalidArgument {
                name: "draws",
                expected: format!("100 to {MAX_DRAWS}"),
                found: self.draws.to_string(),
            });
        }
        check_level(self.level)
    }
}

/// Checks the level of an interval.
///
/// # Errors
/// [`Error::InvalidArgument`] outside 0.5 to 0.999.
pub(crate) fn check_level(level: f64) -> Result<()> {
    if (0.5..=0.999).contains(&level) {
        return Ok(());
    }
    Err(Error::InvalidArgument {
        name: "level",
        expected: "0.5 to 0.999".into(),
        found: level.to_string(),
    })
}

/// A figure with its interval; as JSON `{"estimate", "ci95"}`, or `{"estimate", "ci", "level"}` at another level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The mean of the draws, or the point estimate.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Level of the interval.
    pub level: f64,
}

impl Estimate {
    /// Summarizes draws by their mean and their equal-tailed interval.
    pub fn from_draws(mut draws: Vec<f64>, level: f64) -> Self {
        let estimate = draws.iter().sum::<f64>() / draws.len() as f64;
        draws.sort_by(f64::total_cmp);
        Self {
            estimate,
            low: of_sorted(&draws, (1.0 - level) / 2.0),
            high: of_sorted(&draws, f64::midpoint(1.0, level)),
            level,
        }
    }

    /// Returns the share of `successes` in `trials`, which are not 0, with its score interval ([`fer_core::wilson`]).
    pub(crate) fn of_share(successes: f64, trials: f64, level: f64) -> Self {
        let [low, high] = fer_core::wilson(successes, trials, normal(level));
        Self {
            estimate: successes / trials,
            low,
            high,
            level,
        }
    }
}

impl Serialize for Estimate {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("estimate", &self.estimate)?;
        if self.level == 0.95 {
            map.serialize_entry("ci95", &[self.low, self.high])?;
        } else {
            map.serialize_entry("ci", &[self.low, self.high])?;
            map.serialize_entry("level", &self.level)?;
        }
        map.end()
    }
}

/// The corrected figures of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    /// Share of people's answers for each emotion.
    pub shares: PerEmotion<Estimate>,
    /// Happy minus sad.
    pub net: Estimate,
    /// 1 minus neutral.
    pub expressive: Estimate,
    /// Share of faces without a majority for one of the four: a sign of the images' quality. Absent without unclear
    /// faces in the reference.
    pub unclear: Option<Estimate>,
    /// Share of answers that name another expression: only by labels of one's own, and only if there are such. The four
    /// shares and this one sum to 1.
    pub other: Option<Estimate>,
}

impl Estimates {
    pub(crate) fn new(draws: &Draws, has_unclear: bool, level: f64) -> Self {
        let of = |value: &dyn Fn(&[f64; EMOTIONS]) -> f64| {
            Estimate::from_draws(draws.shares.iter().map(value).collect(), level)
        };
        Self {
            shares: PerEmotion::from_fn(|emotion| of(&|s| s[emotion.index()])),
            net: of(&net),
            expressive: of(&|[_, _, neutral, _]| 1.0 - neutral),
            unclear: has_unclear.then(|| Estimate::from_draws(draws.unclear.clone(), level)),
            other: None,
        }
    }
}

/// Returns happy minus sad.
pub(crate) fn net([happy, sad, ..]: &[f64; EMOTIONS]) -> f64 {
    happy - sad
}

/// The faces and people that a group was counted from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupCounts {
    /// Clusters, or faces without clusters.
    pub people: u64,
    /// Faces.
    pub faces: u64,
    /// Independent faces of the same information.
    pub effective_faces: f64,
    /// Shares of the model's answers, uncorrected.
    pub counted: PerEmotion<f64>,
}

/// The shares of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupShares {
    /// Values of the group's columns; none for the total.
    pub by: Vec<String>,
    /// `true` if the group is too small to show, or would give away one that is: it then has no figures.
    pub suppressed: bool,
    /// Counts; absent if the group is suppressed.
    pub counts: Option<GroupCounts>,
    /// Corrected figures; absent below [`MIN_PEOPLE_TO_ESTIMATE`] people.
    pub estimates: Option<Estimates>,
    /// Agreement with the reference; absent with the estimates.
    pub fit: Option<Fit>,
    /// The largest R-hat of the shares over four parts of the draws (Gelman & Rubin 1992): above 1.05, take more draws.
    pub r_hat: Option<f64>,
    /// The draws of the shares, `[draws][4]`, for contrasts of one's own; empty without estimates. Draws of groups of
    /// the same result are paired: one draw of the reference for all.
    pub draws: Vec<[f64; EMOTIONS]>,
}

impl GroupShares {
    /// Returns the number of clusters, or of faces without clusters; 0 for a suppressed group.
    pub fn people(&self) -> u64 {
        self.counts.map_or(0, |counts| counts.people)
    }

    /// Leaves nothing but the values of the group.
    pub(crate) fn remove_figures(&mut self) {
        *self = Self {
            by: std::mem::take(&mut self.by),
            suppressed: true,
            counts: None,
            estimates: None,
            fit: None,
            r_hat: None,
            draws: Vec::new(),
        };
    }
}

/// The result of [`shares`].
#[derive(Debug, Clone, PartialEq)]
pub struct Shares {
    /// Names of the columns that make the groups.
    pub columns: Vec<String>,
    /// The groups, ordered by their values.
    pub groups: Vec<GroupShares>,
    /// All faces as one group.
    pub total: GroupShares,
}

/// Estimates the share of each emotion in every group of a tally and in all of it.
///
/// Faces of one cluster repeat each other, so they count as the number of independent faces that carry the same
/// information (Korn & Graubard 1998). The result is the same for any order of the faces and number of threads, and a
/// group's figures do not depend on which other groups the tally has.
///
/// # Errors
/// [`Error::InvalidArgument`] for options out of range, [`Error::Empty`] for a tally without a face.
pub fn shares(tally: &Tally, reference: &Reference, options: &ShareOptions) -> Result<Shares> {
    options.check()?;
    if tally.faces() == 0 {
        return Err(Error::Empty {
            what: "no face to estimate shares from".into(),
        });
    }
    let rulers = rulers(reference, options.draws, options.seed);
    // Without columns the only group is the total.
    let merged = match tally.columns() {
        [] => None,
        _ => Some(tally.total()?),
    };
    let mut groups = tally.groups();
    groups.extend(&merged);
    let mut results = in_parallel(groups, options.threads, |group| {
        group_shares(group, reference, &rulers, options)
    });
    let total = match merged {
        Some(_) => results.pop(),
        None => results.first().cloned(),
    };
    let total = total.ok_or_else(|| Error::Empty {
        what: "no group to estimate shares of".into(),
    })?;
    Ok(Shares {
        columns: tally.columns().to_vec(),
        groups: results,
        total,
    })
}

pub(crate) fn group_shares(
    group: &GroupTally,
    reference: &Reference,
    rulers: &[Ruler],
    options: &ShareOptions,
) -> GroupShares {
    let sample = Effective::new(group, options.weight, options.level);
    let enough = sample.people >= MIN_PEOPLE_TO_ESTIMATE;
    let draws = enough.then(|| draw(&sample, reference, rulers, options.seed, group.hash()));
    let has_unclear = reference.unclear().is_some();
    GroupShares {
        by: group.values().to_vec(),
        suppressed: false,
        counts: Some(GroupCounts {
            people: sample.people,
            faces: sample.faces,
            effective_faces: sample.effective,
            counted: PerEmotion(sample.counted),
        }),
        estimates: draws
            .as_ref()
            .map(|draws| Estimates::new(draws, has_unclear, options.level)),
        fit: enough.then(|| Fit::new(&sample, reference)),
        r_hat: draws.as_ref().map(|draws| r_hat(&draws.shares)),
        draws: draws.map(|draws| draws.shares).unwrap_or_default(),
    }
}

/// Returns the largest R-hat of the four shares over four consecutive parts of the draws.
fn r_hat(draws: &[[f64; EMOTIONS]]) -> f64 {
    const PARTS: usize = 4;
    let n = draws.len() / PARTS;
    let mut largest: f64 = 1.0;
    for k in 0..EMOTIONS {
        let mut means = [0.0; PARTS];
        let mut within = 0.0;
        for (part, mean) in draws.chunks_exact(n).zip(&mut means) {
            *mean = part.iter().map(|x| x[k]).sum::<f64>() / n as f64;
            let squares: f64 = part.iter().map(|x| (x[k] - *mean).powi(2)).sum();
            within += squares / (n as f64 - 1.0) / PARTS as f64;
        }
        let center = means.iter().sum::<f64>() / PARTS as f64;
        let between: f64 =
            means.iter().map(|m| (m - center).powi(2)).sum::<f64>() / (PARTS as f64 - 1.0);
        if within > 0.0 {
            largest = largest.max(((n as f64 - 1.0) / n as f64 + between / within).sqrt());
        }
    }
    largest
}
