//! Counts of a field of faces by group and cluster, in one pass.

use std::collections::HashMap;

use crate::answer::{BINS, EMOTIONS, bin, check_probabilities};
use crate::random::place;
use crate::{Error, Result};

/// The most groups that a table may have.
pub const MAX_GROUPS: usize = 100_000;

/// One face of the field.
#[derive(Debug, Clone, Copy)]
pub struct Face<'a> {
    /// The model's probabilities under the natural priors.
    pub probabilities: [f64; EMOTIONS],
    /// The values of the columns that make the groups.
    pub group: &'a [&'a str],
    /// The unit that repeats: a person, a customer, a visit.
    pub cluster: Option<&'a str>,
}

/// Faces by bin of the answer, for each group and cluster.
///
/// Only integers are added, so the order of the faces and the split into partial tallies change nothing. Memory grows
/// with groups and clusters, not with faces.
#[derive(Debug, Clone)]
pub struct Tally {
    columns: Vec<String>,
    clustered: bool,
    groups: HashMap<Box<str>, GroupTally>,
    rows: u64,
    key: String,
}

/// The counts of one group.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GroupTally {
    values: Vec<String>,
    counts: [u64; BINS],
    clusters: Option<HashMap<Box<str>, [u32; BINS]>>,
}

impl Tally {
    /// Makes an empty tally of the groups that `columns` make. In a clustered tally each face names its cluster.
    pub fn new(columns: &[&str], clustered: bool) -> Self {
        Self {
            columns: columns.iter().map(|&column| column.into()).collect(),
            clustered,
            groups: HashMap::new(),
            rows: 0,
            key: String::new(),
        }
    }

    /// Counts one face.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] with the number of the face, from 1, for probabilities that are no distribution and for a
    /// missing group value or cluster; [`Error::TooMany`] beyond [`MAX_GROUPS`] groups.
    pub fn add(&mut self, face: &Face<'_>) -> Result<()> {
        let row = self.rows + 1;
        check_probabilities(&face.probabilities, row)?;
        if face.group.len() != self.columns.len() {
            return Err(Error::InvalidRow {
                row,
                what: format!(
                    "expected one value for each of {} group columns",
                    self.columns.len()
                ),
                found: format!("{} values", face.group.len()),
            });
        }
        let cluster = face.cluster.filter(|cluster| !cluster.is_empty());
        if self.clustered && cluster.is_none() {
            return Err(Error::InvalidRow {
                row,
                what: "expected the cluster of the face".into(),
                found: "none".into(),
            });
        }
        encode(&mut self.key, face.group);
        if !self.groups.contains_key(self.key.as_str()) {
            if self.groups.len() == MAX_GROUPS {
                return Err(Error::TooMany {
                    what: "groups",
                    limit: MAX_GROUPS,
                });
            }
            let values = face.group.iter().map(|&value| value.into()).collect();
            let group = GroupTally::new(values, self.clustered);
            self.groups.insert(self.key.as_str().into(), group);
        }
        if let Some(group) = self.groups.get_mut(self.key.as_str()) {
            let mut counts = [0; BINS];
            counts[bin(&face.probabilities)] = 1;
            group.add(&counts, cluster);
        }
        self.rows = row;
        Ok(())
    }

    /// Adds the counts of another tally of the same columns.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for other columns, [`Error::TooMany`] beyond [`MAX_GROUPS`] groups.
    pub fn merge(&mut self, other: Self) -> Result<()> {
        if (&self.columns, self.clustered) != (&other.columns, other.clustered) {
            return Err(Error::InvalidArgument {
                name: "other",
                expected: format!(
                    "a tally by {:?}, clustered: {}",
                    self.columns, self.clustered
                ),
                found: format!("one by {:?}, clustered: {}", other.columns, other.clustered),
            });
        }
        let new = other
            .groups
            .keys()
            .filter(|key| !self.groups.contains_key(*key));
        if self.groups.len() + new.count() > MAX_GROUPS {
            return Err(Error::TooMany {
                what: "groups",
                limit: MAX_GROUPS,
            });
        }
        for (key, group) in other.groups {
            match self.groups.entry(key) {
                std::collections::hash_map::Entry::Occupied(mut mine) => {
                    mine.get_mut().merge(&group)
                }
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(group);
                }
            }
        }
        self.rows += other.rows;
        Ok(())
    }

    /// Returns the columns that make the groups.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Returns `true` if the faces are counted by cluster.
    pub fn is_clustered(&self) -> bool {
        self.clustered
    }

    /// Returns the number of faces counted.
    pub fn faces(&self) -> u64 {
        self.rows
    }

    /// Returns the groups, ordered by their values.
    pub fn groups(&self) -> Vec<&GroupTally> {
        let mut groups: Vec<&GroupTally> = self.groups.values().collect();
        groups.sort_by(|a, b| a.values.cmp(&b.values));
        groups
    }

    /// Returns the group with these values.
    pub fn group(&self, values: &[&str]) -> Option<&GroupTally> {
        let mut key = String::new();
        encode(&mut key, values);
        self.groups.get(key.as_str())
    }

    /// Returns all groups as one, which has no values. A cluster seen in several groups is one cluster of the total.
    pub fn total(&self) -> GroupTally {
        let mut total = GroupTally::new(Vec::new(), self.clustered);
        for group in self.groups.values() {
            total.merge(group);
        }
        total
    }
}

impl GroupTally {
    fn new(values: Vec<String>, clustered: bool) -> Self {
        Self {
            values,
            counts: [0; BINS],
            clusters: clustered.then(HashMap::new),
        }
    }

    fn add(&mut self, counts: &[u32; BINS], cluster: Option<&str>) {
        for (sum, count) in self.counts.iter_mut().zip(counts) {
            *sum += u64::from(*count);
        }
        let (Some(clusters), Some(cluster)) = (&mut self.clusters, cluster) else {
            return;
        };
        if !clusters.contains_key(cluster) {
            clusters.insert(cluster.into(), [0; BINS]);
        }
        if let Some(sums) = clusters.get_mut(cluster) {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum = sum.saturating_add(*count);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        match &other.clusters {
            Some(clusters) => {
                for (cluster, counts) in clusters {
                    self.add(counts, Some(cluster));
                }
            }
            None => {
                for (sum, count) in self.counts.iter_mut().zip(&other.counts) {
                    *sum += count;
                }
            }
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

    /// Returns the clusters with their counts, ordered by name so that sums over them are always the same.
    pub(crate) fn clusters(&self) -> Option<Vec<(&str, &[u32; BINS])>> {
        let clusters = self.clusters.as_ref()?.iter();
        let mut clusters: Vec<(&str, &[u32; BINS])> =
            clusters.map(|(name, counts)| (&**name, counts)).collect();
        clusters.sort_unstable_by_key(|(name, _)| *name);
        Some(clusters)
    }

    /// Returns the place of the group's random numbers.
    pub(crate) fn hash(&self) -> u64 {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        let mut key = String::new();
        encode(&mut key, &values);
        place(&key)
    }
}

/// Writes the values as one text that no other values give: each with its length before it.
fn encode(key: &mut String, values: &[&str]) {
    use std::fmt::Write;
    key.clear();
    for value in values {
        // Writing into a String cannot fail.
        let _ = write!(key, "{}:{value}", value.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: [[f64; 4]; 4] = [
        [0.97, 0.01, 0.01, 0.01],
        [0.01, 0.97, 0.01, 0.01],
        [0.01, 0.01, 0.97, 0.01],
        [0.01, 0.01, 0.01, 0.97],
    ];

    fn faces() -> Vec<([f64; 4], String, String)> {
        let one = |i: usize| {
            (
                SURE[i * i % 4],
                format!("g{}", i % 3),
                format!("p{}", i % 11),
            )
        };
        (0..200).map(one).collect()
    }

    fn tally(faces: &[([f64; 4], String, String)]) -> Tally {
        let mut tally = Tally::new(&["site"], true);
        for (probabilities, group, cluster) in faces {
            let face = Face {
                probabilities: *probabilities,
                group: &[group],
                cluster: Some(cluster),
            };
            tally.add(&face).unwrap();
        }
        tally
    }

    #[test]
    fn neither_order_nor_split_changes_the_counts() {
        let faces = faces();
        let whole = tally(&faces);
        let mut reversed = faces.clone();
        reversed.reverse();
        let mut parts = tally(&reversed[..77]);
        parts.merge(tally(&reversed[77..])).unwrap();
        assert_eq!(whole.groups(), parts.groups());
        assert_eq!(whole.total(), parts.total());
        assert_eq!(whole.total().people(), 11);
        assert_eq!(whole.total().faces(), 200);
    }

    #[test]
    fn values_with_any_content_stay_apart() {
        let mut tally = Tally::new(&["a", "b"], false);
        for group in [["1:x", ""], ["", "1:x"], ["1", ":x"]] {
            let face = Face {
                probabilities: SURE[0],
                group: &group,
                cluster: None,
            };
            tally.add(&face).unwrap();
        }
        assert_eq!(tally.groups().len(), 3);
        assert_eq!(tally.group(&["", "1:x"]).unwrap().faces(), 1);
    }

    #[test]
    fn refusals_name_the_row() {
        let mut tally = Tally::new(&["site"], true);
        let good = Face {
            probabilities: SURE[0],
            group: &["a"],
            cluster: Some("p"),
        };
        tally.add(&good).unwrap();
        let bad = [
            Face {
                cluster: None,
                ..good
            },
            Face { group: &[], ..good },
            Face {
                probabilities: [97.0, 1.0, 1.0, 1.0],
                ..good
            },
        ];
        for face in &bad {
            let error = tally.add(face).unwrap_err();
            assert!(error.to_string().starts_with("row 2: "), "{error}");
        }
        assert_eq!(tally.faces(), 1);
        assert!(tally.merge(Tally::new(&["site"], false)).is_err());
    }

    #[test]
    fn a_million_groups_are_refused() {
        let mut tally = Tally::new(&["id"], false);
        let mut result = Ok(());
        for i in 0..=MAX_GROUPS {
            let id = i.to_string();
            result = tally.add(&Face {
                probabilities: SURE[0],
                group: &[&id],
                cluster: None,
            });
        }
        assert!(matches!(result, Err(Error::TooMany { .. })));
    }
}
