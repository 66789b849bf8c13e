//! Counts of the clusters of a group.

use std::collections::HashMap;

use crate::answer::BINS;
use crate::keys::Keys;

/// Faces by bin of the answer, for each cluster of a group.
///
/// Most people show few faces of a kind, so each count has a byte, and those beyond 255 a carry beside them: a tenth of the
/// memory of plain numbers, and as much faster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clusters {
    names: Keys,
    low: Vec<[u8; BINS]>,
    /// Multiples of 256 to add, by cluster and bin.
    carries: HashMap<(usize, usize), u32>,
}

impl Clusters {
    /// Returns the number of clusters.
    pub(crate) fn len(&self) -> usize {
        self.low.len()
    }

    /// Adds faces of one bin; `None` if there are too many clusters to number.
    pub(crate) fn add(&mut self, name: &str, bin: usize, faces: u32) -> Option<()> {
        let cluster = self.names.number(name.as_bytes())?;
        if cluster == self.low.len() {
            self.low.push([0; BINS]);
        }
        let sum = u32::from(self.low[cluster][bin]).saturating_add(faces);
        self.low[cluster][bin] = sum as u8;
        if sum > u32::from(u8::MAX) {
            let carry = self.carries.entry((cluster, bin)).or_default();
            *carry = carry.saturating_add(sum >> 8);
        }
        Some(())
    }

    /// Adds the clusters of another group; `None` if there are too many to number.
    pub(crate) fn merge(&mut self, other: &Self) -> Option<()> {
        for cluster in 0..other.len() {
            let name = other.name(cluster);
            for (bin, faces) in other.counts(cluster).into_iter().enumerate() {
                if faces > 0 {
                    self.add(name, bin, faces)?;
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
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|&cluster| self.names.get(cluster as usize));
        OrderedClusters {
            clusters: self,
            order,
        }
    }

    fn name(&self, cluster: usize) -> &str {
        // Only texts are added.
        std::str::from_utf8(self.names.get(cluster)).unwrap_or_default()
    }

    fn counts(&self, cluster: usize) -> [u32; BINS] {
        let low = self.low[cluster].map(u32::from);
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
