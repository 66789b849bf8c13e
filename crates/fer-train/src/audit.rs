//! Audit of a dataset: copies, leaks between splits, labels that contradict each other, bad files.

mod findings;
mod images;
mod out_of_fold;
mod suspects;

use std::ops::ControlFlow;
use std::path::Path;

use fer_core::Emotion;
use fer_kernels::Threads;

use crate::copies::{COMPARED_SIDE, CopyKind, CopyPair, copies_within};
use crate::dataset::{FolderDataset, Item, ScanOptions, SplitName};
use crate::error::{Error, Result};
use crate::paths::portable;

pub use findings::{Audit, BadImage, BadImageKind, Duplicate, LabelConflict, Leaked, SuspectLabel};
use images::Images;
pub use suspects::{Suspicion, suspicions};

/// Options of an audit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuditOptions {
    /// Strictness of the scan; missing splits and classes are accepted unless this says otherwise.
    pub scan: ScanOptions,
    /// Search for suspect labels, too: it takes minutes, for networks are trained to judge them.
    pub suspects: bool,
    /// Threads to compute with; 0 for all cores.
    pub threads: usize,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self {
            scan: ScanOptions::default().with_allow_missing(true),
            suspects: false,
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

    /// Looks for suspect labels if `yes`.
    #[must_use]
    pub fn with_suspects(mut self, yes: bool) -> Self {
        self.suspects = yes;
        self
    }

    /// Computes with `threads` threads; 0 for all cores.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }
}

/// Stages of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditStep {
    /// Decoding this many images.
    Decoding(usize),
    /// Comparing this many images with each other.
    Comparing(usize),
    /// Training the networks that judge the labels; told as an epoch ends.
    Training {
        /// The epoch that ended, from 1, over all networks.
        epoch: usize,
        /// The epochs of all networks.
        epochs: usize,
    },
}

/// Audits the dataset in `root`. Nothing is changed; the findings are the JSON of `fer audit`.
///
/// `progress` receives each step as it begins, and may stop the work.
///
/// # Errors
/// Those of [`FolderDataset::scan_any`]; [`Error::Kernel`] if the threads cannot be started; [`Error::Interrupted`] if `progress` asked
/// for it.
pub fn audit(
    root: impl AsRef<Path>,
    options: &AuditOptions,
    mut progress: impl FnMut(AuditStep) -> ControlFlow<()>,
) -> Result<Audit> {
    let mut begin = |step| match progress(step) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Interrupted),
    };
    let dataset = FolderDataset::scan_any(root, options.scan)?;
    let threads = Threads::new(options.threads)?;
    let files = SplitName::ALL.map(|name| dataset.split(name).items.len());
    begin(AuditStep::Decoding(files.iter().sum()))?;
    let images = Images::load(&dataset, &threads)?;
    begin(AuditStep::Comparing(images.items.len()))?;
    let pairs = copies_within(&images.pixels, COMPARED_SIDE, &threads);

    let mut audit = Audit {
        unreadable: images.bad(),
        suspects_searched: options.suspects,
        ..Audit::default()
    };
    for name in SplitName::ALL {
        audit
            .counts
            .insert(name, dataset.split(name).class_counts());
    }
    for pair in &pairs {
        audit.add(pair, &images.items[pair.a], &images.items[pair.b]);
    }
    if options.suspects {
        let faces = images.into_faces();
        let probabilities = out_of_fold::probabilities(&faces, &pairs, &threads, &mut begin)?;
        audit.suspect_labels = suspect_labels(faces.items(), &probabilities);
    }
    Ok(audit)
}

fn suspect_labels(items: &[Item], probabilities: &[[f32; Emotion::COUNT]]) -> Vec<SuspectLabel> {
    let labels: Vec<Emotion> = items.iter().map(|item| item.emotion).collect();
    let suspect = |suspicion: Suspicion| SuspectLabel {
        path: portable(&items[suspicion.index].path),
        label: labels[suspicion.index],
        suggested: suspicion.suggested,
        margin: suspicion.margin,
    };
    let found = suspicions(&labels, probabilities);
    found.into_iter().map(suspect).collect()
}

impl Audit {
    /// Files a pair of copies, `a` being of the earlier split, under all that it is.
    fn add(&mut self, pair: &CopyPair, a: &(SplitName, Item), b: &(SplitName, Item)) {
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
