//! What is wrong with a dataset: copies, leaks between splits, labels that contradict each other, bad files.

mod findings;
mod images;
mod suspects;

use std::path::Path;

use fer_kernels::Threads;

use crate::copies::{COMPARED_SIDE, CopyKind, CopyPair, copies_within};
use crate::data::with_threads;
use crate::dataset::{FolderDataset, Item, ScanOptions, SplitName};
use crate::error::Result;
use crate::paths::portable;

pub use findings::{Audit, BadImage, BadImageKind, Duplicate, LabelConflict, Leaked, SuspectLabel};
use images::Images;
pub use suspects::{Suspicion, suspicions};

/// How a dataset is audited.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditOptions {
    /// How strictly the dataset is scanned; missing splits and classes are accepted unless this says otherwise.
    pub scan: ScanOptions,
    /// Threads to compute with; 0 for all cores.
    pub threads: usize,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            scan: ScanOptions::default().with_allow_missing(true),
            threads: 0,
        }
    }
}

impl AuditOptions {
    /// Scans the dataset with `scan`.
    #[must_use]
    pub fn with_scan(mut self, scan: ScanOptions) -> Self {
        self.scan = scan;
        self
    }

    /// Computes with `threads` threads; 0 for all cores.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}

/// What an audit is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditStep {
    /// Decoding this many images.
    Decoding(usize),
    /// Comparing this many images with each other.
    Comparing(usize),
}

/// Audits the dataset in `root`. Nothing is changed; the findings are the JSON of `fer audit`.
///
/// `progress` is told of each step as it begins.
///
/// # Errors
/// Those of [`FolderDataset::scan`]; [`Error::Kernel`](crate::Error::Kernel) if the threads cannot be started.
pub fn audit(
    root: impl AsRef<Path>,
    options: &AuditOptions,
    mut progress: impl FnMut(AuditStep),
) -> Result<Audit> {
    let dataset = FolderDataset::scan(root, options.scan)?;
    let threads = Threads::new(options.threads)?;
    progress(AuditStep::Decoding(
        SplitName::ALL
            .iter()
            .map(|&name| dataset.split(name).items.len())
            .sum(),
    ));
    let images = Images::load(&dataset, &threads)?;
    progress(AuditStep::Comparing(images.items.len()));
    let pairs = with_threads(&threads, || copies_within(&images.pixels, COMPARED_SIDE))?;

    let mut audit = Audit {
        unreadable: images.bad(),
        ..Audit::default()
    };
    for name in SplitName::ALL {
        audit
            .counts
            .insert(name, dataset.split(name).class_counts());
    }
    for pair in pairs {
        audit.add(pair, &images.items[pair.a], &images.items[pair.b]);
    }
    Ok(audit)
}

impl Audit {
    /// Files a pair of copies, `a` being of the earlier split, under all that it is.
    fn add(&mut self, pair: CopyPair, a: &(SplitName, Item), b: &(SplitName, Item)) {
        let ((split_a, a), (split_b, b)) = (a, b);
        let duplicate = Duplicate {
            a: portable(&a.path),
            b: portable(&b.path),
            kind: pair.kind,
            score: pair.score,
        };
        if a.emotion != b.emotion {
            let duplicate = duplicate.clone();
            self.label_conflicts.push(LabelConflict {
                duplicate,
                label_a: a.emotion,
                label_b: b.emotion,
            });
        }
        if split_a != split_b {
            self.leaked.add(*split_b, &duplicate.b);
        }
        match pair.kind {
            CopyKind::Exact => self.exact.push(duplicate),
            CopyKind::Near | CopyKind::Mirrored => self.near.push(duplicate),
        }
    }
}

#[cfg(test)]
mod tests;
