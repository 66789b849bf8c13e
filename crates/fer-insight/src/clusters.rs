//! Counts of the clusters of a group.

use std::collections::HashMap;

use crate::answer::BINS;
use crate::keys::{Keys, ShortKey};

/// Faces by bin of the answer, for each cluster of a group.
///
/// Most people show few faces of a kind, so each count has a byte, and those beyond 255 a carry beside them: a tenth of the
/// memory of plain numbers, and as much faster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clusters {
    people: Keys<[u8; BINS]>,
    /// Multiples of 256 to add, by cluster and bin.
    carries: HashMap<(usize, usize), u32>,
}

/// Clusters that are looked up together, so that the processor waits for memory once.
pub(crate) const TOGETHER: usize = 256;

impl Clusters {
    /// Returns the number of clusters.
    pub(crate) fn len(&self) -> usize {
        self.people.len()
    }

    /// Adds faces of one bin; `None` if there are too many clusters to number.
    pub(crate) fn add(&mut self, name: &str, bin: usize, faces: u32) -> Option<()> {
        let cluster = self.people.number(name.as_bytes())?;
        self.count(cluster, bin, faces);
        Some(())
    }

    /// Adds a face of a cluster of a short name; `None` if there are too many clusters to number.
    pub(crate) fn add_short(&mut self, name: &ShortKey, bin: usize) -> Option<()> {
        let cluster = self.people.number_short(name)?;
        self.count(cluster, bin, 1);
        Some(())
    }

    /// The keys, to be fetched before faces are added.
    pub(crate) fn keys(&self) -> &Keys<[u8; BINS]> {
        &self.people
    }

    fn count(&mut self, cluster: usize, bin: usize, faces: u32) {
        let low = &mut self.people.value_mut(cluster)[bin];
        let sum = u32::from(*low).saturating_add(faces);
        *low = sum as u8;
        if sum > u32::from(u8::MAX) {
            let carry = self.carries.entry((cluster, bin)).or_default();
            *carry = carry.saturating_add(sum >> 8);
        }
    }

    /// Adds the clusters of another group; `None` if there are too many to number.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        for start in (0..other.len()).step_by(TOGETHER) {
            let clusters = start..other.len().min(start + TOGETHER);
            let keys = clusters.clone();
            let keys: Vec<ShortKey> = keys
                .filter_map(|number| ShortKey::new(other.people.get(number)))
                .collect();
            keys.iter().for_each(|key| self.people.fetch_slot(key));
            keys.iter().for_each(|key| self.people.fetch_entry(key));
            for cluster in clusters {
                let mine = self.people.number(other.people.get(cluster))?;
                for (bin, faces) in other.counts(cluster).into_iter().enumerate() {
                    if faces > 0 {
                        self.count(mine, bin, faces);
                    }
                }
            }
        }
        Some(())
    }

    /// Returns the names, in the order in which they came.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|cluster| self.name(cluster))
    }

    /// Returns the clusters, ordered by name so that sums over them are always the same.
    pub(crate) fn ordered(&self) -> OrderedClusters<'_> {
        OrderedClusters {
            clusters: self,
            order: self.people.ordered(),
        }
    }

    fn name(&self, cluster: usize) -> &str {
        // Only texts are added.
        std::str::from_utf8(self.people.get(cluster)).unwrap_or_default()
    }

    fn counts(&self, cluster: usize) -> [u32; BINS] {
        let low = self.people.value(cluster).map(u32::from);
        if self.carries.is_empty() {
            return low;
        }
        std::array::from_fn(|bin| {
            let carry = self.carries.get(&(cluster, bin)).copied();
            low[bin].saturating_add(carry.unwrap_or_default().saturating_mul(256))
        })
    }
}

impl PartialEq for Clusters {
    /// Compares by name: in another order of the faces, the clusters have other numbers.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.ordered().iter().eq(other.ordered().iter())
    }
}

/// The clusters of a group in the order of their names.
#[derive(Debug)]
pub(crate) struct OrderedClusters<'a> {
    clusters: &'a Clusters,
    order: Vec<u32>,
}

impl<'a> OrderedClusters<'a> {
    /// Returns the number of clusters.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns each cluster's name and faces by bin.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, [u32; BINS])> {
        let clusters = self.clusters;
        let numbers = self.order.iter().map(|&cluster| cluster as usize);
        numbers.map(|cluster| (clusters.name(cluster), clusters.counts(cluster)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_a_byte_carry() {
        let mut clusters = Clusters::default();
        for face in 0..1000_u32 {
            clusters.add("often", 3, 1).unwrap();
            clusters
                .add(&format!("once {face}"), face as usize % BINS, 1)
                .unwrap();
        }
        clusters.add("often", 3, 100_000).unwrap();
        let mut twice = clusters.clone();
        twice.merge(&clusters).unwrap();
        for (times, clusters) in [(1, &clusters), (2, &twice)] {
            assert_eq!(clusters.len(), 1001);
            let ordered = clusters.ordered();
            let (name, counts) = ordered.iter().next().unwrap();
            assert_eq!((name, counts[3]), ("often", times * 101_000));
            assert!(ordered.iter().map(|(name, _)| name).is_sorted());
            let faces: u32 = ordered.iter().flat_map(|(_, counts)| counts).sum();
            assert_eq!(faces, times * 102_000);
        }
        assert!(clusters != twice);
    }

    #[test]
    fn the_order_of_arrival_makes_no_difference() {
        let counted = |names: &[&str]| {
            let mut clusters = Clusters::default();
            for name in names {
                clusters.add(name, name.len(), 1).unwrap();
            }
            clusters
        };
        assert_eq!(counted(&["a", "bc", "a"]), counted(&["bc", "a", "a"]));
        assert_ne!(counted(&["a", "bc"]), counted(&["a", "b"]));
    }
}
