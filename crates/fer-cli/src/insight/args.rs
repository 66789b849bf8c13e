//! The grammar of `fer insight`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fer_core::PerEmotion;
use fer_insight::{Adjust, Basis, Every, JoinColumns, Purpose, Weight};

use crate::format::Format;
use crate::numbers::{number, whole};

#[derive(Debug, Args)]
pub(crate) struct InsightArgs {
    #[command(subcommand)]
    pub(crate) command: InsightCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum InsightCommand {
    /// Estimate the share of each expression, by group, with intervals that hold
    Shares(SharesArgs),
    /// Compare groups: differences with intervals, and whether chance makes them
    Compare(CompareGroupsArgs),
    /// Follow shares over periods: slopes of weeks and months, or the trace of a recording
    Trend(TrendArgs),
    /// Follow conversations: episodes, reactions at markers, the end against the start
    Timeline(TimelineArgs),
    /// Hold sessions of one person against that person's baseline
    Baseline(BaselineArgs),
    /// Relate the faces of people or visits to an outcome
    Relate(RelateArgs),
    /// Draw faces at random for people to label: a sheet, and a page to label it on
    Sample(SampleArgs),
    /// Say how far people who labeled the same sheet agree
    Agreement(AgreementArgs),
    /// Write a table of simulated faces of known truth, to plan with and to try analyses on
    Simulate(SimulateArgs),
    /// Make the reference file of a labeled set from the JSON of `fer evaluate`
    Reference(ReferenceArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SharesArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) grouping: GroupingArgs,

    #[command(flatten)]
    pub(crate) correction: CorrectionArgs,

    /// Write one row for each person, as CSV: the expected shares of that person's faces, for models of your own
    #[arg(long, value_name = "CSV", conflicts_with = "labels")]
    pub(crate) units: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SampleArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,

    /// Faces to draw; with people, one of each
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = whole::<usize>)]
    pub(crate) count: usize,

    /// Seed of the draw
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,

    /// Sheet to write: the faces, with an empty column `label`
    #[arg(long, value_name = "SHEET.csv")]
    pub(crate) out: PathBuf,

    /// Write the page that shows the faces and takes the labels: one file that needs no network
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AgreementArgs {
    /// Labeled sheets, one of each person
    #[arg(required = true, num_args = 1.., value_name = "SHEET.csv")]
    pub(crate) sheets: Vec<PathBuf>,

    /// Table of faces that the sheets were drawn from: its model is one more rater
    #[arg(long, value_name = "FACES")]
    pub(crate) faces: Option<PathBuf>,

    /// Resamples of the faces for the interval of alpha
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = whole::<usize>)]
    pub(crate) resamples: usize,

    /// Seed of the resamples
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,

    /// Level of the intervals
    #[arg(long, value_name = "0.5-0.999", default_value_t = 0.95, value_parser = number)]
    pub(crate) level: f64,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompareGroupsArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Column whose values are compared
    #[arg(long, visible_alias = "group", value_name = "COL")]
    pub(crate) by: String,

    /// Compare each group with this one; without it, all pairs
    #[arg(long, value_name = "VALUE")]
    pub(crate) versus: Option<String>,

    /// Compare inside each value of these columns
    #[arg(long, value_name = "COL,...", value_delimiter = ',')]
    pub(crate) within: Vec<String>,

    /// Adjustment of p-values for the number of tests: `holm` or `bh` (Benjamini and Hochberg)
    #[arg(long, value_name = "holm|bh", default_value = "holm")]
    pub(crate) adjust: Adjust,

    /// Permutations of a test
    #[arg(long, value_name = "N", default_value_t = 9999, value_parser = whole::<u32>)]
    pub(crate) permutations: u32,

    #[command(flatten)]
    pub(crate) correction: CorrectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TrendArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    #[command(flatten)]
    pub(crate) grouping: GroupingArgs,

    /// Column of the time: dates, or seconds of a recording
    #[arg(long, value_name = "COL")]
    pub(crate) time: String,

    /// Length of a period
    #[arg(long, value_name = "1s|1min|1h|day|week|month")]
    pub(crate) every: Every,

    #[command(flatten)]
    pub(crate) correction: CorrectionArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TimelineArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Moments at which reactions are computed: columns `time` in seconds, `label`, and `path` for several videos
    #[arg(long, value_name = "CSV")]
    pub(crate) markers: Option<PathBuf>,

    /// Write the episodes as CSV
    #[arg(long, value_name = "CSV")]
    pub(crate) episodes: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Column of the person
    #[arg(long, value_name = "COL")]
    pub(crate) subject: String,

    /// Column of the session; its values, numbers or dates, order the sessions
    #[arg(long, value_name = "COL")]
    pub(crate) session: String,

    /// Column of the phase, one value for each session
    #[arg(long, value_name = "COL")]
    pub(crate) phase: String,

    /// Phase that is the baseline
    #[arg(long, value_name = "VALUE")]
    pub(crate) baseline: String,
}

#[derive(Debug, Args)]
pub(crate) struct RelateArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,

    /// Column of the outcome: one value for each person or visit, a number or one of two values; empty where unknown
    #[arg(long, value_name = "COL")]
    pub(crate) outcome: String,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Shares of happy, sad, neutral and surprise among the faces that are clear; their sum is 1
    #[arg(long, value_name = "H,S,N,S", value_parser = shares)]
    pub(crate) shares: PerEmotion<f64>,

    /// Share of faces without a majority for one of the four
    #[arg(long, value_name = "0-1", default_value_t = 0.1, value_parser = number)]
    pub(crate) unclear: f64,

    /// People; each has shares of their own around these
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) people: usize,

    /// Faces of each person
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<usize>)]
    pub(crate) faces_per_person: usize,

    /// Built-in model whose errors are simulated; default: crowd
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,

    /// Labeled set with the errors of another model: the JSON of `fer evaluate`, or a reference file
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,

    /// Table to write
    #[arg(long, value_name = "FACES.csv")]
    pub(crate) out: PathBuf,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReferenceArgs {
    /// JSON that `fer evaluate --json` wrote, with `--votes` where there are any
    #[arg(value_name = "EVALUATION.json")]
    pub(crate) evaluation: PathBuf,

    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// The groups of an analysis.
#[derive(Debug, Args)]
pub(crate) struct GroupingArgs {
    /// Columns whose values make the groups
    #[arg(
        long,
        visible_alias = "group",
        value_name = "COL,...",
        value_delimiter = ','
    )]
    pub(crate) by: Vec<String>,
}

/// Labels that may correct shares in place of the reference.
#[derive(Debug, Args)]
pub(crate) struct CorrectionArgs {
    /// Sheet of labels of one's own, drawn with `fer insight sample`: they correct the shares in place of the reference
    #[arg(long, value_name = "SHEET.csv", conflicts_with = "reference")]
    pub(crate) labels: Option<PathBuf>,
}

/// The table of faces and the rows to read.
#[derive(Debug, Args)]
pub(crate) struct TableArgs {
    /// Table of faces as `fer predict` writes it, CSV or Parquet, with any columns of your own; `-` for standard input
    #[arg(value_name = "FACES")]
    pub(crate) faces: PathBuf,

    /// Table with further columns, CSV or Parquet, one row for each customer or visit; faces without a row in it are left out
    #[arg(long, value_name = "TABLE", requires = "on")]
    pub(crate) join: Option<PathBuf>,

    /// Column that both tables have, or its names in the faces and in the other table
    #[arg(long, value_name = "COL[=COL]", requires = "join")]
    pub(crate) on: Option<JoinColumns>,

    /// Column of the unit that repeats: a person, a customer, a visit
    #[arg(long, value_name = "COL")]
    pub(crate) cluster: Option<String>,

    /// Use only rows with this value in a column; may be given more than once
    #[arg(long = "where", value_name = "COL=VALUE", value_parser = condition)]
    pub(crate) only: Vec<(String, String)>,

    /// Column of consent: rows without `true`, `yes` or `1` in it are not read
    #[arg(long, value_name = "COL")]
    pub(crate) consent: Option<String>,
}

/// Options of every analysis.
#[derive(Debug, Args)]
pub(crate) struct StudyArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,

    /// Use of the figures; it decides what may be shown
    #[arg(
        long,
        value_name = "audience|customers|campaign|workplace|clinical",
        default_value = "audience"
    )]
    pub(crate) purpose: Purpose,

    /// Lawful ground of an analysis at work or in education
    #[arg(long, value_name = "outside-eu|safety|medical")]
    pub(crate) basis: Option<Basis>,

    /// Smallest number of people of a figure shown
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    pub(crate) min_people: Option<u64>,

    /// Units that weigh equally: each person or each face
    #[arg(long, value_name = "cluster|faces", default_value = "cluster")]
    pub(crate) weight: Weight,

    /// Built-in model whose answers the table holds; default: crowd
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,

    /// Labeled set that corrects the shares: the JSON of `fer evaluate`, or a reference file
    #[arg(long, value_name = "FILE")]
    pub(crate) reference: Option<PathBuf>,

    /// Draws of the posterior
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = whole::<usize>)]
    pub(crate) draws: usize,

    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    pub(crate) seed: u64,

    /// Level of the intervals
    #[arg(long, value_name = "0.5-0.999", default_value_t = 0.95, value_parser = number)]
    pub(crate) level: f64,

    /// `table` for people, `json` or `csv` for programs
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,

    /// Print JSON: the same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,

    /// Write a page with charts and how far to trust the figures
    #[arg(long, visible_alias = "report", value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// Threads to compute with; 0 uses every core. The result does not depend on it
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) threads: usize,
}

impl StudyArgs {
    pub(crate) fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// Parses four numbers.
fn shares(text: &str) -> Result<PerEmotion<f64>, String> {
    let numbers: Result<Vec<f64>, _> = text
        .split(',')
        .map(|number| number.trim().parse())
        .collect();
    let numbers = numbers.ok().and_then(|numbers| numbers.try_into().ok());
    numbers
        .map(PerEmotion)
        .ok_or_else(|| "expected four numbers: 0.3,0.05,0.6,0.05".to_owned())
}

/// Parses `COL=VALUE`.
fn condition(text: &str) -> Result<(String, String), String> {
    let (column, value) = text
        .split_once('=')
        .ok_or_else(|| "expected COL=VALUE".to_owned())?;
    Ok((column.into(), value.into()))
}
