//! Shares of a field by labels of one's own: the estimate within answers.
//!
//! Within each of the model's answers, the labels say how people see the faces that the model answers so; the answers to
//! all faces say how many there are of each. This is double sampling (Tenenbein 1970, 1972): the model's answers are the
//! cheap measurement of all faces, the labels the true one of some. It assumes nothing about light, camera or people:
//! however badly the model reads these images, labels of the same images know.

use fer_core::PerEmotion;

use crate::answer::EMOTIONS;
use crate::effective::{Effective, by_answer};
use crate::group_tally::GroupTally;
use crate::labels::{ANSWERS, LabelCounts, Labels, MIN_LABELS};
use crate::parallel::in_parallel;
use crate::random::{Purpose, Random};
use crate::shares::{
    Estimate, Estimates, GroupCounts, GroupShares, MIN_PEOPLE_TO_ESTIMATE, ShareOptions, Shares,
};
use crate::tally::Tally;
use crate::{Error, Result};

/// The Dirichlet parameter of each label within an answer before any label.
const LABEL_PRIOR: f64 = 0.25;

/// One draw of how people see the faces of each answer: shares of labels, `[answer][label]`, rows summing to 1.
type Reading = [[f64; ANSWERS]; EMOTIONS];

/// Estimates the share of each emotion in every group of a tally and in all of it, by labels of some of its faces.
///
/// In each draw, the shares of the model's answers come from a Dirichlet distribution of their effective counts, the
/// labels within each answer from one of their counts and 1/4, and the share of a label is the sum over the answers. The
/// labels are common to all groups, in the same draws, unless each group has enough of its own (see
/// [`Labels::own_of_each`]). Where people name other expressions, the four shares and [`Estimates::other`] sum to 1.
///
/// # Errors
/// [`Error::InvalidArgument`] for options out of range, [`Error::Empty`] for a tally without a face and for fewer than
/// [`MIN_LABELS`] labels.
pub fn shares_by_labels(tally: &Tally, labels: &Labels, options: &ShareOptions) -> Result<Shares> {
    options.check()?;
    if tally.faces() == 0 {
        return Err(Error::Empty {
            what: "no face to estimate shares from".into(),
        });
    }
    let used = labels.facts().used;
    if used < MIN_LABELS {
        return Err(Error::Empty {
            what: format!(
                "{used} labels are too few to estimate shares: {MIN_LABELS} are needed, 200 are good"
            ),
        });
    }
    let pooled = readings(&labels.count(None), labels.has_other(), options, 0);
    let own = labels.own_of_each(tally);
    let group_shares = |group: &GroupTally| {
        // The total has no values, and all labels.
        if own && !group.values().is_empty() {
            let counts = labels.count(Some(group.values()));
            let readings = readings(&counts, labels.has_other(), options, group.hash());
            return shares_of(group, &readings, labels.has_other(), options);
        }
        shares_of(group, &pooled, labels.has_other(), options)
    };
    let total = tally.total()?;
    let groups = tally.groups();
    Ok(Shares {
        columns: tally.columns().to_vec(),
        groups: in_parallel(groups, options.threads, group_shares),
        total: group_shares(&total),
    })
}

/// Draws how people see the faces of each answer. `place` names the group whose labels these are, 0 those of all.
fn readings(
    counts: &LabelCounts,
    has_other: bool,
    options: &ShareOptions,
    place: u64,
) -> Vec<Reading> {
    let draw = |number: usize| {
        let mut random = Random::new(options.seed ^ place, Purpose::Labels, number as u64);
        counts.0.map(|row| {
            let mut alpha = row.map(|count| count + LABEL_PRIOR);
            if !has_other {
                // A label that nobody used is none of the choices: a parameter of 0 draws 0.
                alpha[EMOTIONS] = 0.0;
            }
            random.dirichlet(&alpha)
        })
    };
    (0..options.draws).map(draw).collect()
}

fn shares_of(
    group: &GroupTally,
    readings: &[Reading],
    has_other: bool,
    options: &ShareOptions,
) -> GroupShares {
    let sample = Effective::new(group, options.weight, options.level);
    let answers = by_answer(&sample.counts);
    let mut random = Random::new(options.seed, Purpose::Answers, group.hash());
    let enough = sample.people >= MIN_PEOPLE_TO_ESTIMATE;
    let draws: Vec<[f64; ANSWERS]> = readings
        .iter()
        .take(if enough { readings.len() } else { 0 })
        .map(|reading| {
            let weights = random.dirichlet(&answers);
            std::array::from_fn(|label| {
                (0..EMOTIONS)
                    .map(|answer| weights[answer] * reading[answer][label])
                    .sum()
            })
        })
        .collect();
    GroupShares {
        by: group.values().to_vec(),
        suppressed: false,
        counts: Some(GroupCounts {
            people: sample.people,
            faces: sample.faces,
            effective_faces: sample.effective,
            counted: PerEmotion(sample.counted),
        }),
        estimates: enough.then(|| estimates(&draws, has_other, options.level)),
        fit: None,
        r_hat: None,
        draws: draws
            .iter()
            .map(|[a, b, c, d, _]| [*a, *b, *c, *d])
            .collect(),
    }
}

fn estimates(draws: &[[f64; ANSWERS]], has_other: bool, level: f64) -> Estimates {
    let of = |value: &dyn Fn(&[f64; ANSWERS]) -> f64| {
        Estimate::from_draws(draws.iter().map(value).collect(), level)
    };
    Estimates {
        shares: PerEmotion::from_fn(|emotion| of(&|s| s[emotion.index()])),
        net: of(&|[happy, sad, ..]| happy - sad),
        expressive: of(&|[_, _, neutral, ..]| 1.0 - neutral),
        unclear: None,
        other: has_other.then(|| of(&|s| s[EMOTIONS])),
    }
}
