//! The grammar of the `fer` command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use fer_core::Priors;
use fer_vision::FaceMode;

use crate::format::Format;
use crate::insight::args::InsightArgs;
use crate::numbers::{frame_rate, whole};

/// Recognize apparent facial expressions: happy, sad, neutral, surprise.
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
    /// Find the faces in images and videos and name their expression
    Predict(PredictArgs),
    /// Train a model on a folder of labeled images
    Train(TrainArgs),
    /// Score a model on class folders
    Evaluate(EvaluateArgs),
    /// Compare two models on the same class folders, and tell a difference from chance
    Compare(CompareArgs),
    /// Look for duplicates, leaks between splits, label conflicts and bad files in a dataset
    Audit(AuditArgs),
    /// Describe a model: its network, data and figures
    Info(InfoArgs),
    /// Write a model as an ONNX file, for other runtimes
    Export(ExportArgs),
    /// Answer questions about many faces: shares with intervals that hold, comparisons
    Insight(InsightArgs),
    /// Write sample images and a tiny dataset to try fer on
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell to complete in
        shell: clap_complete::Shell,
    },
}

/// Options of a prediction, shared by `predict` and `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Built-in model (crowd, folder), model file, or run folder (its best model); default: crowd
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) model: Option<String>,

    /// Face search: `auto` takes an image that is a face crop whole and searches any other
    #[arg(long, value_name = "auto|find|whole", default_value_t)]
    pub(crate) faces: FaceMode,

    /// Class mix that probabilities assume: the training set's, equal shares, or four shares
    #[arg(long, value_name = "natural|uniform|h,s,n,s")]
    pub(crate) priors: Option<Priors>,

    /// Threads to compute with; 0 uses every core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Images, videos, folders (searched in depth) or glob patterns; `-` for an image or a list of paths on standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) model: ModelArgs,

    /// `table` for people, `json` (one object per line and image) or `csv` (one row per face) for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Write the results to a new file, .csv, .jsonl or .parquet, that appears when all are there
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(crate) output: Option<PathBuf>,

    /// Go on with an --output that was interrupted; does nothing where it is complete
    #[arg(long, requires = "output", conflicts_with = "draw")]
    pub(crate) resume: bool,

    /// Paths on standard input end with NUL, as `find -print0` writes them; -0 for short
    #[arg(long, short = '0')]
    pub(crate) null: bool,

    /// Save the image or video with boxes and bars drawn on it; a folder if there are several images
    #[arg(long, value_name = "OUT")]
    pub(crate) draw: Option<PathBuf>,

    /// Faces found before, instead of a search: columns path, x, y, width, height, as `--format csv` writes them
    #[arg(long, value_name = "CSV", conflicts_with = "faces")]
    pub(crate) boxes: Option<PathBuf>,

    /// Frames analyzed per second of video
    #[arg(long, value_name = "N", default_value_t = fer_vision::DEFAULT_FRAMES_PER_SECOND, value_parser = frame_rate)]
    pub(crate) frames_per_second: f64,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Dataset folder with `train`, `validation` and `test`, each with one folder per class; or a sheet of `fer insight sample` with your
    /// labels, whose faces are cut out into RUN-faces
    #[arg(value_name = "DATA", required_unless_present = "print_config")]
    pub(crate) data: Option<PathBuf>,

    /// Run folder to write: checkpoints, metrics, report
    #[arg(long, value_name = "RUN", required_unless_present = "print_config")]
    pub(crate) out: Option<PathBuf>,

    /// Settings file; flags override it
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Passes over the training images
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) epochs: Option<usize>,

    /// Images per step
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) batch_size: Option<usize>,

    /// Seed of initialization, order and augmentation
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    pub(crate) seed: Option<u64>,

    /// Crowd votes per image, as soft labels
    #[arg(long, value_name = "CSV")]
    pub(crate) votes: Option<PathBuf>,

    /// Folder of more images, `train` and perhaps `validation`, that have no class folders: their votes are their labels
    #[arg(long, value_name = "DIR", requires = "extra_votes")]
    pub(crate) extra: Option<PathBuf>,

    /// Crowd votes of the images in --extra
    #[arg(long, value_name = "CSV", requires = "extra")]
    pub(crate) extra_votes: Option<PathBuf>,

    /// Model to start from: built-in, model file or run folder. Length and learning rate follow the number of images unless given
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) from: Option<PathBuf>,

    /// Stages of the model in --from, the first ones, that stay as they are
    #[arg(long, value_name = "N", requires = "from", value_parser = whole::<usize>)]
    pub(crate) freeze: Option<usize>,

    /// Device to compute on: `cpu` or `cuda`
    #[arg(long, value_name = "cpu|cuda", default_value_t)]
    pub(crate) device: fer_train::Device,

    /// Threads to compute with; 0 uses every core. The result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) threads: usize,

    /// Resume the run in RUN
    #[arg(long)]
    pub(crate) resume: bool,

    /// Print the settings in effect as TOML, and train nothing
    #[arg(long)]
    pub(crate) print_config: bool,

    /// Keep training images that have a copy in validation or test
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

    /// Crowd votes; images on which most voters agree are scored separately too
    #[arg(long, value_name = "CSV")]
    pub(crate) votes: Option<PathBuf>,

    /// Groups of images (columns `file` and any others): figures by group, and the largest gap
    #[arg(long, value_name = "CSV")]
    pub(crate) groups: Option<PathBuf>,

    /// Images to leave out: one path per line, relative to DIR
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
pub(crate) struct CompareArgs {
    /// First model: built-in (crowd, folder), model file or run folder
    #[arg(value_name = "MODEL_A")]
    pub(crate) a: String,

    /// Second model
    #[arg(value_name = "MODEL_B")]
    pub(crate) b: String,

    /// Folder that holds the class folders
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,

    /// Face search: `auto` takes an image that is a face crop whole and searches any other
    #[arg(long, value_name = "auto|find|whole", default_value_t)]
    pub(crate) faces: FaceMode,

    /// Class mix that probabilities assume: the training set's, equal shares, or four shares
    #[arg(long, value_name = "natural|uniform|h,s,n,s")]
    pub(crate) priors: Option<Priors>,

    /// Images to leave out: one path per line, relative to DIR
    #[arg(long, value_name = "LIST")]
    pub(crate) exclude: Option<PathBuf>,

    /// Skip class folders that name none of the four classes
    #[arg(long)]
    pub(crate) ignore_unknown: bool,

    /// Threads to compute with; 0 uses every core
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) threads: usize,

    /// Write the comparison, with every image that decides it, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
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
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) threads: usize,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Built-in model, model file or run folder; default: crowd
    #[arg(value_name = "MODEL")]
    pub(crate) model: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Built-in model (crowd, folder), model file, or run folder (its best model)
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,

    /// ONNX file to write; it must not exist
    #[arg(value_name = "OUT.onnx")]
    pub(crate) out: PathBuf,

    /// Class mix that probabilities assume: the training set's, equal shares, or four shares
    #[arg(long, value_name = "natural|uniform|h,s,n,s")]
    pub(crate) priors: Option<Priors>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Folder to create
    #[arg(value_name = "DIR", default_value = "fer-demo")]
    pub(crate) dir: PathBuf,
}
