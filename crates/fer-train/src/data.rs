//! The images that a run trains and validates on, and the target of each.

mod images;
mod targets;
mod teachers;

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use fer_core::{Emotion, PerEmotion};
use fer_kernels::Threads;

use crate::config::{TooFewVotes, TrainConfig, VotesConfig};
use crate::data_summary::{DataSummary, ExtraSummary};
use crate::dataset::{ExtraImages, FolderDataset, Item, class_counts};
use crate::digest::{InputDigests, hex};
use crate::error::{Error, Result};
use crate::faces::FaceSet;
use crate::progress::Observer;
use crate::votes::Votes;

use images::Images;
pub(crate) use targets::Example;
use targets::Selection;
pub(crate) use teachers::Teachers;

/// The images of a run and their targets: those of the dataset, and after them the extra ones.
#[derive(Debug)]
pub(crate) struct TrainingData {
    pub(crate) train: FaceSet,
    pub(crate) validation: FaceSet,
    /// Training examples.
    pub(crate) examples: Vec<Example>,
    /// Teachers that soften the targets.
    pub(crate) teachers: Teachers,
    /// Validation examples: index into `validation`, and label.
    pub(crate) labels: Vec<(usize, Emotion)>,
    /// The first of `labels`, which are the dataset's.
    pub(crate) labels_of_dataset: usize,
    /// The validation images with votes, and the share of these for other expressions; empty where those are not learned.
    pub(crate) other_shares: Vec<(usize, f32)>,
    /// The class mix that the loss sees of the dataset's images; sums to 1.
    pub(crate) class_mix: PerEmotion<f32>,
    /// Differences between the logits of a network trained on all images and those under `class_mix`; 0 without extra images.
    pub(crate) logit_shift: PerEmotion<f32>,
    pub(crate) inputs: InputDigests,
    pub(crate) summary: DataSummary,
}

impl TrainingData {
    /// Decodes the dataset, removes copies, and makes the targets that `config` asks for. Each split may keep
    /// `memory_budget` bytes of pixels.
    pub(crate) fn load(
        dataset: &FolderDataset,
        config: &TrainConfig,
        memory_budget: usize,
        threads: &Threads,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let preprocessing = config.preprocessing();
        // What can fail at once does so before the images are decoded.
        let votes = load_votes(config.votes.file.as_deref())?;
        if let Some(votes) = &votes {
            let items = dataset.train.items.iter().chain(&dataset.validation.items);
            votes.refuse_unrelated(items.map(|item| Cow::Borrowed(item.path.as_path())))?;
        }
        let extra_votes = load_votes(config.extra.votes.as_deref())?;
        let extra = match (&config.extra.folder, &extra_votes) {
            (Some(folder), Some(votes)) => Some(ExtraImages::scan(folder, votes)?),
            _ => None,
        };
        let teachers = Teachers::load(&config.distillation, &preprocessing)?;
        let images = Images::load(
            dataset,
            extra.as_ref(),
            &preprocessing,
            config.remove_copies,
            memory_budget,
            threads,
            observer,
        )?;

        let selected = Selected::new(&images, votes.as_ref(), extra_votes.as_ref(), config);
        let labels = validation_labels(&images, votes.as_ref(), extra_votes.as_ref());
        let other_shares = if config.votes.others {
            other_shares(&images, votes.as_ref(), extra_votes.as_ref())
        } else {
            Vec::new()
        };
        let labels_of_dataset =
            labels.partition_point(|&(face, _)| face < images.validation_of_dataset);
        let mut summary = summarize(&images, &selected, &labels[..labels_of_dataset]);
        if let Some(extra) = &extra {
            let labels = &labels[labels_of_dataset..];
            summary.extra = Some(summarize_extra(extra, &images, &selected, labels));
        }
        refuse_empty_classes("train", &selected.dataset.class_counts(), &summary)?;
        refuse_empty_classes("validation", &summary.validation_images, &summary)?;
        let inputs = InputDigests {
            dataset: summary.digest.clone(),
            votes: votes.as_ref().map(|votes| hex(&votes.digest())),
            extra_votes: extra_votes.as_ref().map(|votes| hex(&votes.digest())),
            teachers: teachers.digests(),
            start: None,
        };

        let class_mix = selected.dataset.mix_in_loss(config.class_weights);
        let mut all = selected.joined();
        let logit_shift = match &extra {
            Some(_) => log_ratio(&class_mix, &all.mix_in_loss(config.class_weights)),
            None => PerEmotion::default(),
        };
        let class_weights = all.class_weights(config.class_weights);
        teachers.soften_examples(&images.train, &mut all.chosen, threads, observer)?;
        Ok(Self {
            examples: all.into_examples(config.label_smoothing, &class_weights),
            train: images.train,
            validation: images.validation,
            teachers,
            labels,
            labels_of_dataset,
            other_shares,
            class_mix,
            logit_shift,
            inputs,
            summary,
        })
    }
}

fn load_votes(file: Option<&Path>) -> Result<Option<Votes>> {
    file.map(Votes::load).transpose()
}

/// The training images chosen of the dataset, and of the extra ones.
struct Selected {
    dataset: Selection,
    extra: Selection,
}

impl Selected {
    fn new(
        images: &Images,
        votes: Option<&Votes>,
        extra_votes: Option<&Votes>,
        config: &TrainConfig,
    ) -> Self {
        let of_dataset = 0..images.train_of_dataset;
        let of_extra = images.train_of_dataset..images.train.len();
        // There is no class folder to fall back on.
        let votes_alone = VotesConfig {
            too_few: TooFewVotes::Drop,
            ..config.votes.clone()
        };
        let select = |faces: Range<usize>, votes, config| {
            Selection::new(&images.train, faces, &images.copies, votes, config)
        };
        Self {
            dataset: select(of_dataset, votes, &config.votes),
            extra: select(of_extra, extra_votes, &votes_alone),
        }
    }

    fn joined(self) -> Selection {
        let mut joined = self.dataset;
        joined.chosen.extend(self.extra.chosen);
        joined
    }
}

/// Returns `ln(to / from)` of each class.
fn log_ratio(to: &PerEmotion<f32>, from: &PerEmotion<f32>) -> PerEmotion<f32> {
    PerEmotion::from_fn(|class| (to[class] / from[class]).ln())
}

/// Returns the training examples without the faces at the indices `left_out`, ascending: the folder labels, smoothed.
pub(crate) fn examples_without(
    faces: &FaceSet,
    left_out: &[usize],
    config: &TrainConfig,
) -> Vec<Example> {
    let selection = Selection::new(faces, 0..faces.len(), left_out, None, &config.votes);
    let class_weights = selection.class_weights(config.class_weights);
    selection.into_examples(config.label_smoothing, &class_weights)
}

fn summarize(images: &Images, selected: &Selected, labels: &[(usize, Emotion)]) -> DataSummary {
    let of_dataset = &images.train.items()[..images.train_of_dataset];
    DataSummary {
        digest: images.digest.clone(),
        train_images: class_counts(of_dataset.iter().map(|item| item.emotion)),
        trained_on: selected.dataset.chosen.len() + selected.extra.chosen.len(),
        copies_removed: images.copies_of_dataset(),
        without_votes: selected.dataset.without_votes,
        validation_images: count_labels(labels),
        unreadable: images.unreadable.clone(),
        extra: None,
    }
}

fn summarize_extra(
    extra: &ExtraImages,
    images: &Images,
    selected: &Selected,
    labels: &[(usize, Emotion)],
) -> ExtraSummary {
    ExtraSummary {
        trained_on: selected.extra.chosen.len(),
        copies_removed: images.copies.len() - images.copies_of_dataset(),
        without_votes: extra.without_votes + selected.extra.without_votes,
        validation_images: count_labels(labels),
        unreadable: images.extra_unreadable.clone(),
    }
}

fn count_labels(labels: &[(usize, Emotion)]) -> PerEmotion<usize> {
    class_counts(labels.iter().map(|(_, emotion)| *emotion))
}

/// The labels of the validation images: the folder's, or the crowd's where votes are given and a majority agrees; of extra images,
/// the crowd's.
fn validation_labels(
    images: &Images,
    votes: Option<&Votes>,
    extra_votes: Option<&Votes>,
) -> Vec<(usize, Emotion)> {
    let label = |(face, item): (usize, &Item)| match images.votes_on(face, votes, extra_votes) {
        None => Some((face, item.emotion)),
        Some(votes) => Some((face, votes.of(&item.path)?.consensus()?)),
    };
    let items = images.validation.items().iter().enumerate();
    items.filter_map(label).collect()
}

/// The share of the votes for other expressions on each validation image that has votes.
fn other_shares(
    images: &Images,
    votes: Option<&Votes>,
    extra_votes: Option<&Votes>,
) -> Vec<(usize, f32)> {
    let share = |(face, item): (usize, &Item)| {
        let votes = images.votes_on(face, votes, extra_votes)?;
        Some((face, votes.of(&item.path)?.other_share()?))
    };
    let items = images.validation.items().iter().enumerate();
    items.filter_map(share).collect()
}

fn refuse_empty_classes(
    split: &'static str,
    counts: &PerEmotion<usize>,
    summary: &DataSummary,
) -> Result<()> {
    let Some((class, _)) = counts.iter().find(|(_, count)| **count == 0) else {
        return Ok(());
    };
    let DataSummary {
        unreadable,
        copies_removed,
        without_votes,
        ..
    } = summary;
    let reason = format!(
        "of all images, {} cannot be read, {copies_removed} are copies of held-out ones and {without_votes} have too few votes",
        unreadable.len()
    );
    Err(Error::NoExamples {
        split,
        class,
        reason,
    })
}
