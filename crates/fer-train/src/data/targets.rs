//! Which training images are used, and what the network should answer to each.

use fer_core::{Emotion, PerEmotion};

use crate::config::{ClassWeights, TooFewVotes, VotesConfig};
use crate::dataset::Item;
use crate::faces::Faces;
use crate::votes::Votes;

/// One number for each class.
pub(crate) type Target = [f32; Emotion::COUNT];

/// One training image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Example {
    /// Index into the training faces.
    pub(crate) face: usize,
    /// What the network should answer. The sum of the four is 1, or the image's weight in [`Selection::into_examples`].
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
    /// Chooses from `faces` all but those at the indices `left_out` (ascending) and those without enough votes.
    pub(super) fn new(
        faces: &Faces,
        left_out: &[usize],
        votes: Option<&Votes>,
        config: &VotesConfig,
    ) -> Self {
        let mut selection = Self {
            chosen: Vec::with_capacity(faces.len()),
            without_votes: 0,
        };
        for (face, item) in faces.items().iter().enumerate() {
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

    /// The images of each class, by the class that weighs most in the target.
    pub(super) fn class_counts(&self) -> PerEmotion<usize> {
        super::class_counts(self.chosen.iter().map(|example| largest(&example.target)))
    }

    /// The factor on the loss of each class.
    pub(super) fn class_weights(&self, rule: ClassWeights) -> Target {
        match rule {
            ClassWeights::None => [1.0; Emotion::COUNT],
            ClassWeights::Balanced => {
                let even = self.chosen.len() as f64 / Emotion::COUNT as f64;
                self.class_sums().map(|sum| (even / sum) as f32)
            }
        }
    }

    /// The share of each class in the loss.
    pub(super) fn class_mix(&self, weights: &Target) -> PerEmotion<f32> {
        let sums = self.class_sums();
        let weighted =
            PerEmotion::from_fn(|class| sums[class.index()] * f64::from(weights[class.index()]));
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
    pub(super) fn into_examples(self, smoothing: f32, weights: &Target) -> Vec<Example> {
        let finish = |example: Example| {
            let weight: f32 = example
                .target
                .iter()
                .zip(weights)
                .map(|(share, weight)| share * weight)
                .sum();
            let target = example.target.map(|share| {
                weight * ((1.0 - smoothing) * share + smoothing / Emotion::COUNT as f32)
            });
            Example { target, ..example }
        };
        self.chosen.into_iter().map(finish).collect()
    }
}

fn largest(target: &Target) -> Emotion {
    let larger = |best: Emotion, other: Emotion| {
        if target[other.index()] > target[best.index()] {
            other
        } else {
            best
        }
    };
    Emotion::ALL.into_iter().fold(Emotion::ALL[0], larger)
}

/// The shares of the votes, or the folder's class where there are no votes at all or the configuration falls back to it.
fn target_of(item: &Item, votes: Option<&Votes>, config: &VotesConfig) -> Option<Target> {
    let Some(votes) = votes else {
        return Some(one_hot(item.emotion));
    };
    let ballot = votes.of(&item.path);
    let enough = ballot
        .filter(|ballot| ballot.in_classes() as f32 >= config.min_share * ballot.total as f32);
    let target = enough.and_then(|ballot| ballot.soft_target(config.smoothing));
    match config.too_few {
        TooFewVotes::Drop => target,
        TooFewVotes::FolderLabel => target.or_else(|| Some(one_hot(item.emotion))),
    }
}

fn one_hot(emotion: Emotion) -> Target {
    let mut target = [0.0; Emotion::COUNT];
    target[emotion.index()] = 1.0;
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three happy images, one sad and one half neutral, half surprise.
    fn selection() -> Selection {
        let mut targets = vec![one_hot(Emotion::Happy); 3];
        targets.push(one_hot(Emotion::Sad));
        targets.push([0.0, 0.0, 0.5, 0.5]);
        let chosen = targets
            .into_iter()
            .enumerate()
            .map(|(face, target)| Example { face, target })
            .collect();
        Selection {
            chosen,
            without_votes: 0,
        }
    }

    #[test]
    fn balanced_weights_make_an_even_mix_and_keep_the_mean_weight() {
        let selection = selection();
        let weights = selection.class_weights(ClassWeights::Balanced);
        assert_eq!(selection.class_mix(&weights), PerEmotion([0.25; 4]));
        let examples = selection.into_examples(0.0, &weights);
        let total: f32 = examples.iter().flat_map(|example| example.target).sum();
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
    fn smoothing_spreads_its_share_evenly() {
        let examples = selection().into_examples(0.2, &[1.0; 4]);
        let expected = [0.85, 0.05, 0.05, 0.05];
        assert!(
            examples[0]
                .target
                .iter()
                .zip(expected)
                .all(|(found, expected)| (found - expected).abs() < 1e-6)
        );
    }
}
