//! A classifier's answers for a folder of labeled images, and their figures.

mod exclusion;
mod predict;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, PerEmotion, Prediction, Priors};
use serde::{Deserialize, Serialize};

use crate::dataset::ClassFolders;
use crate::error::{Error, Result};
use crate::group_figures::{GroupColumn, by_group};
use crate::groups::Groups;
use crate::metrics::{Interval, Metrics, Outcome, wilson};
use crate::paths::portable;
use crate::votes::{Ballot, Votes, majority};

pub use exclusion::ExcludeList;
pub use predict::{FaceError, FindFace, whole_image};

/// The share of label sets that may miss the truth in [`Conformal`].
pub const ERROR_RATE: f32 = Prediction::DEFAULT_ERROR_RATE;

/// Options of an evaluation.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct EvaluationOptions<'a> {
    /// Crowd votes, with paths relative to the parent of the folder evaluated: adds the consensus figures.
    pub votes: Option<&'a Votes>,
    /// Images left out of the figures: adds the figures with them, too.
    pub exclude: Option<&'a ExcludeList>,
    /// Groups of images, with paths relative to the parent of the folder evaluated: adds the figures by group.
    pub groups: Option<&'a Groups>,
    /// Finds the face in an image; without it, every image is a face.
    pub find_face: Option<&'a FindFace<'a>>,
    /// Threads that decode; 0 for all cores. The classifier has its own.
    pub threads: usize,
}

impl<'a> EvaluationOptions<'a> {
    /// Scores against the majority of `votes`, too.
    #[must_use]
    pub fn with_votes(mut self, votes: &'a Votes) -> Self {
        self.votes = Some(votes);
        self
    }

    /// Leaves out the images of `list`.
    #[must_use]
    pub fn with_exclude(mut self, list: &'a ExcludeList) -> Self {
        self.exclude = Some(list);
        self
    }

    /// Scores by the groups of `groups`, too.
    #[must_use]
    pub fn with_groups(mut self, groups: &'a Groups) -> Self {
        self.groups = Some(groups);
        self
    }

    /// Classifies the face that `find_face` finds instead of the whole image.
    #[must_use]
    pub fn with_find_face(mut self, find_face: &'a FindFace<'a>) -> Self {
        self.find_face = Some(find_face);
        self
    }

    /// Decodes on `count` threads; 0 for all cores.
    #[must_use]
    pub fn with_threads(mut self, count: usize) -> Self {
        self.threads = count;
        self
    }
}

/// The figures of a classifier on a folder: the JSON of `fer evaluate`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The figures against the folders' labels, without the images excluded.
    #[serde(flatten)]
    pub scores: Scores,
    /// The figures on the images whose voters agree by majority on one of the four classes, labeled by it; `None` without votes or
    /// without such images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Scores>,
    /// The figures by group, against the folders' labels; `None` without groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<Grouped>,
    /// Effect of the exclusion list; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<Excluded>,
    /// The class mix that the probabilities assume.
    pub priors: Priors,
    /// Classes without an image in the folder.
    pub missing_classes: Vec<Emotion>,
    /// Images in which no face was found; they are not scored.
    pub no_face: usize,
    /// Images that could not be read; they are not scored.
    pub errors: Vec<FailedImage>,
    /// The answer for every image scored, in the order of their paths.
    pub predictions: Vec<EvaluatedImage>,
}

/// Figures of the answers for some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Accuracy and its kin.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// The label sets.
    pub conformal: Conformal,
}

/// Coverage and size of the label sets of conformal prediction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conformal {
    /// The share of sets that may miss the truth.
    pub error_rate: f32,
    /// The share of sets that hold the truth.
    pub coverage: f64,
    /// 95 % Wilson interval of the coverage.
    pub coverage_ci95: Interval,
    /// Mean number of labels in a set, from 1 to 4.
    pub mean_set_size: f64,
    /// The share of sets that are one label: the answers that are certain.
    pub single: f64,
}

/// The figures by the groups of a groups file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grouped {
    /// One entry per column of the file.
    pub columns: Vec<GroupColumn>,
    /// Paths in the file that name no image of the folder.
    pub not_found: Vec<String>,
}

/// The figures with the excluded images among the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Excluded {
    /// Number of images left out.
    pub n: usize,
    /// Paths on the list that name no image of the folder.
    pub not_found: Vec<String>,
    /// The figures on all images.
    pub whole: Scores,
    /// The consensus figures on all images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_consensus: Option<Scores>,
}

/// An image that could not be scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedImage {
    /// The file, relative to the folder, with `/` between its parts.
    pub path: String,
    /// The stable class of the error.
    pub kind: fer_core::ErrorKind,
    /// Explanation of the fault.
    pub message: String,
}

/// The answer for one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvaluatedImage {
    /// The file, relative to the folder, with `/` between its parts.
    pub path: String,
    /// The folder's label.
    pub truth: Emotion,
    /// The class answered.
    pub emotion: Emotion,
    /// The probability of each class.
    pub probabilities: PerEmotion<f32>,
    /// The share of people who would see another expression; none for a model that cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<f32>,
    /// The crowd's votes on the image; `None` without votes on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<EvaluatedVotes>,
}

/// The crowd's votes on one image; as JSON `{"happy", "sad", "neutral", "surprise", "other"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluatedVotes {
    /// Votes for each of the four classes.
    #[serde(flatten)]
    pub emotions: PerEmotion<u16>,
    /// Votes for anything else.
    pub other: u32,
}

impl EvaluatedVotes {
    /// Returns the class that more than half of all voters chose.
    #[must_use]
    pub fn consensus(&self) -> Option<Emotion> {
        let in_classes: u32 = self.emotions.0.iter().map(|&votes| u32::from(votes)).sum();
        majority(&self.emotions.0, in_classes + self.other)
    }
}

impl From<Ballot> for EvaluatedVotes {
    fn from(ballot: Ballot) -> Self {
        Self {
            emotions: PerEmotion(ballot.emotions),
            other: ballot.total() - ballot.in_classes(),
        }
    }
}

/// Scores `classifier` on the images of `folder`. Files that cannot be read become entries of [`Evaluation::errors`].
///
/// `progress` is called with the number of images done and of all, and may stop the work.
///
/// # Errors
/// [`Error::NothingListed`] if the votes, the groups or the list of images to leave out name no image of the folder;
/// [`Error::NothingScored`] if no image is left to score; [`Error::Core`] or [`Error::Kernel`] if the classifier fails;
/// [`Error::Interrupted`] if `progress` asked for it.
pub fn evaluate(
    classifier: &Classifier,
    folder: &ClassFolders,
    options: EvaluationOptions<'_>,
    mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Evaluation> {
    let name = folder_name(folder.root());
    let items = &folder.split.items;
    if let Some(list) = options.exclude {
        list.refuse_unrelated(items)?;
    }
    let images = || items.iter().map(|item| Cow::Owned(name.join(&item.path)));
    if let Some(votes) = options.votes {
        votes.refuse_unrelated(images())?;
    }
    if let Some(groups) = options.groups {
        groups.refuse_unrelated(images())?;
    }
    let answers = predict::predict(classifier, folder, options, &mut progress)?;
    let judged: Vec<Judged<'_>> = answers
        .scored
        .iter()
        .map(|answer| Judged::new(answer, &name, options))
        .collect();
    let all: Vec<&Judged<'_>> = judged.iter().collect();
    let kept: Vec<&Judged<'_>> = judged.iter().filter(|judged| !judged.excluded).collect();

    let scores = Scores::of(kept.iter().map(|judged| judged.by_folder())).ok_or_else(|| {
        Error::NothingScored {
            path: folder.root().to_owned(),
            unreadable: answers.failed.len(),
            no_face: answers.no_face,
            excluded: all.len(),
        }
    })?;
    Ok(Evaluation {
        scores,
        consensus: consensus(&kept),
        groups: options.groups.map(|groups| Grouped {
            columns: by_groups(&kept, groups, &name),
            not_found: groups.not_in(images()),
        }),
        excluded: options
            .exclude
            .and_then(|list| Excluded::of(&all, list, folder)),
        priors: classifier.priors(),
        missing_classes: folder.missing.clone(),
        no_face: answers.no_face,
        errors: answers.failed,
        predictions: kept.iter().map(|judged| judged.to_evaluated()).collect(),
    })
}

/// The name of a folder, however its path is written.
fn folder_name(folder: &Path) -> PathBuf {
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    absolute.file_name().map(PathBuf::from).unwrap_or_default()
}

fn consensus(judged: &[&Judged<'_>]) -> Option<Scores> {
    Scores::of(judged.iter().filter_map(|judged| judged.by_consensus()))
}

fn by_groups(judged: &[&Judged<'_>], groups: &Groups, folder: &Path) -> Vec<GroupColumn> {
    let outcomes: Vec<Outcome> = judged
        .iter()
        .map(|judged| outcome(judged.by_folder()))
        .collect();
    let paths: Vec<PathBuf> = (judged.iter())
        .map(|judged| folder.join(&judged.answer.item.path))
        .collect();
    let column = |(index, name): (usize, &String)| {
        let groups = paths.iter().map(|path| groups.of(path, index)).collect();
        (name.clone(), groups)
    };
    let columns: Vec<_> = groups.columns().iter().enumerate().map(column).collect();
    by_group(&outcomes, &columns)
}

fn outcome((truth, prediction): (Emotion, &Prediction)) -> Outcome {
    Outcome {
        truth,
        probabilities: prediction.probabilities(),
    }
}

/// An answer with all that it is judged by.
struct Judged<'a> {
    answer: &'a predict::Answer<'a>,
    ballot: Option<Ballot>,
    excluded: bool,
}

impl<'a> Judged<'a> {
    fn new(answer: &'a predict::Answer<'a>, folder: &Path, options: EvaluationOptions<'_>) -> Self {
        let path = &answer.item.path;
        Self {
            answer,
            ballot: options.votes.and_then(|votes| votes.of(&folder.join(path))),
            excluded: options.exclude.is_some_and(|list| list.contains(path)),
        }
    }

    fn by_folder(&self) -> (Emotion, &Prediction) {
        (self.answer.item.emotion, &self.answer.prediction)
    }

    fn by_consensus(&self) -> Option<(Emotion, &Prediction)> {
        Some((self.ballot?.consensus()?, &self.answer.prediction))
    }

    fn to_evaluated(&self) -> EvaluatedImage {
        EvaluatedImage {
            path: portable(&self.answer.item.path),
            truth: self.answer.item.emotion,
            emotion: self.answer.prediction.emotion(),
            probabilities: PerEmotion(self.answer.prediction.probabilities()),
            other: self.answer.prediction.other(),
            votes: self.ballot.map(Into::into),
        }
    }
}

impl Scores {
    /// The figures of truths and answers; `None` without any.
    fn of<'a>(judged: impl Iterator<Item = (Emotion, &'a Prediction)>) -> Option<Self> {
        let judged: Vec<(Emotion, &Prediction)> = judged.collect();
        let outcomes: Vec<Outcome> = judged.iter().copied().map(outcome).collect();
        Some(Self {
            metrics: Metrics::of(&outcomes)?,
            conformal: Conformal::of(&judged),
        })
    }
}

impl Conformal {
    fn of(judged: &[(Emotion, &Prediction)]) -> Self {
        let (mut covered, mut labels, mut single) = (0, 0, 0);
        for (truth, prediction) in judged {
            let set = prediction.default_label_set();
            covered += usize::from(set.contains(truth));
            single += usize::from(set.len() == 1);
            labels += set.len();
        }
        let n = judged.len();
        Self {
            error_rate: ERROR_RATE,
            coverage: covered as f64 / n as f64,
            coverage_ci95: wilson(covered, n),
            mean_set_size: labels as f64 / n as f64,
            single: single as f64 / n as f64,
        }
    }
}

impl Excluded {
    fn of(all: &[&Judged<'_>], list: &ExcludeList, folder: &ClassFolders) -> Option<Self> {
        Some(Self {
            n: all.iter().filter(|judged| judged.excluded).count(),
            not_found: list.not_in(&folder.split.items),
            whole: Scores::of(all.iter().map(|judged| judged.by_folder()))?,
            whole_consensus: consensus(all),
        })
    }
}

#[cfg(test)]
mod tests;
