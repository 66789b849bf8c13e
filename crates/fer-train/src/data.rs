//! What a run trains and validates on: images chosen, and the target of each.

mod targets;
mod teachers;

use fer_core::{Emotion, PerEmotion};
use fer_kernels::Threads;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::checkpoint::Inputs;
use crate::config::TrainConfig;
use crate::copies::copies_across;
use crate::dataset::{FolderDataset, Item, Unreadable};
use crate::error::{Error, Result};
use crate::faces::Faces;
use crate::votes::Votes;

pub(crate) use targets::Example;
use targets::Selection;
use teachers::Teachers;

/// The images of a run and their targets.
#[derive(Debug)]
pub(crate) struct TrainingData {
    pub(crate) train: Faces,
    pub(crate) validation: Faces,
    /// What is trained on.
    pub(crate) examples: Vec<Example>,
    /// What is validated on: index into `validation`, and label.
    pub(crate) labels: Vec<(usize, Emotion)>,
    /// The class mix that the loss sees; sums to 1.
    pub(crate) class_mix: PerEmotion<f32>,
    pub(crate) inputs: Inputs,
    pub(crate) summary: DataSummary,
}

/// What there was in the dataset and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// SHA-256 of the images used: their paths, classes and contents.
    pub digest: String,
    /// Readable images in `train` by folder.
    pub train_images: PerEmotion<usize>,
    /// Images trained on.
    pub trained_on: usize,
    /// Training images removed because `validation` or `test` has a copy.
    pub copies_removed: usize,
    /// Training images left out because too few votes are for the four classes.
    pub without_votes: usize,
    /// Labelled images validated on.
    pub validation_images: PerEmotion<usize>,
    /// What could not be read, with paths relative to the dataset.
    pub unreadable: Vec<Unreadable>,
}

impl TrainingData {
    /// Decodes the dataset, removes copies, and makes the targets that `config` asks for. Each split may keep
    /// `memory_budget` bytes of pixels.
    pub(crate) fn load(
        dataset: &FolderDataset,
        config: &TrainConfig,
        memory_budget: usize,
        threads: &Threads,
    ) -> Result<Self> {
        let preprocessing = config.preprocessing();
        let load = |split| {
            Faces::load(
                dataset.root(),
                split,
                &preprocessing,
                memory_budget,
                threads,
            )
        };
        let (train, validation) = (load(&dataset.train), load(&dataset.validation));
        let votes = config.votes.file.as_deref().map(Votes::load).transpose()?;
        let teachers = Teachers::load(&config.distillation, &preprocessing, threads)?;

        let mut digest = Sha256::new();
        train.update_digest(&mut digest);
        validation.update_digest(&mut digest);
        let mut unreadable = [train.unreadable(), validation.unreadable()].concat();
        let mut copies = Vec::new();
        if config.remove_copies {
            // Test images are looked at for this one purpose: to keep their copies out of training.
            let test = load(&dataset.test);
            copies = copies_across(
                &train.gather()?,
                &held_out(&validation, &test)?,
                preprocessing.input_size,
            );
            test.update_digest(&mut digest);
            unreadable.extend_from_slice(test.unreadable());
        }

        let mut selection = Selection::new(&train, &copies, votes.as_ref(), &config.votes);
        refuse_empty_classes("train", &selection.class_counts(), || {
            format!(
                "{} files cannot be read, {} copies were removed, {} images have too few votes",
                train.unreadable().len(),
                copies.len(),
                selection.without_votes
            )
        })?;
        let labels = validation_labels(&validation, votes.as_ref());
        let validation_images = class_counts(labels.iter().map(|(_, emotion)| *emotion));
        refuse_empty_classes("validation", &validation_images, || {
            "its files cannot be read, or no class has the majority of the votes on them".to_owned()
        })?;

        let summary = DataSummary {
            digest: hex(&digest.finalize()),
            train_images: train.class_counts(),
            trained_on: selection.chosen.len(),
            copies_removed: copies.len(),
            without_votes: selection.without_votes,
            validation_images,
            unreadable,
        };
        let inputs = Inputs {
            dataset: summary.digest.clone(),
            votes: votes.as_ref().map(|votes| hex(&votes.digest())),
            teachers: teachers.digests(),
        };
        let class_weights = selection.class_weights(config.class_weights);
        let class_mix = selection.class_mix(&class_weights);
        teachers.soften(&train, &mut selection.chosen)?;
        let examples = selection.into_examples(config.label_smoothing, &class_weights);
        Ok(Self {
            train,
            validation,
            examples,
            labels,
            class_mix,
            inputs,
            summary,
        })
    }
}

/// The labels of the validation images: the folder's, or the crowd's where votes are given and a majority agrees.
fn validation_labels(validation: &Faces, votes: Option<&Votes>) -> Vec<(usize, Emotion)> {
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

/// The pixels of the validation and test faces, one after the other.
fn held_out(validation: &Faces, test: &Faces) -> Result<Vec<u8>> {
    Ok([validation.gather()?, test.gather()?].concat())
}

fn class_counts(emotions: impl Iterator<Item = Emotion>) -> PerEmotion<usize> {
    let mut counts = PerEmotion::default();
    emotions.for_each(|emotion| counts[emotion] += 1);
    counts
}

fn refuse_empty_classes(
    split: &'static str,
    counts: &PerEmotion<usize>,
    reason: impl FnOnce() -> String,
) -> Result<()> {
    match counts.iter().find(|(_, count)| **count == 0) {
        Some((class, _)) => Err(Error::NoExamples {
            split,
            class,
            reason: reason(),
        }),
        None => Ok(()),
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
