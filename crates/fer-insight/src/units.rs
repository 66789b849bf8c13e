//! Figures of single people or visits: what their faces are expected to be called.

use fer_core::{Emotion, PerEmotion};

use crate::answer::{BINS, EMOTIONS};
use crate::counting::tally;
use crate::document::Document;
use crate::flat::{Cell, FlatTable};
use crate::kinds::Analysis;
use crate::posterior::{expected_rows, most_likely_mix};
use crate::reference::{Reference, STRATA};
use crate::shares::{Shares, net};
use crate::study::Study;
use crate::table::FaceTable;
use crate::tally::Tally;
use crate::{Error, Result};

/// The figures of one unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Values of the group's columns.
    pub by: Vec<String>,
    /// The cluster: a person, a customer, a visit.
    pub cluster: String,
    /// Faces.
    pub faces: u64,
    /// Expected share of people's answers for each emotion, under the shares of all units together. It has no interval:
    /// it is for models of many units.
    pub shares: PerEmotion<f64>,
}

/// The units of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Units {
    /// Names of the columns that make the groups.
    pub columns: Vec<String>,
    /// Name of the cluster's column.
    pub cluster: String,
    /// The units, by group and cluster.
    pub units: Vec<Unit>,
}

impl Study {
    /// Estimates the shares of each group of a table as [`Self::shares`] does, and returns the figures of each cluster
    /// beside them.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is read, [`Error::InvalidArgument`] without a cluster column, and those of
    /// [`Self::shares`].
    pub fn shares_and_units(&self, table: impl FaceTable) -> Result<(Document<Shares>, Units)> {
        self.check_with(Analysis::Units, |_| {})?;
        let min_people = self.check_with(Analysis::Shares, |_| {})?;
        let Some(cluster) = self.columns.cluster.clone() else {
            return Err(Error::InvalidArgument {
                name: "cluster",
                expected: "the column of the units".into(),
                found: "none".into(),
            });
        };
        let (tally, rows) = tally(table, &self.columns, self.options.threads)?;
        let document = self.shares_of(&tally, rows, min_people)?;
        Ok((document, units(&tally, cluster, &self.reference)))
    }
}

fn units(tally: &Tally, cluster: String, reference: &Reference) -> Units {
    let groups = tally.groups();
    let clustered = groups
        .iter()
        .flat_map(|group| group.clusters())
        .collect::<Vec<_>>();
    let all = clustered.iter().flat_map(|clusters| clusters.iter());
    let expected = expected_votes(all.map(|(_, counts)| counts), reference);
    let mut units = Vec::new();
    for (group, clusters) in groups.iter().zip(&clustered) {
        units.extend(clusters.iter().map(|(name, counts)| Unit {
            by: group.values().to_vec(),
            cluster: name.into(),
            faces: counts.iter().map(|&count| u64::from(count)).sum(),
            shares: PerEmotion(mean_votes(&counts, &expected)),
        }));
    }
    Units {
        columns: tally.columns().to_vec(),
        cluster,
        units,
    }
}

/// Returns the expected votes of a face by the bin of its answer, under the shares of all units together.
pub(crate) fn expected_votes(
    units: impl Iterator<Item = [u32; BINS]>,
    reference: &Reference,
) -> [[f64; EMOTIONS]; BINS] {
    let mut pooled = [0.0; BINS];
    for counts in units {
        let faces: f64 = counts.iter().map(|&count| f64::from(count)).sum();
        for (sum, count) in pooled.iter_mut().zip(&counts) {
            *sum += f64::from(*count) / faces;
        }
    }
    let strata = reference.strata();
    let rows = expected_rows(reference);
    let mix: [f64; STRATA] = most_likely_mix(&pooled, &rows[..strata.len()]);
    std::array::from_fn(|bin| {
        let weights: Vec<f64> = (0..strata.len()).map(|s| mix[s] * rows[s][bin]).collect();
        let sum: f64 = weights.iter().sum();
        let mut votes = [0.0; EMOTIONS];
        for (weight, stratum) in weights.iter().zip(strata) {
            for (vote, mean) in votes.iter_mut().zip(&stratum.votes) {
                *vote += weight / sum.max(f64::MIN_POSITIVE) * mean;
            }
        }
        votes
    })
}

/// Returns the mean of the expected votes of a unit's faces.
pub(crate) fn mean_votes(
    counts: &[u32; BINS],
    expected: &[[f64; EMOTIONS]; BINS],
) -> [f64; EMOTIONS] {
    let faces: f64 = counts.iter().map(|&count| f64::from(count)).sum();
    let mut mean = [0.0; EMOTIONS];
    for (count, votes) in counts.iter().zip(expected) {
        for (sum, vote) in mean.iter_mut().zip(votes) {
            *sum += f64::from(*count) / faces * vote;
        }
    }
    mean
}

impl Units {
    /// Returns one row for each unit: its group, name, faces, expected shares, net and 1 minus neutral.
    pub fn flat(&self) -> FlatTable {
        let names = self.columns.iter().cloned().chain([self.cluster.clone()]);
        let figures = Emotion::ALL.map(Emotion::label);
        let figures = ["faces"]
            .into_iter()
            .chain(figures)
            .chain(["net", "expressive"]);
        let mut table = FlatTable::new(names.chain(figures.map(String::from)));
        table.rows = self.units.iter().map(row).collect();
        table
    }
}

fn row(unit: &Unit) -> Vec<Cell> {
    let shares = &unit.shares;
    let mut row: Vec<Cell> = unit.by.iter().cloned().map(Cell::Text).collect();
    row.push(Cell::Text(unit.cluster.clone()));
    row.push(Cell::Count(unit.faces));
    row.extend(shares.0.map(Cell::Number));
    row.push(Cell::Number(net(&shares.0)));
    row.push(Cell::Number(1.0 - shares[Emotion::Neutral]));
    row
}
