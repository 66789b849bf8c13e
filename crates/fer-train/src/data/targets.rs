//! Which training images are used, and what the network should answer to each.

use std::ops::Range;

use fer_core::{Emotion, PerEmotion};

use crate::config::{ClassWeights, TooFewVotes, VotesConfig};
use crate::dataset::Item;
use crate::dataset::class_counts;
use crate::faces::FaceSet;
use crate::votes::{Ballot, Votes};

/// The most outputs of a network in training: one a class, and one for each other column of votes.
pub(crate) const MAX_OUTPUTS: usize = Emotion::COUNT + Ballot::OTHERS.len();

/// One number for each class, and one for each of [`Ballot::OTHERS`]: 0 where those are not learned.
pub(crate) type Target = [f32; MAX_OUTPUTS];

/// One training image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Example {
    /// Index into the training faces.
    pub(crate) face: usize,
    /// Distribution that the network should answer. The sum is 1, or the image's weight in [`Selection::into_examples`].
    pub(crate) target: Target,
}

/// The training images chosen, with the label of the folder or the shares of the votes.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) chosen: Vec<Example>,
    /// Images left out because too few votes are for the four classes.
    pub(super) without_votes: usize,
}

impl Selection {
    /// Chooses from `faces` those in `range`, but not those at the indices `left_out` (ascending) and those without enough votes.
    pub(super) fn new(
        faces: &FaceSet,
        range: Range<usize>,
        left_out: &[usize],
        votes: Option<&Votes>,
        config: &VotesConfig,
    ) -> Self {
        let mut selection = Self {
            chosen: Vec::with_capacity(range.len()),
            without_votes: 0,
        };
        for (face, item) in range.clone().zip(&faces.items()[range]) {
            if left_out.binary_search(&face).is_ok() {
                continue;
            }
            match target_of(item, votes, config) {
                Some(target) => selection.chosen.push(Example { face, target }),
                None => selection.without_votes += 1,
            }
        }
        selection
    }

    /// The images of each class, by the class that weighs most in the target; those of no class are not counted.
    pub(super) fn class_counts(&self) -> PerEmotion<usize> {
        let largest = |example: &Example| largest(&example.target);
        class_counts(self.chosen.iter().filter_map(largest))
    }

    /// The factor on the loss of each class.
    pub(super) fn class_weights(&self, rule: ClassWeights) -> PerEmotion<f32> {
        match rule {
            ClassWeights::None => PerEmotion([1.0; Emotion::COUNT]),
            ClassWeights::Balanced => {
                let sums = self.class_sums();
                let even = sums.iter().sum::<f64>() / Emotion::COUNT as f64;
                PerEmotion(sums.map(|sum| (even / sum) as f32))
            }
        }
    }

    /// The share of each class in the loss if the classes are weighted by `rule`.
    pub(super) fn mix_in_loss(&self, rule: ClassWeights) -> PerEmotion<f32> {
        self.class_mix(&self.class_weights(rule))
    }

    /// The share of each class in the loss.
    fn class_mix(&self, weights: &PerEmotion<f32>) -> PerEmotion<f32> {
        let sums = self.class_sums();
        let weighted = PerEmotion::from_fn(|class| sums[class.index()] * f64::from(weights[class]));
        let total: f64 = weighted.0.iter().sum();
        PerEmotion(weighted.0.map(|sum| (sum / total) as f32))
    }

    fn class_sums(&self) -> [f64; Emotion::COUNT] {
        let mut sums = [0.0; Emotion::COUNT];
        for example in &self.chosen {
            for (sum, share) in sums.iter_mut().zip(example.target) {
                *sum += f64::from(share);
            }
        }
        sums
    }

    /// Smooths the targets (Szegedy et al. 2016) and weighs each image by the classes that it was chosen for.
    pub(super) fn into_examples(self, smoothing: f32, weights: &PerEmotion<f32>) -> Vec<Example> {
        let finish = |example: Example| {
            let (classes, others) = example.target.split_at(Emotion::COUNT);
            let weighted = classes
                .iter()
                .zip(weights.0)
                .map(|(share, weight)| share * weight);
            let weight = weighted.sum::<f32>() + others.iter().sum::<f32>();
            let mut target = example
                .target
                .map(|share| weight * (1.0 - smoothing) * share);
            for share in &mut target[..Emotion::COUNT] {
                *share += weight * smoothing / Emotion::COUNT as f32;
            }
            Example { target, ..example }
        };
        self.chosen.into_iter().map(finish).collect()
    }
}

/// The class that weighs most, the first of equal ones; none where no class weighs anything.
fn largest(target: &Target) -> Option<Emotion> {
    let weight = |emotion: Emotion| target[emotion.index()];
    let larger = |best: Emotion, other: Emotion| {
        if weight(other) > weight(best) {
            other
        } else {
            best
        }
    };
    Emotion::ALL
        .into_iter()
        .reduce(larger)
        .filter(|&emotion| weight(emotion) > 0.0)
}

/// The shares of the votes, or the folder's class where there are no votes at all or the configuration falls back to it.
fn target_of(item: &Item, votes: Option<&Votes>, config: &VotesConfig) -> Option<Target> {
    let Some(votes) = votes else {
        return Some(one_hot(item.emotion));
    };
    let target = votes
        .of(&item.path)
        .and_then(|ballot| shares(&ballot, config));
    match config.too_few {
        TooFewVotes::Drop => target,
        TooFewVotes::FolderLabel => target.or_else(|| Some(one_hot(item.emotion))),
    }
}

/// The shares of the votes that count; none where too few do.
fn shares(ballot: &Ballot, config: &VotesConfig) -> Option<Target> {
    let (classes, others) = if config.others {
        ballot.soft_target_of_all(config.smoothing)?
    } else {
        let enough = ballot.in_classes() as f32 >= config.min_share * ballot.total() as f32;
        let classes = enough
            .then(|| ballot.soft_target(config.smoothing))
            .flatten()?;
        (classes, [0.0; Ballot::OTHERS.len()])
    };
    let mut target = [0.0; MAX_OUTPUTS];
    target[..Emotion::COUNT].copy_from_slice(&classes);
    target[Emotion::COUNT..].copy_from_slice(&others);
    Some(target)
}

fn one_hot(emotion: Emotion) -> Target {
    let mut target = [0.0; MAX_OUTPUTS];
    target[emotion.index()] = 1.0;
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shares of the classes, and of the first other expression.
    fn target(classes: [f32; Emotion::COUNT], other: f32) -> Target {
        let mut target = [0.0; MAX_OUTPUTS];
        target[..Emotion::COUNT].copy_from_slice(&classes);
        target[Emotion::COUNT] = other;
        target
    }

    fn selection_of(targets: &[Target]) -> Selection {
        let chosen = targets
            .iter()
            .enumerate()
            .map(|(face, &target)| Example { face, target })
            .collect();
        Selection {
            chosen,
            without_votes: 0,
        }
    }

    /// Three happy images, one sad and one half neutral, half surprise.
    fn selection() -> Selection {
        let happy = one_hot(Emotion::Happy);
        let mixed = target([0.0, 0.0, 0.5, 0.5], 0.0);
        selection_of(&[happy, happy, happy, one_hot(Emotion::Sad), mixed])
    }

    fn total(examples: &[Example]) -> f32 {
        examples.iter().flat_map(|example| example.target).sum()
    }

    #[test]
    fn balanced_weights_make_an_even_mix_and_keep_the_mean_weight() {
        let selection = selection();
        let weights = selection.class_weights(ClassWeights::Balanced);
        assert_eq!(selection.class_mix(&weights), PerEmotion([0.25; 4]));
        let total = total(&selection.into_examples(0.0, &weights));
        assert!((total - 5.0).abs() < 1e-5, "{total}");
    }

    #[test]
    fn the_mix_without_weights_is_that_of_the_targets() {
        let selection = selection();
        let weights = selection.class_weights(ClassWeights::None);
        assert_eq!(
            selection.class_mix(&weights),
            PerEmotion([0.6, 0.2, 0.1, 0.1])
        );
    }

    #[test]
    fn other_expressions_are_in_no_class_and_weigh_what_they_are() {
        let half = target([0.5, 0.0, 0.0, 0.0], 0.5);
        let none = target([0.0; Emotion::COUNT], 1.0);
        let others = selection_of(&[half, none, one_hot(Emotion::Sad)]);
        assert_eq!(others.class_counts(), PerEmotion([1, 1, 0, 0]));
        let weights = PerEmotion([3.0, 1.0, 1.0, 1.0]);
        assert_eq!(others.class_mix(&weights), PerEmotion([0.6, 0.4, 0.0, 0.0]));
        let examples = others.into_examples(0.0, &weights);
        assert_eq!(examples[0].target, target([1.0, 0.0, 0.0, 0.0], 1.0));
        assert_eq!(examples[1].target, none);
    }

    #[test]
    fn smoothing_spreads_its_share_evenly_over_the_classes() {
        let half = target([0.5, 0.0, 0.0, 0.0], 0.5);
        let examples = selection_of(&[one_hot(Emotion::Happy), half])
            .into_examples(0.2, &PerEmotion([1.0; 4]));
        let expected = [
            target([0.85, 0.05, 0.05, 0.05], 0.0),
            target([0.45, 0.05, 0.05, 0.05], 0.4),
        ];
        for (example, expected) in examples.iter().zip(expected) {
            let near = |(found, expected): (&f32, f32)| (found - expected).abs() < 1e-6;
            assert!(example.target.iter().zip(expected).all(near), "{example:?}");
        }
    }

    #[test]
    fn votes_for_others_count_only_where_they_are_asked_for() {
        let ballot = Ballot {
            emotions: [0, 2, 0, 0],
            others: [6, 0, 0, 0, 0, 2],
        };
        let mut config = VotesConfig {
            smoothing: 0.0,
            ..VotesConfig::default()
        };
        assert_eq!(
            shares(&ballot, &config),
            None,
            "too few votes are in the classes"
        );
        config.min_share = 0.2;
        assert_eq!(shares(&ballot, &config), Some(one_hot(Emotion::Sad)));
        config = VotesConfig {
            others: true,
            smoothing: 0.0,
            ..VotesConfig::default()
        };
        let mut expected = target([0.0, 0.2, 0.0, 0.0], 0.6);
        expected[MAX_OUTPUTS - 1] = 0.2;
        assert_eq!(shares(&ballot, &config), Some(expected));
    }
}
