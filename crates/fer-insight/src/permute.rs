//! Tests of no difference between two groups by exchanging people.

use std::collections::HashMap;

use rand_distr::{Distribution, Hypergeometric};

use crate::answer::{BINS, EMOTIONS};
use crate::clusters::OrderedClusters;
use crate::effective::{Weight, by_answer};
use crate::group_tally::GroupTally;
use crate::random::{Purpose, Random};

/// Differences tested at once: the four emotions, and net.
const TESTS: usize = EMOTIONS + 1;

/// The p-values of one pair of groups.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PairTest {
    /// Clusters seen in both groups.
    pub(crate) paired: u64,
    /// p of each emotion by itself.
    pub(crate) raw: [f64; EMOTIONS],
    /// p of each emotion, adjusted for the four by the largest statistic (Westfall & Young 1993).
    pub(crate) adjusted: [f64; EMOTIONS],
    /// p of net.
    pub(crate) net: f64,
}

/// The part of one unit in a weighted mean: the mean over units is the sum of `value` over the sum of `weight`.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    value: [f64; EMOTIONS],
    weight: f64,
}

impl Part {
    fn new(counts: &[u32; BINS], weight: Weight) -> Self {
        let answers = by_answer(&counts.map(f64::from));
        let faces: f64 = answers.iter().sum();
        match weight {
            Weight::Cluster => Self {
                value: answers.map(|a| a / faces),
                weight: 1.0,
            },
            Weight::Faces => Self {
                value: answers,
                weight: faces,
            },
        }
    }

    fn add(&mut self, other: &Self) {
        for (sum, x) in self.value.iter_mut().zip(&other.value) {
            *sum += x;
        }
        self.weight += other.weight;
    }

    fn minus(&self, other: &Self) -> Self {
        Self {
            value: std::array::from_fn(|k| self.value[k] - other.value[k]),
            weight: self.weight - other.weight,
        }
    }

    fn sum<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        parts.into_iter().for_each(|part| sum.add(part));
        sum
    }
}

/// Tests two groups by `permutations` random exchanges of clusters: those of one group only change groups, those of both
/// swap their parts. p is `(b + 1) / (m + 1)` (Phipson & Smyth 2010). Without clusters, faces are exchanged.
pub(crate) fn test_pair(
    a: &GroupTally,
    b: &GroupTally,
    weight: Weight,
    permutations: u32,
    seed: u64,
) -> PairTest {
    let place = a.hash() ^ b.hash().rotate_left(1);
    let mut random = Random::new(seed, Purpose::Permutation, place);
    match (a.clusters(), b.clusters()) {
        (Some(a), Some(b)) => by_clusters(&a, &b, weight, permutations, &mut random),
        _ => by_faces(a, b, permutations, &mut random),
    }
}

fn by_clusters(
    a: &OrderedClusters<'_>,
    b: &OrderedClusters<'_>,
    weight: Weight,
    permutations: u32,
    random: &mut Random,
) -> PairTest {
    let of_b: HashMap<&str, Part> = b
        .iter()
        .map(|(name, counts)| (name, Part::new(&counts, weight)))
        .collect();
    let mut pairs = Vec::new();
    let mut single = Vec::new();
    let mut paired_names = std::collections::HashSet::new();
    for (name, counts) in a.iter() {
        let part = Part::new(&counts, weight);
        if let Some(other) = of_b.get(name) {
            pairs.push((part, *other));
            paired_names.insert(name);
        } else {
            single.push(part);
        }
    }
    let of_a = single.len();
    let rest = b.iter().filter(|(name, _)| !paired_names.contains(name));
    single.extend(rest.map(|(_, counts)| Part::new(&counts, weight)));

    let all = Part::sum(single.iter().chain(pairs.iter().flat_map(|(x, y)| [x, y])));
    let units = (single.len() + 2 * pairs.len()) as f64;
    let mut deviations = [0.0; TESTS];
    for part in single.iter().chain(pairs.iter().flat_map(|(x, y)| [x, y])) {
        let residual: [f64; EMOTIONS] =
            std::array::from_fn(|k| part.value[k] - part.weight * all.value[k] / all.weight);
        let residual = with_net(&residual);
        for (sum, r) in deviations.iter_mut().zip(&residual) {
            *sum += r * r / units;
        }
    }
    let scale = deviations.map(f64::sqrt);
    let statistic = |in_a: &Part| statistic(in_a, &all.minus(in_a), &scale);
    let observed = statistic(&Part::sum(
        single[..of_a].iter().chain(pairs.iter().map(|(x, _)| x)),
    ));
    let mut tally = PermutationTally::new(observed);
    let singles = single.len();
    for _ in 0..permutations {
        let mut in_a = Part::default();
        for i in 0..of_a {
            single.swap(i, i + random.below(singles - i));
            in_a.add(&single[i]);
        }
        for (x, y) in &pairs {
            in_a.add(if random.uniform() < 0.5 { x } else { y });
        }
        tally.add(&statistic(&in_a));
    }
    tally.finish(pairs.len() as u64)
}

fn by_faces(a: &GroupTally, b: &GroupTally, permutations: u32, random: &mut Random) -> PairTest {
    let answers = |group: &GroupTally| by_answer(&group.counts().map(|count| count as f64));
    let part = |value: [f64; EMOTIONS]| Part {
        value,
        weight: value.iter().sum(),
    };
    let (own, other) = (part(answers(a)), part(answers(b)));
    let all = Part::sum([&own, &other]);
    let shares = all.value.map(|x| x / all.weight);
    let net = shares[0] - shares[1];
    let variance = with_net(&shares.map(|p| p * (1.0 - p)));
    let mut scale = variance.map(f64::sqrt);
    scale[EMOTIONS] = (shares[0] + shares[1] - net * net).max(0.0).sqrt();
    let mut tally = PermutationTally::new(statistic(&own, &other, &scale));
    for _ in 0..permutations {
        let mut left = all.weight as u64;
        let mut free = own.weight as u64;
        let drawn = all.value.map(|count| {
            let taken = random.hypergeometric(left, count as u64, free);
            left -= count as u64;
            free -= taken;
            taken as f64
        });
        let drawn = part(drawn);
        tally.add(&statistic(&drawn, &all.minus(&drawn), &scale));
    }
    tally.finish(0)
}

fn with_net(values: &[f64; EMOTIONS]) -> [f64; TESTS] {
    std::array::from_fn(|k| values.get(k).copied().unwrap_or(values[0] - values[1]))
}

/// Returns the absolute differences of the means, in units of `scale`; 0 where nothing varies.
fn statistic(a: &Part, b: &Part, scale: &[f64; TESTS]) -> [f64; TESTS] {
    let difference = std::array::from_fn(|k| a.value[k] / a.weight - b.value[k] / b.weight);
    let difference = with_net(&difference);
    std::array::from_fn(|k| {
        let varies = scale[k] > 1e-12;
        if varies {
            difference[k].abs() / scale[k]
        } else {
            0.0
        }
    })
}

/// Counts of permutations whose statistic is at least the observed one.
struct PermutationTally {
    observed: [f64; TESTS],
    raw: [u32; TESTS],
    largest: [u32; EMOTIONS],
    permutations: u32,
}

impl PermutationTally {
    fn new(observed: [f64; TESTS]) -> Self {
        Self {
            // Sums in another order must not make an equal statistic smaller.
            observed: observed.map(|t| t - 1e-9 * t.abs().max(1e-3)),
            raw: [0; TESTS],
            largest: [0; EMOTIONS],
            permutations: 0,
        }
    }

    fn add(&mut self, statistic: &[f64; TESTS]) {
        let largest = statistic[..EMOTIONS].iter().copied().fold(0.0, f64::max);
        for ((count, found), observed) in self.raw.iter_mut().zip(statistic).zip(&self.observed) {
            *count += u32::from(found >= observed);
        }
        for (count, observed) in self.largest.iter_mut().zip(&self.observed) {
            *count += u32::from(largest >= *observed);
        }
        self.permutations += 1;
    }

    fn finish(&self, paired: u64) -> PairTest {
        let p = |count: u32| (f64::from(count) + 1.0) / (f64::from(self.permutations) + 1.0);
        PairTest {
            paired,
            raw: std::array::from_fn(|k| p(self.raw[k])),
            adjusted: self.largest.map(p),
            net: p(self.raw[EMOTIONS]),
        }
    }
}

impl Random {
    /// Draws the number of marked ones among `taken` of `total` things, `marked` of which are marked.
    fn hypergeometric(&mut self, total: u64, marked: u64, taken: u64) -> u64 {
        match Hypergeometric::new(total, marked, taken) {
            Ok(distribution) => distribution.sample(self.generator()),
            Err(_) => 0,
        }
    }
}
