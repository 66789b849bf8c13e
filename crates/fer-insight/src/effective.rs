//! The number of independent faces that a group of repeated faces is worth.

use serde::{Deserialize, Serialize};

use crate::answer::{BINS, EMOTIONS};
use crate::group_tally::GroupTally;
use crate::quantile::{normal, student_t};

/// The units that weigh equally in the shares of a clustered group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Each cluster, however many faces it has.
    #[default]
    Cluster,
    /// Each face.
    Faces,
}

/// A group as a sample of independent faces.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Effective {
    /// Clusters, or faces without clusters.
    pub(crate) people: u64,
    /// Faces.
    pub(crate) faces: u64,
    /// Independent faces of the same information.
    pub(crate) effective: f64,
    /// Share of each answer, uncorrected.
    pub(crate) counted: [f64; EMOTIONS],
    /// Effective faces by bin: whole numbers without clusters.
    pub(crate) counts: [f64; BINS],
}

impl Effective {
    /// Computes the effective faces of a group by the design effect of its answers (Kish 1965), corrected for few
    /// clusters (Korn & Graubard 1998): `n = sum a(1 - a) / sum v * (z / t)^2`, where `v` is the variance of the mean
    /// over the clusters of the share `a` of each answer.
    pub(crate) fn new(group: &GroupTally, weight: Weight, level: f64) -> Self {
        let faces = group.faces();
        let Some(clusters) = group.clusters() else {
            return Self {
                people: faces,
                faces,
                effective: faces as f64,
                counted: by_answer(&group.counts().map(|count| count as f64 / faces as f64)),
                counts: group.counts().map(|count| count as f64),
            };
        };
        let people = clusters.len();
        let size = |counts: &[u32; BINS]| counts.iter().map(|&c| f64::from(c)).sum::<f64>();
        let per_cluster = faces as f64 / people.max(1) as f64;
        let mut shares = [0.0; BINS];
        for (_, counts) in clusters.iter() {
            let unit = match weight {
                Weight::Cluster => size(&counts),
                Weight::Faces => per_cluster,
            };
            for (share, count) in shares.iter_mut().zip(counts) {
                *share += f64::from(count) / unit / people as f64;
            }
        }
        let answers = by_answer(&shares);
        // By cluster, the deviation of the share; by face, that of the ratio estimator, linearized.
        let mut squares = [0.0; EMOTIONS];
        for (_, counts) in clusters.iter() {
            let own = by_answer(&counts.map(f64::from));
            let n = size(&counts);
            for k in 0..EMOTIONS {
                let residual = match weight {
                    Weight::Cluster => own[k] / n - answers[k],
                    Weight::Faces => (own[k] - answers[k] * n) / per_cluster,
                };
                squares[k] += residual * residual;
            }
        }
        let df = people as f64 - 1.0;
        let variance: f64 = squares.iter().map(|s| s / df / people as f64).sum();
        let binomial: f64 = answers.iter().map(|a| a * (1.0 - a)).sum();
        // Where all people answer alike, both are zero but for rounding, which may make them negative.
        let kish = if variance > f64::EPSILON {
            binomial / variance
        } else {
            faces as f64
        };
        let correction = (normal(level) / student_t(level, df)).powi(2);
        let effective = kish.min(faces as f64) * correction;
        Self {
            people: people as u64,
            faces,
            effective,
            // Sums of quotients may be above 1 by their rounding.
            counted: answers.map(|share| share.min(1.0)),
            counts: shares.map(|share| share * effective),
        }
    }
}

/// Adds up the four bins of each answer.
pub(crate) fn by_answer(bins: &[f64; BINS]) -> [f64; EMOTIONS] {
    std::array::from_fn(|k| bins[EMOTIONS * k..EMOTIONS * (k + 1)].iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::{Face, Tally};

    #[test]
    fn people_who_all_answer_alike_are_worth_their_faces() {
        for people in [7, 20, 200] {
            let mut tally = Tally::new(&[], true);
            for face in 0..1000 {
                let person = (face % people).to_string();
                let face = Face {
                    probabilities: [0.01, 0.01, 0.97, 0.01],
                    group: &[],
                    cluster: Some(&person),
                };
                tally.add(&face).unwrap();
            }
            let sample = Effective::new(&tally.total().unwrap(), Weight::Cluster, 0.95);
            let correction = (normal(0.95) / student_t(0.95, people as f64 - 1.0)).powi(2);
            assert!(
                (sample.effective - 1000.0 * correction).abs() < 1e-6,
                "{sample:?}"
            );
        }
    }
}
