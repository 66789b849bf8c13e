//! Images without a class folder, of which votes say everything.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Split, SplitName, scan};
use crate::error::{Error, Result};
use crate::votes::Votes;

/// Images to train on beside a dataset: a `train` folder, and perhaps `validation`, of any folders inside. Images that nobody voted on
/// are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExtraImages {
    root: PathBuf,
    /// The images that the weights are fitted to as well.
    pub(crate) train: Split,
    /// The images that help to choose the epoch; empty where the folder is missing.
    pub(crate) validation: Split,
    /// The images of `train` that nobody voted on.
    pub(crate) without_votes: usize,
}

impl ExtraImages {
    /// Lists the images of `root` that `votes` names, by paths relative to it.
    ///
    /// # Errors
    /// [`Error::NotAFolder`], [`Error::MissingSplit`], [`Error::AmbiguousSplit`]; [`Error::NothingListed`] if the votes are on
    /// other images than those of `train`; [`Error::Io`] if `root` cannot be listed.
    pub(crate) fn scan(root: &Path, votes: &Votes) -> Result<Self> {
        let folders = scan::split_folders(root)?;
        let name = SplitName::Train;
        let Some(train) = folders.of(name)? else {
            return Err(Error::MissingSplit {
                root: root.to_owned(),
                expected: name.label(),
                found: folders.names(),
            });
        };
        let label = |path: &Path| votes.of(path).map(|ballot| ballot.plurality());
        let (train, unlabeled) = scan::labeled_files(root, train, label);
        let labeled = train.items.iter().map(|item| &item.path);
        let listed = labeled.chain(&unlabeled);
        votes.refuse_unrelated(listed.map(|path| Cow::Borrowed(path.as_path())))?;
        let validation = match folders.of(SplitName::Validation)? {
            Some(folder) => scan::labeled_files(root, folder, label).0,
            None => Split::default(),
        };
        Ok(Self {
            root: root.to_owned(),
            without_votes: unlabeled.len(),
            train,
            validation,
        })
    }

    /// The folder that was scanned.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }
}
