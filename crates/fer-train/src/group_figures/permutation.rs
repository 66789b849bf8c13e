//! The test of the largest gap: right and wrong answers are exchanged among the images of a class.

use fer_core::Emotion;

use crate::metrics::Outcome;
use crate::random::{Purpose, Random};

/// Permutations of a test.
const PERMUTATIONS: u64 = 9_999;

/// The seed is fixed: the same outcomes always give the same p-value.
const SEED: u64 = 0x6a9;

/// Right answers of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) right: usize,
    pub(super) n: usize,
}

impl Counts {
    pub(super) fn accuracy(self) -> f64 {
        self.right as f64 / self.n as f64
    }
}

pub(super) fn largest_gap(counts: &[Counts]) -> f64 {
    let accuracies = || counts.iter().map(|counts| counts.accuracy());
    accuracies().fold(f64::MIN, f64::max) - accuracies().fold(f64::MAX, f64::min)
}

/// Returns the p-value of the largest gap, by exchanging answers among the images of a class.
pub(super) fn permutation_test(groups: &[(&str, &[Outcome])], counts: &[Counts]) -> f64 {
    // Rounding must not tell two gaps of the same counts apart.
    let observed = largest_gap(counts) - 1e-12;
    let mut classes = Emotion::ALL.map(|class| Class::of(class, groups));
    let mut random = Random::new(SEED, Purpose::Permutation, 0, 0);
    let mut drawn = counts.to_vec();
    let mut as_large = 0;
    for _ in 0..PERMUTATIONS {
        for (drawn, counts) in drawn.iter_mut().zip(counts) {
            drawn.right = counts.n;
        }
        for class in &mut classes {
            class.draw(&mut random, &mut drawn);
        }
        as_large += u64::from(largest_gap(&drawn) >= observed);
    }
    (1 + as_large) as f64 / (1 + PERMUTATIONS) as f64
}

/// The images of one class over all groups.
struct Class {
    /// The group of each image.
    groups: Vec<usize>,
    wrong: usize,
}

impl Class {
    fn of(class: Emotion, groups: &[(&str, &[Outcome])]) -> Self {
        let members = groups
            .iter()
            .enumerate()
            .flat_map(|(group, (_, outcomes))| {
                let of_class = outcomes.iter().filter(move |o| o.truth == class);
                of_class.map(move |outcome| (group, outcome.is_correct()))
            });
        let members: Vec<(usize, bool)> = members.collect();
        Self {
            groups: members.iter().map(|(group, _)| *group).collect(),
            wrong: members.iter().filter(|(_, is_right)| !is_right).count(),
        }
    }

    /// Gives the wrong answers to images drawn without replacement, and takes them off the groups' right ones.
    fn draw(&mut self, random: &mut Random, counts: &mut [Counts]) {
        for place in 0..self.wrong {
            let rest = self.groups.len() - place;
            self.groups.swap(place, place + random.below(rest));
            counts[self.groups[place]].right -= 1;
        }
    }
}
