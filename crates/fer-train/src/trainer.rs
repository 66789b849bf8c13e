//! From a dataset to a run directory.

mod finish;
mod resume;
mod session;
mod start;
mod validation;

use std::path::Path;
use std::time::Duration;

use fer_kernels::Threads;

use crate::config::TrainConfig;
use crate::data::TrainingData;
use crate::dataset::{FolderDataset, ScanOptions};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::initialize::initial_weights;
use crate::progress::Observer;
use crate::run_directory::RunDirectory;
use crate::training_run::{Ending, TrainingRun};

use session::Session;
use start::Start;
pub(crate) use validation::Validation;

/// Options of the execution of a training. None of this changes its result, except that another device rounds otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrainOptions {
    /// Threads to compute with; 0 uses every core.
    pub threads: usize,
    /// Device that computes.
    pub device: Device,
    /// Goes on with the run in the directory instead of starting one.
    pub resume: bool,
    /// Strictness of the scan of the dataset.
    pub scan: ScanOptions,
    /// Bytes of preprocessed pixels that each split may keep in memory; a larger split is decoded again in each epoch. Until copies
    /// are searched (`remove_copies`), all splits are in memory.
    pub memory_budget: usize,
    /// Time between checkpoints within an epoch; each end of an epoch writes one as well.
    pub checkpoint_every: Duration,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            threads: 0,
            device: Device::Cpu,
            resume: false,
            scan: ScanOptions::default(),
            memory_budget: 2 << 30,
            checkpoint_every: Duration::from_secs(60),
        }
    }
}

impl TrainOptions {
    /// Computes with `threads` threads; 0 uses every core.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Computes on `device`.
    #[must_use]
    pub fn with_device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// Goes on with the run in the directory if `resume`.
    #[must_use]
    pub fn with_resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Scans the dataset with `scan`.
    #[must_use]
    pub fn with_scan(mut self, scan: ScanOptions) -> Self {
        self.scan = scan;
        self
    }

    /// Keeps up to `bytes` of preprocessed pixels of each split in memory.
    #[must_use]
    pub fn with_memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// Writes checkpoints within an epoch at this interval.
    #[must_use]
    pub fn with_checkpoint_every(mut self, interval: Duration) -> Self {
        self.checkpoint_every = interval;
        self
    }
}

/// Trains on the dataset in `data` and writes the run directory `run`.
///
/// The same configuration, dataset and machine give the same bytes in `best.safetensors`, for any number of threads
/// and however often the run was stopped and resumed.
///
/// # Errors
/// Those of [`FolderDataset::scan`] and of the configuration's ranges; [`RunExists`](crate::Error::RunExists) if `run` is
/// not empty and no resume was asked for; [`RunInUse`](crate::Error::RunInUse) if another training writes to it; [`NothingToResume`](crate::Error::NothingToResume) and
/// [`ResumeMismatch`](crate::Error::ResumeMismatch) if one was and there is no run or another one;
/// [`Start`](crate::Error::Start) for a model to start from that does not fit;
/// [`NoExamples`](crate::Error::NoExamples) if nothing of a class is left; [`Diverged`](crate::Error::Diverged);
/// [`Io`](crate::Error::Io).
///
/// # Examples
/// ```no_run
/// use fer_train::{TrainConfig, TrainOptions, train};
///
/// let config = TrainConfig { epochs: 10, ..TrainConfig::default() };
/// let run = train("data".as_ref(), "run".as_ref(), config, &TrainOptions::default(), &mut ())?;
/// println!("best epoch: {:?}", run.best_epoch);
/// # Ok::<(), fer_train::Error>(())
/// ```
pub fn train(
    data: &Path,
    run: &Path,
    config: TrainConfig,
    options: &TrainOptions,
    observer: &mut dyn Observer,
) -> Result<TrainingRun> {
    config.validate()?;
    let config = config.with_absolute_paths()?;
    let start = Start::load(&config)?;
    let config = match &start {
        Some(start) => start.complete(&config)?,
        None => config,
    };
    let directory = RunDirectory::at(run);
    let mut lock = None;
    let saved = if options.resume {
        directory.load_config()?;
        lock = Some(directory.lock()?);
        resume::saved_run(&directory, &config)?
    } else {
        directory.refuse_existing().map(|()| None)?
    };

    let threads = Threads::new(options.threads)?;
    let dataset = FolderDataset::scan(data, options.scan)?;
    if dataset.has_inside(run) {
        return Err(Error::RunInData {
            path: run.to_owned(),
        });
    }
    let mut data =
        TrainingData::load(&dataset, &config, options.memory_budget, &threads, observer)?;
    data.inputs.start = start.as_ref().map(Start::digest).transpose()?;
    if lock.is_none() {
        lock = Some(directory.create(&config)?);
    }
    let place = resume::starting_point(&directory, saved, &config, &data)?;
    let config = config.settled(data.examples.len());
    let weights = match &start {
        Some(start) => start.weights(&config.training_spec()?, config.seed)?,
        None => initial_weights(&config.training_spec()?, config.seed),
    };
    let session = Session::new(
        &directory, &config, options, &data, weights, place, &threads,
    )?;
    let mut run = session.run(observer)?;
    if run.ending != Ending::Interrupted {
        if let Some(start) = &start {
            run.gain = start.compared_with(&run.model, &data, options.threads)?;
        }
        let warnings = finish::write_reports(&directory, &run, &dataset, options)?;
        warnings
            .iter()
            .for_each(|message| observer.warning(message));
    }
    drop(lock);
    Ok(run)
}
