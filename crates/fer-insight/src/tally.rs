//! Counts of a field of faces by group and cluster, in one pass.

use crate::answer::{EMOTIONS, bin, check_probabilities};
use crate::group_key::GroupKey;
use crate::group_tally::GroupTally;
use crate::keys::{Keys, ShortKey};
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
    /// The values of each group as one key.
    keys: Keys,
    groups: Vec<GroupTally>,
    rows: u64,
    /// Groups, and clusters of each.
    size: usize,
}

/// A face to be counted in a clustered tally.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    /// The number of its group.
    pub(crate) group: usize,
    /// The bin of its answer.
    pub(crate) bin: usize,
    /// Its cluster, if the name is short.
    pub(crate) cluster: ShortKey,
}

impl Tally {
    /// Makes an empty tally of the groups that `columns` make. In a clustered tally each face names its cluster.
    pub fn new(columns: &[&str], clustered: bool) -> Self {
        Self {
            columns: columns.iter().map(|&column| column.into()).collect(),
            clustered,
            keys: Keys::default(),
            groups: Vec::new(),
            rows: 0,
            size: 0,
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
        let group = GroupKey::of(face.group);
        self.count(&group, face.cluster, bin(&face.probabilities))
    }

    /// Counts one face by the bin of its answer. The group has a value for each column.
    ///
    /// # Errors
    /// [`Error::InvalidRow`] without a cluster where faces have one, [`Error::TooMany`] beyond [`MAX_GROUPS`] groups.
    pub(crate) fn count(
        &mut self,
        group: &GroupKey,
        cluster: Option<&str>,
        bin: usize,
    ) -> Result<()> {
        let cluster = cluster.filter(|cluster| self.clustered && !cluster.is_empty());
        if self.clustered && cluster.is_none() {
            return Err(Error::InvalidRow {
                row: self.rows + 1,
                what: "expected the cluster of the face".into(),
                found: "none".into(),
            });
        }
        let number = self.group_number(group)?;
        self.size += self.groups[number].count(cluster, bin)?;
        self.rows += 1;
        Ok(())
    }

    /// Counts faces of clusters.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more clusters than can be numbered.
    pub(crate) fn count_together(&mut self, faces: &[Waiting]) -> Result<()> {
        let keys = |face: &Waiting| self.groups[face.group].cluster_keys();
        for face in faces {
            if let Some(keys) = keys(face) {
                keys.fetch_slot(&face.cluster);
            }
        }
        for face in faces {
            if let Some(keys) = keys(face) {
                keys.fetch_entry(&face.cluster);
            }
        }
        for face in faces {
            self.size += self.groups[face.group].count_short(&face.cluster, face.bin)?;
        }
        self.rows += faces.len() as u64;
        Ok(())
    }

    /// Returns the number of a group, which is an empty one if it is new.
    ///
    /// # Errors
    /// [`Error::TooMany`] beyond [`MAX_GROUPS`] groups.
    pub(crate) fn group_number(&mut self, key: &GroupKey) -> Result<usize> {
        Ok(match self.keys.find(key.bytes()) {
            Some(number) => number,
            None if self.groups.len() < MAX_GROUPS => {
                self.groups
                    .push(GroupTally::new(key.values(), self.clustered));
                self.size += 1;
                self.keys.number(key.bytes()).unwrap_or_default()
            }
            None => {
                return Err(Error::TooMany {
                    what: "groups",
                    limit: MAX_GROUPS,
                });
            }
        })
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
        for (number, group) in other.groups.into_iter().enumerate() {
            let key = GroupKey::from_bytes(other.keys.get(number));
            let mine = self.group_number(&key)?;
            let mine = &mut self.groups[mine];
            if mine.faces() == 0 {
                *mine = group;
            } else {
                mine.merge(&group)?;
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

    /// Returns the number of counts added so far: those of each cluster in each group. Merging adds none.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Returns the groups, ordered by their values.
    pub fn groups(&self) -> Vec<&GroupTally> {
        let mut groups: Vec<&GroupTally> = self.groups.iter().collect();
        groups.sort_by(|a, b| a.values().cmp(b.values()));
        groups
    }

    /// Returns the group with these values.
    pub fn group(&self, values: &[&str]) -> Option<&GroupTally> {
        let number = self.keys.find(GroupKey::of(values).bytes())?;
        self.groups.get(number)
    }

    /// Returns all groups as one, which has no values. A cluster seen in several groups is one cluster of the total.
    ///
    /// # Errors
    /// [`Error::TooMany`] for more clusters than can be numbered.
    pub fn total(&self) -> Result<GroupTally> {
        let mut total = GroupTally::new(Vec::new(), self.clustered);
        for group in &self.groups {
            total.merge(group)?;
        }
        Ok(total)
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
        let total = whole.total().unwrap();
        assert_eq!(total, parts.total().unwrap());
        assert_eq!((total.people(), total.faces()), (11, 200));
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
