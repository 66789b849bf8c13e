//! The images that a run trains and validates on, and the target of each.

mod images;
mod targets;
mod teachers;

use std::borrow::Cow;

use fer_core::{Emotion, PerEmotion};
use fer_kernels::Threads;

use crate::config::TrainConfig;
use crate::data_summary::DataSummary;
use crate::dataset::{FolderDataset, Item, class_counts};
use crate::digest::{InputDigests, hex};
use crate::error::{Error, Result};
use crate::faces::FaceSet;
use crate::progress::Observer;
use crate::votes::Votes;

use images::Images;
pub(crate) use targets::Example;
use targets::Selection;
pub(crate) use teachers::Teachers;

/// The images of a run and their targets.
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
    /// The class mix that the loss sees; sums to 1.
    pub(crate) class_mix: PerEmotion<f32>,
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
        let votes = config.votes.file.as_deref().map(Votes::load).transpose()?;
        if let Some(votes) = &votes {
            let items = dataset.train.items.iter().chain(&dataset.validation.items);
            votes.refuse_unrelated(items.map(|item| Cow::Borrowed(item.path.as_path())))?;
        }
        let teachers = Teachers::load(&config.distillation, &preprocessing)?;
        let search_copies = config.remove_copies;
        let images = Images::load(
            dataset,
            &preprocessing,
            search_copies,
            memory_budget,
            threads,
            observer,
        )?;

        let mut selection =
            Selection::new(&images.train, &images.copies, votes.as_ref(), &config.votes);
        let labels = validation_labels(&images.validation, votes.as_ref());
        let summary = summarize(&images, &selection, &labels);
        refuse_empty_classes("train", &selection.class_counts(), &summary)?;
        refuse_empty_classes("validation", &summary.validation_images, &summary)?;
        let inputs = InputDigests {
            dataset: summary.digest.clone(),
            votes: votes.as_ref().map(|votes| hex(&votes.digest())),
            teachers: teachers.digests(),
        };

        let class_weights = selection.class_weights(config.class_weights);
        let class_mix = selection.class_mix(&class_weights);
        teachers.soften_examples(&images.train, &mut selection.chosen, threads, observer)?;
        Ok(Self {
            examples: selection.into_examples(config.label_smoothing, &class_weights),
            train: images.train,
            validation: images.validation,
            teachers,
            labels,
            class_mix,
            inputs,
            summary,
        })
    }
}

/// Returns the training examples without the faces at the indices `left_out`, ascending: the folder labels, smoothed.
pub(crate) fn examples_without(
    faces: &FaceSet,
    left_out: &[usize],
    config: &TrainConfig,
) -> Vec<Example> {
    let selection = Selection::new(faces, left_out, None, &config.votes);
    let class_weights = selection.class_weights(config.class_weights);
    selection.into_examples(config.label_smoothing, &class_weights)
}

fn summarize(images: &Images, selection: &Selection, labels: &[(usize, Emotion)]) -> DataSummary {
    DataSummary {
        digest: images.digest.clone(),
        train_images: images.train.class_counts(),
        trained_on: selection.chosen.len(),
        copies_removed: images.copies.len(),
        without_votes: selection.without_votes,
        validation_images: class_counts(labels.iter().map(|(_, emotion)| *emotion)),
        unreadable: images.unreadable.clone(),
    }
}

/// The labels of the validation images: the folder's, or the crowd's where votes are given and a majority agrees.
fn validation_labels(validation: &FaceSet, votes: Option<&Votes>) -> Vec<(usize, Emotion)> {
    let label = |(index, item): (usize, &Item)| match votes {
        None => Some((index, item.emotion)),
        Some(votes) => Some((index, votes.of(&item.path)?.consensus()?)),
    };
    validation
        .items()
        .iter()
        .enumerate()
        .filter_map(label)
        .collect()
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
