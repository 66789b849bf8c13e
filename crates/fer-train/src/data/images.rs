//! The images of a run, decoded, and which of the training images are copies of held-out ones.

use fer_core::Preprocessing;
use fer_kernels::Threads;
use sha2::{Digest, Sha256};

use crate::copies::copies_across;
use crate::dataset::{ExtraImages, FolderDataset, Unreadable};
use crate::digest::hex;
use crate::error::Result;
use crate::faces::FaceSet;
use crate::progress::{Observer, Preparation};
use crate::votes::Votes;

/// The decoded images of a dataset, and after them those of the extra images.
pub(super) struct Images {
    pub(super) train: FaceSet,
    /// The first images of `train`, which are the dataset's.
    pub(super) train_of_dataset: usize,
    pub(super) validation: FaceSet,
    /// The first images of `validation`, which are the dataset's.
    pub(super) validation_of_dataset: usize,
    /// The training images that have a copy in a validation or test split, ascending; none if these were not searched.
    pub(super) copies: Vec<usize>,
    /// SHA-256 of the images read: their paths, classes and contents.
    pub(super) digest: String,
    /// Files of the dataset that cannot be read.
    pub(super) unreadable: Vec<Unreadable>,
    /// Files of the extra images that cannot be read.
    pub(super) extra_unreadable: Vec<Unreadable>,
}

impl Images {
    /// Decodes the images once and, if `search_copies`, compares the training images with the others. Each split may keep
    /// `memory_budget` bytes of pixels, and all of them until they are compared.
    pub(super) fn load(
        dataset: &FolderDataset,
        extra: Option<&ExtraImages>,
        preprocessing: &Preprocessing,
        search_copies: bool,
        memory_budget: usize,
        threads: &Threads,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        // To compare them all they must all be there: decoding them a second time for it would not take less memory.
        let budget = if search_copies {
            usize::MAX
        } else {
            memory_budget
        };
        let load = |root, split| FaceSet::load(root, split, preprocessing, budget, threads);
        observer.preparing(Preparation::Decoding);
        let mut train = load(dataset.root(), &dataset.train);
        let mut validation = load(dataset.root(), &dataset.validation);
        // Test images are looked at for one purpose: to keep their copies out of training.
        let test = search_copies.then(|| load(dataset.root(), &dataset.test));
        let splits = [&train, &validation].into_iter().chain(&test);
        let unreadable = splits
            .flat_map(|faces| faces.unreadable().to_vec())
            .collect();

        let (train_of_dataset, validation_of_dataset) = (train.len(), validation.len());
        let mut extra_unreadable = Vec::new();
        if let Some(extra) = extra {
            let splits = [
                (&extra.train, &mut train),
                (&extra.validation, &mut validation),
            ];
            for (split, joined) in splits {
                let faces = load(extra.root(), split);
                extra_unreadable.extend_from_slice(faces.unreadable());
                joined.append(faces);
            }
        }

        let mut copies = Vec::new();
        if let Some(test) = &test {
            observer.preparing(Preparation::SearchingCopies);
            let (validation, test) = (validation.gather()?, test.gather()?);
            let held_out = [&validation[..], &test];
            let side = preprocessing.input_size;
            copies = copies_across(&train.gather()?, &held_out, side, threads);
        }
        train.keep_within(memory_budget);
        validation.keep_within(memory_budget);
        let mut digest = Sha256::new();
        let splits = [&train, &validation].into_iter().chain(&test);
        splits.for_each(|faces| faces.update_digest(&mut digest));
        Ok(Self {
            digest: hex(&digest.finalize()),
            train,
            train_of_dataset,
            validation,
            validation_of_dataset,
            copies,
            unreadable,
            extra_unreadable,
        })
    }

    /// The number of `copies` among the dataset's images.
    pub(super) fn copies_of_dataset(&self) -> usize {
        self.copies
            .partition_point(|&face| face < self.train_of_dataset)
    }

    /// Of the votes on the dataset and those on the extra images, the ones that name the validation image `face`.
    pub(super) fn votes_on<'a>(
        &self,
        face: usize,
        votes: Option<&'a Votes>,
        extra_votes: Option<&'a Votes>,
    ) -> Option<&'a Votes> {
        if face < self.validation_of_dataset {
            votes
        } else {
            extra_votes
        }
    }
}
