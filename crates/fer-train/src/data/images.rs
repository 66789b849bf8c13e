//! The images of a run, decoded, and which of the training images are copies of held-out ones.

use fer_core::Preprocessing;
use fer_kernels::Threads;
use sha2::{Digest, Sha256};

use crate::copies::copies_across;
use crate::dataset::{FolderDataset, Unreadable};
use crate::digest::hex;
use crate::error::Result;
use crate::faces::FaceSet;
use crate::progress::{Observer, Preparation};

/// The decoded images of a dataset.
pub(super) struct Images {
    pub(super) train: FaceSet,
    pub(super) validation: FaceSet,
    /// The training images that have a copy in validation or test, ascending; none if these were not searched.
    pub(super) copies: Vec<usize>,
    /// SHA-256 of the images read: their paths, classes and contents.
    pub(super) digest: String,
    pub(super) unreadable: Vec<Unreadable>,
}

impl Images {
    /// Decodes the images and, if `search_copies`, compares the training images with the others. Each split may keep
    /// `memory_budget` bytes of pixels.
    pub(super) fn load(
        dataset: &FolderDataset,
        preprocessing: &Preprocessing,
        search_copies: bool,
        memory_budget: usize,
        threads: &Threads,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let load =
            |split| FaceSet::load(dataset.root(), split, preprocessing, memory_budget, threads);
        observer.preparing(Preparation::Decoding);
        let (train, validation) = (load(&dataset.train), load(&dataset.validation));
        // Test images are looked at for one purpose: to keep their copies out of training.
        let test = search_copies.then(|| load(&dataset.test));

        let mut copies = Vec::new();
        if let Some(test) = &test {
            observer.preparing(Preparation::SearchingCopies);
            let held_out = [validation.gather()?, test.gather()?].concat();
            let train = train.gather()?;
            copies = copies_across(&train, &held_out, preprocessing.input_size, threads);
        }
        let splits: Vec<&FaceSet> = [&train, &validation].into_iter().chain(&test).collect();
        let mut digest = Sha256::new();
        splits
            .iter()
            .for_each(|faces| faces.update_digest(&mut digest));
        let unreadable = splits
            .iter()
            .flat_map(|faces| faces.unreadable().to_vec())
            .collect();
        Ok(Self {
            digest: hex(&digest.finalize()),
            unreadable,
            copies,
            train,
            validation,
        })
    }
}
