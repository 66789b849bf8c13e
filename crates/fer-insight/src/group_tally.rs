//! Counts of the faces of one group, by cluster.

use crate::answer::BINS;
use crate::clusters::{Clusters, OrderedClusters};
use crate::keys::{Keys, ShortKey};
use crate::random::place;
use crate::{Error, Result};

/// The counts of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupTally {
    values: Vec<String>,
    counts: [u64; BINS],
    clusters: Option<Clusters>,
}

impl GroupTally {
    pub(crate) fn new(values: Vec<String>, clustered: bool) -> Self {
        Self {
            values,
            counts: [0; BINS],
            clusters: clustered.then(Clusters::default),
        }
    }

    /// Counts one face of a cluster; in a tally without clusters the name is not looked at. Returns the number of new clusters.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more clusters than can be numbered.
    pub(crate) fn count(&mut self, cluster: Option<&str>, bin: usize) -> Result<usize> {
        self.counts[bin] += 1;
        match (&mut self.clusters, cluster) {
            (Some(clusters), Some(cluster)) => {
                let before = clusters.len();
                clusters
                    .add(cluster, bin, 1)
                    .ok_or_else(too_many_clusters)?;
                Ok(clusters.len() - before)
            }
            _ => Ok(0),
        }
    }

    /// Does as [`count`](Self::count) for a cluster with a short name.
    pub(crate) fn count_short(&mut self, cluster: &ShortKey, bin: usize) -> Result<usize> {
        self.counts[bin] += 1;
        match &mut self.clusters {
            Some(clusters) => {
                let before = clusters.len();
                clusters
                    .add_short(cluster, bin)
                    .ok_or_else(too_many_clusters)?;
                Ok(clusters.len() - before)
            }
            None => Ok(0),
        }
    }

    /// Returns the names of the clusters, if faces are counted by cluster.
    pub(crate) fn cluster_keys(&self) -> Option<&Keys<[u8; BINS]>> {
        self.clusters.as_ref().map(Clusters::keys)
    }

    /// Adds the counts of another group.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more clusters than can be numbered.
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
            *sum += count;
        }
        match (&mut self.clusters, &other.clusters) {
            (Some(mine), Some(others)) => mine.merge(others).ok_or_else(too_many_clusters),
            _ => Ok(()),
        }
    }

    /// Returns the values of the group's columns.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// Returns the faces by bin of the answer.
    pub fn counts(&self) -> &[u64; BINS] {
        &self.counts
    }

    /// Returns the number of faces.
    pub fn faces(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the number of clusters; without clusters, the number of faces.
    pub fn people(&self) -> u64 {
        match &self.clusters {
            Some(clusters) => clusters.len() as u64,
            None => self.faces(),
        }
    }

    /// Returns the number of people seen in any of the groups.
    pub(crate) fn people_of<'a>(groups: impl Iterator<Item = &'a Self>) -> u64 {
        let mut names: Keys = Keys::default();
        let mut faces = 0;
        for group in groups {
            match &group.clusters {
                Some(clusters) => clusters.names().for_each(|name| {
                    names.number(name.as_bytes());
                }),
                None => faces += group.faces(),
            }
        }
        faces + names.len() as u64
    }

    /// Returns the clusters with their counts, ordered by name so that sums over them are always the same.
    pub(crate) fn clusters(&self) -> Option<OrderedClusters<'_>> {
        self.clusters.as_ref().map(Clusters::ordered)
    }

    /// Returns the place of the group's random numbers.
    pub(crate) fn hash(&self) -> u64 {
        use std::fmt::Write;
        let mut text = String::new();
        for value in &self.values {
            // Writing into a String cannot fail.
            let _ = write!(text, "{}:{value}", value.len());
        }
        place(&text)
    }
}

fn too_many_clusters() -> Error {
    Error::TooMany {
        what: "clusters",
        limit: u32::MAX as usize,
    }
}
