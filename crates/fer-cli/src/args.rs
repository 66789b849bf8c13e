//! The grammar of the `fer` command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use fer_core::Priors;
use fer_vision::FaceMode;

/// Recognise apparent facial expressions: happy, sad, neutral, surprise.
#[derive(Debug, Parser)]
#[command(name = "fer", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    /// Show no progress on stderr
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find the faces in pictures and videos and name their expression
    Predict(PredictArgs),
    /// Train a model on a folder of labelled pictures
    Train(TrainArgs),
    /// Score a model on class folders
    Evaluate(EvaluateArgs),
    /// Look for duplicates, leaks between splits, label conflicts and bad files in a dataset
    Audit(AuditArgs),
    /// Describe a model: its data, figures and limits
    Info(InfoArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
}

/// What a prediction is made with: shared by `predict` and `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Name of a built-in model (crowd, folder) or a model file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) model: Option<String>,

    /// How to look for faces: `auto` takes a picture that is a face crop whole and searches any other
    #[arg(long, value_name = "auto|find|whole", default_value_t)]
    pub(crate) faces: FaceMode,

    /// Class mix that probabilities assume: the training set's, equal shares, or four shares
    #[arg(long, value_name = "natural|uniform|h,s,n,s")]
    pub(crate) priors: Option<Priors>,

    /// Threads to compute with; 0 uses every core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Pictures, videos, folders (searched in depth) or glob patterns
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// `table` for people, `json` (one object a line and picture) or `csv` (one row a face) for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Save the picture with boxes and bars drawn on it; a folder when there are several pictures
    #[arg(long, value_name = "OUT")]
    pub(crate) draw: Option<PathBuf>,

    /// Frames looked at in a second of video
    #[arg(long, value_name = "N", default_value_t = fer_vision::DEFAULT_FRAMES_PER_SECOND)]
    pub(crate) frames_per_second: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    #[default]
    Table,
    Json,
    Csv,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Dataset folder with `train`, `validation` and `test`, each with a folder a class
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,

    /// Run folder to write: checkpoints, metrics, report
    #[arg(long, value_name = "RUN")]
    pub(crate) out: PathBuf,

    /// Settings file; flags override it
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Passes over the training pictures
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<usize>,

    /// Pictures a step
    #[arg(long, value_name = "N")]
    pub(crate) batch_size: Option<usize>,

    /// Seed of initialisation, order and augmentation
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Crowd votes a picture, as soft labels
    #[arg(long, value_name = "CSV")]
    pub(crate) votes: Option<PathBuf>,

    /// Where to compute: `cpu` or `cuda`
    #[arg(long, value_name = "cpu|cuda", default_value_t)]
    pub(crate) device: fer_train::Device,

    /// Threads to compute with; 0 uses every core. The result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,

    /// Go on with the run in RUN where it stopped
    #[arg(long)]
    pub(crate) resume: bool,

    /// Keep training pictures that have a copy in validation or test
    #[arg(long)]
    pub(crate) keep_copies: bool,

    /// Skip class folders that name none of the four classes, instead of refusing the dataset
    #[arg(long)]
    pub(crate) ignore_unknown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// Folder that holds the class folders
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// Crowd votes; pictures on which most voters agree are scored separately too
    #[arg(long, value_name = "CSV")]
    pub(crate) votes: Option<PathBuf>,

    /// Pictures to leave out: one path a line, relative to DIR
    #[arg(long, value_name = "LIST")]
    pub(crate) exclude: Option<PathBuf>,

    /// Skip class folders that name none of the four classes
    #[arg(long)]
    pub(crate) ignore_unknown: bool,

    /// Write every figure and prediction as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write a page of figures, charts and the most confident mistakes
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Dataset folder with `train`, `validation` and `test`
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,

    /// Write the findings as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write a page that shows the copies side by side
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Look for labels that are probably wrong, too: trains small networks, which takes minutes
    #[arg(long)]
    pub(crate) suspects: bool,

    /// Threads to compute with; 0 uses every core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Name of a built-in model or a model file; the default model when absent
    #[arg(value_name = "MODEL")]
    pub(crate) model: Option<String>,
}
