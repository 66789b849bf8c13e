//! `fer train`: a folder of labelled pictures to a run folder.

mod observer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fer_train::{
    Device, Ending, Observer, RunDirectory, ScanOptions, TrainConfig, TrainOptions, TrainingRun,
};
use serde_json::{Map, Value, json};

use crate::args::TrainArgs;
use crate::progress::say;
use crate::settings::with_options;
use crate::terminal;
use crate::{Result, Status};
use observer::Terminal;

/// What to train and how, as the command line and Python both ask for it.
#[derive(Debug, Clone, Default)]
pub struct TrainRequest {
    /// Dataset folder.
    pub data: PathBuf,
    /// Run folder.
    pub out: PathBuf,
    /// Settings file; without it, the settings of the run to resume, or the defaults.
    pub config: Option<PathBuf>,
    /// Settings by name on top of those; a nested section names only what it changes.
    pub options: Map<String, Value>,
    /// Whether to go on with the run in `out`.
    pub resume: bool,
    /// Whether to pass over class folders of unknown names.
    pub ignore_unknown: bool,
    /// Where to compute.
    pub device: Device,
    /// Threads to compute with; 0 uses every core.
    pub threads: usize,
}

impl TrainRequest {
    /// The settings that the request comes to.
    ///
    /// # Errors
    /// [`Error::Train`](crate::Error::Train) for a file that cannot be read or a value out of range;
    /// [`Error::Settings`](crate::Error::Settings) for an unknown name or a value of the wrong type.
    pub fn settings(&self) -> Result<TrainConfig> {
        let base = match &self.config {
            Some(file) => TrainConfig::load(file)?,
            None if self.resume => RunDirectory::at(&self.out).load_config()?,
            None => TrainConfig::default(),
        };
        with_options(&base, self.options.clone())
    }
}

/// Trains as requested. A training that the observer stops leaves a run that can be resumed.
///
/// # Errors
/// Those of [`TrainRequest::settings`] and of [`fer_train::train`].
pub fn train(request: &TrainRequest, observer: &mut dyn Observer) -> Result<TrainingRun> {
    let config = request.settings()?;
    let scan = ScanOptions::default().with_ignore_unknown_folders(request.ignore_unknown);
    let options = TrainOptions::default()
        .with_threads(request.threads)
        .with_device(request.device)
        .with_resume(request.resume)
        .with_scan(scan);
    Ok(fer_train::train(
        &request.data,
        &request.out,
        config,
        &options,
        observer,
    )?)
}

pub(crate) fn run(args: &TrainArgs, quiet: bool) -> Result<Status> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // Where no handler can be set, Ctrl-C ends the process, and the last checkpoint serves the resume.
    let handler = ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed));
    if let Err(error) = handler {
        say(format_args!(
            "warning: Ctrl-C will stop without a checkpoint: {error}"
        ));
    }
    let run = train(&request(args), &mut Terminal::new(interrupted, quiet))?;
    conclude(&run)
}

fn request(args: &TrainArgs) -> TrainRequest {
    let mut options = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    set("epochs", args.epochs.map(Value::from));
    set("batch_size", args.batch_size.map(Value::from));
    set("seed", args.seed.map(Value::from));
    set(
        "votes",
        args.votes.as_ref().map(|file| json!({ "file": file })),
    );
    set(
        "remove_copies",
        args.keep_copies.then_some(Value::Bool(false)),
    );
    TrainRequest {
        data: args.data.clone(),
        out: args.out.clone(),
        config: args.config.clone(),
        options,
        resume: args.resume,
        ignore_unknown: args.ignore_unknown,
        device: args.device,
        threads: args.threads,
    }
}

/// Says what there is now, and what to do next.
fn conclude(run: &TrainingRun) -> Result<Status> {
    let directory = run.directory.display();
    if run.ending == Ending::Interrupted {
        say(format_args!(
            "stopped; the same command with --resume goes on with {directory}"
        ));
        return Ok(Status::Failure);
    }
    let mut table = terminal::table(&["", ""]);
    if let Some(best) = run.best() {
        table.add_row([
            "best epoch".to_owned(),
            format!("{} of {}", best.epoch, run.config.epochs),
        ]);
        table.add_row([
            "validation accuracy".to_owned(),
            format!("{:.4}", best.validation.accuracy),
        ]);
        table.add_row([
            "validation balanced accuracy".to_owned(),
            format!("{:.4}", best.validation.balanced_accuracy),
        ]);
    }
    table.add_row(["model".to_owned(), run.model.display().to_string()]);
    table.add_row([
        "report".to_owned(),
        RunDirectory::at(&run.directory)
            .report_html()
            .display()
            .to_string(),
    ]);
    terminal::print_table(&table)?;
    Ok(Status::Success)
}
