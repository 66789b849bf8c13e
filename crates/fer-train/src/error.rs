//! Errors between a folder of images and a trained model.

use std::path::PathBuf;

use fer_core::{Emotion, ErrorKind};

/// The result of a fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of training, evaluation or audit. Every variant carries the path and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// The attempted action, as a verb: "read", "create", ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },

    /// The dataset folder does not exist or is not a folder.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path given.
        path: PathBuf,
    },

    /// The dataset folder lacks a split.
    #[error(
        "{} has no `{expected}` folder; a dataset holds `train`, `validation` (or `val`) and `test`; found: {}",
        root.display(), list(found)
    )]
    MissingSplit {
        /// The dataset folder.
        root: PathBuf,
        /// The name of the split that is missing.
        expected: &'static str,
        /// The folders that are there.
        found: Vec<String>,
    },

    /// Two folders claim to be the same split, such as `val` and `validation`.
    #[error("{} has more than one folder for `{split}`: {}; keep one", root.display(), list(found))]
    AmbiguousSplit {
        /// The dataset folder.
        root: PathBuf,
        /// The name of the split.
        split: &'static str,
        /// The folders that claim it.
        found: Vec<String>,
    },

    /// A split has no image of a class.
    #[error(
        "{} holds no image of class `{expected}`; found class folders: {}",
        split.display(), list(found)
    )]
    MissingClass {
        /// The split's folder.
        split: PathBuf,
        /// The class without images.
        expected: Emotion,
        /// The class folders that are there.
        found: Vec<String>,
    },

    /// A split has folders whose names are no known class.
    #[error(
        "{} has folders of unknown classes: {}; expected {} (any case, and aliases such as happiness, sadness, surprised); rename them or ask to ignore unknown folders",
        split.display(), list(found), list(expected)
    )]
    UnknownClasses {
        /// The folder that holds the class folders.
        split: PathBuf,
        /// The unknown folders.
        found: Vec<String>,
        /// The class names.
        expected: Vec<String>,
    },

    /// A folder of class folders has no image at all.
    #[error(
        "{} holds no image in a class folder; expected the folders {}; found: {}",
        path.display(), list(expected), list(found)
    )]
    NoImages {
        /// The folder.
        path: PathBuf,
        /// The folders that are there.
        found: Vec<String>,
        /// The class names.
        expected: Vec<String>,
    },

    /// Not one image of a folder could be scored.
    #[error(
        "no image of {} can be scored: {unreadable} unreadable, {no_face} without a face, {excluded} excluded",
        path.display()
    )]
    NothingScored {
        /// The folder that holds the class folders.
        path: PathBuf,
        /// Images that could not be read.
        unreadable: usize,
        /// Images in which no face was found.
        no_face: usize,
        /// Images that were to be left out.
        excluded: usize,
    },

    /// Two evaluations without a common image.
    #[error("no image was answered by both: {} and {} images, none of the same path", images[0], images[1])]
    NothingCompared {
        /// Images of the first and of the second.
        images: [usize; 2],
    },
    /// Two evaluations against different labels.
    #[error("{path} is {} in the first evaluation and {} in the second: compare evaluations against the same labels", truths[0], truths[1])]
    OtherTruth {
        /// The image.
        path: String,
        /// The labels of the first and of the second.
        truths: [Emotion; 2],
    },

    /// A page that cannot be rendered: a fault of its template.
    #[error(transparent)]
    Report(#[from] fer_report::Error),

    /// A votes file that cannot be understood.
    #[error("{}, line {line}: {reason}", path.display())]
    Votes {
        /// The CSV file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Explanation of the fault.
        reason: String,
    },

    /// A groups file that cannot be understood.
    #[error("{}, line {line}: {reason}", path.display())]
    Groups {
        /// The CSV file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Explanation of the fault.
        reason: String,
    },

    /// A list of images (votes, groups, images to leave out) that names no image of the folder.
    #[error(
        "no line of the {list} names an image of the folder; it lists {found}, expected paths such as {expected}"
    )]
    NothingListed {
        /// The list.
        list: &'static str,
        /// One of its paths.
        found: String,
        /// The path of an image, as the list would have to name it.
        expected: String,
    },

    /// The run directory is in use by another process.
    #[error("{} is in use by another training; wait for it, or choose another folder", path.display())]
    RunInUse {
        /// The run directory.
        path: PathBuf,
    },

    /// Nothing of a class is left to train or validate on.
    #[error("no usable image of class `{class}` in {split}: {reason}")]
    NoExamples {
        /// The split's name.
        split: &'static str,
        /// The class.
        class: Emotion,
        /// Fate of its images: unreadable, removed as copies, without votes.
        reason: String,
    },

    /// A teacher model that sees images otherwise than the student.
    #[error("the teacher {} takes {found}, the student {expected}; they must agree", path.display())]
    Teacher {
        /// The model file.
        path: PathBuf,
        /// The student's input size and resize filter.
        expected: String,
        /// The teacher's.
        found: String,
    },

    /// A model to start from that the configuration does not fit.
    #[error("the model to start from, {}, has {expected}; the configuration asks for {found}", model.display())]
    Start {
        /// The name of the model, or its file.
        model: PathBuf,
        /// The model's network or preprocessing.
        expected: String,
        /// The configuration's.
        found: String,
    },

    /// A configuration value out of its range.
    #[error("configuration: {field} = {found}, expected {expected}")]
    Config {
        /// The dotted name of the field.
        field: &'static str,
        /// The value given.
        found: String,
        /// The allowed values in words.
        expected: &'static str,
    },

    /// A configuration file that is not what it should be.
    #[error("cannot understand the configuration {}: {reason}", path.display())]
    ConfigFile {
        /// The TOML file.
        path: PathBuf,
        /// The parser's words: line, column and field.
        reason: String,
    },

    /// The run directory holds a run already.
    #[error("{} is not empty; pass `--resume` to continue the run in it, or choose another folder", path.display())]
    RunExists {
        /// The run directory.
        path: PathBuf,
    },

    /// The run directory lies among the images.
    #[error("{} lies in a split of the dataset, whose next training would take its files for images; choose another folder", path.display())]
    RunInData {
        /// The run directory.
        path: PathBuf,
    },

    /// There is nothing to resume.
    #[error("{} holds no checkpoint (last.safetensors) to resume from; start without `--resume`", path.display())]
    NothingToResume {
        /// The run directory.
        path: PathBuf,
    },

    /// The run to resume was started with something else.
    #[error(
        "cannot resume {}: its {what} differs (the run has {expected}, this call has {found}); start a new run directory instead",
        path.display()
    )]
    ResumeMismatch {
        /// The run directory.
        path: PathBuf,
        /// The part that differs: "configuration", "dataset", ...
        what: &'static str,
        /// Value of the run.
        expected: String,
        /// Value given now.
        found: String,
    },

    /// A checkpoint that cannot be read.
    #[error("the checkpoint {} is damaged: {reason}", path.display())]
    Checkpoint {
        /// The checkpoint file.
        path: PathBuf,
        /// Explanation of the fault.
        reason: String,
    },

    /// The loss is no number any more.
    #[error(
        "training diverged at epoch {epoch}, step {step}: the loss is {loss}; lower learning_rate"
    )]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
        /// The step in the epoch, from 1.
        step: usize,
        /// The loss found.
        loss: f32,
    },

    /// The observer asked to stop.
    #[error("interrupted")]
    Interrupted,

    /// A device that this build cannot use.
    #[error("device `{device}` is not available: {reason}")]
    Device {
        /// The device asked for.
        device: String,
        /// Reason, and what to do.
        reason: String,
    },

    /// An error of the model, image or preprocessing layer.
    #[error(transparent)]
    Core(#[from] fer_core::Error),

    /// An error of the compute kernels.
    #[error(transparent)]
    Kernel(#[from] fer_kernels::KernelError),
}

impl Error {
    /// Returns the stable class of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { source, .. } => source.into(),
            Self::NotAFolder { .. } => ErrorKind::NotAFolder,
            Self::MissingSplit { .. } => ErrorKind::MissingSplit,
            Self::AmbiguousSplit { .. } => ErrorKind::AmbiguousSplit,
            Self::MissingClass { .. } => ErrorKind::MissingClass,
            Self::UnknownClasses { .. } => ErrorKind::UnknownClasses,
            Self::NoImages { .. } => ErrorKind::NoImages,
            Self::NothingScored { .. } | Self::NothingCompared { .. } => ErrorKind::NothingScored,
            Self::OtherTruth { .. } => ErrorKind::InvalidArgument,
            Self::Report(_) => ErrorKind::Report,
            Self::Votes { .. } => ErrorKind::Votes,
            Self::Groups { .. } => ErrorKind::Groups,
            Self::NothingListed { .. } => ErrorKind::NothingListed,
            Self::RunInUse { .. } => ErrorKind::RunInUse,
            Self::NoExamples { .. } => ErrorKind::NoExamples,
            Self::Teacher { .. } => ErrorKind::Teacher,
            Self::Start { .. } | Self::Config { .. } => ErrorKind::Config,
            Self::ConfigFile { .. } => ErrorKind::ConfigFile,
            Self::RunExists { .. } => ErrorKind::RunExists,
            Self::RunInData { .. } => ErrorKind::InvalidArgument,
            Self::NothingToResume { .. } => ErrorKind::NothingToResume,
            Self::ResumeMismatch { .. } => ErrorKind::ResumeMismatch,
            Self::Checkpoint { .. } => ErrorKind::Checkpoint,
            Self::Diverged { .. } => ErrorKind::Diverged,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Device { .. } => ErrorKind::Device,
            Self::Core(error) => error.kind(),
            Self::Kernel(_) => ErrorKind::Compute,
        }
    }

    /// An error of the file system about `path`.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
        source: std::io::Error,
    ) -> Self {
        Self::Io {
            action,
            path: path.into(),
            source,
        }
    }
}

/// "a, b, c", or "nothing".
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.join(", ")
}
