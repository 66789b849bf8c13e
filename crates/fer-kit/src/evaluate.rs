//! Scores of a model on class folders.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fer_core::{Classifier, ImageView};
use fer_train::{
    ClassFolders, Evaluation, EvaluationOptions, ExcludeList, FaceError, Groups, ScanOptions, Votes,
};
use fer_vision::{Analyzer, AnalyzerOptions, FaceMode};

use crate::Result;

/// Options of [`evaluate`].
#[derive(Debug, Clone, Default)]
pub struct EvaluateOptions {
    /// Selects the part of an image that is taken as the face: the largest of several.
    pub faces: FaceMode,
    /// CSV of crowd votes, its paths relative to the parent of the folder.
    pub votes: Option<PathBuf>,
    /// CSV of groups of images, its paths relative to the parent of the folder.
    pub groups: Option<PathBuf>,
    /// Images to leave out, relative to the folder.
    pub exclude: Option<ExcludeList>,
    /// Skips class folders of unknown names instead of refusing the folder.
    pub ignore_unknown: bool,
    /// Threads that read and search images; 0 for all cores. The classifier has its own.
    pub threads: usize,
}

/// Scores `classifier` on the class folders in `folder`. `progress` receives the images done and their total, and
/// may stop the work.
///
/// # Errors
/// [`Error::Train`](crate::Error::Train) for a folder, a votes file or a groups file that is not what it should be, or if nothing is left to score.
pub fn evaluate(
    classifier: &Classifier,
    folder: &Path,
    options: &EvaluateOptions,
    progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Evaluation> {
    let scan = ScanOptions::default().with_ignore_unknown_folders(options.ignore_unknown);
    let folders = ClassFolders::scan(folder, scan)?;
    let votes = options.votes.as_deref().map(Votes::load).transpose()?;
    let groups = options.groups.as_deref().map(Groups::load).transpose()?;
    let analyzer = Analyzer::new(
        classifier.clone(),
        AnalyzerOptions {
            faces: options.faces,
            threads: options.threads,
            ..AnalyzerOptions::default()
        },
    )?;
    let find_face = |image: &ImageView<'_>| analyzer.views_of_largest(image).map_err(face_error);

    let mut how = EvaluationOptions::default()
        .with_threads(options.threads)
        .with_find_face(&find_face);
    if let Some(votes) = &votes {
        how = how.with_votes(votes);
    }
    if let Some(groups) = &groups {
        how = how.with_groups(groups);
    }
    if let Some(list) = &options.exclude {
        how = how.with_exclude(list);
    }
    Ok(fer_train::evaluate(classifier, &folders, how, progress)?)
}

fn face_error(error: fer_vision::Error) -> FaceError {
    FaceError {
        kind: error.kind(),
        message: fer_core::chain(&error),
    }
}
