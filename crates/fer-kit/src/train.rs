//! Training of a model from a request.

use std::path::PathBuf;

use fer_insight::Sheet;
use fer_train::{
    Device, Observer, RunDirectory, ScanOptions, TrainConfig, TrainOptions, TrainingRun,
};
use serde_json::{Map, Value};

use crate::Result;
use crate::labeled_faces::write_labeled_faces;
use crate::model::model_file;
use crate::settings::with_options;

/// A request to train: data, run folder and settings.
#[derive(Debug, Clone, Default)]
pub struct TrainRequest {
    /// Dataset folder, or a sheet of labels (see [`write_labeled_faces`]).
    pub data: PathBuf,
    /// Run folder.
    pub out: PathBuf,
    /// Settings file; without it, the settings of the run to resume, or the defaults: with a model to start from in `options`,
    /// [`TrainConfig::starting_from`] it.
    pub config: Option<PathBuf>,
    /// Settings by name on top of those; a section changes only the settings that it names.
    pub options: Map<String, Value>,
    /// Resumes the run in `out`.
    pub resume: bool,
    /// Skips class folders of unknown names instead of refusing the dataset.
    pub ignore_unknown: bool,
    /// The device to compute on.
    pub device: Device,
    /// Threads to compute with; 0 uses every core.
    pub threads: usize,
}

impl TrainRequest {
    /// Returns the settings in effect: those of the file or run, changed by the options.
    ///
    /// # Errors
    /// [`Error::Train`](crate::Error::Train) for a file that cannot be read or a value out of range;
    /// [`Error::Settings`](crate::Error::Settings) for an unknown name or a value of the wrong type.
    pub fn settings(&self) -> Result<TrainConfig> {
        let base = match &self.config {
            Some(file) => TrainConfig::load(file)?,
            None if self.resume => RunDirectory::at(&self.out).load_config()?,
            None => match self.start() {
                Some(model) => TrainConfig::starting_from(model),
                None => TrainConfig::default(),
            },
        };
        let mut settings = with_options(&base, self.options.clone())?;
        if let Some(model) = &mut settings.start.model {
            *model = model_file(model);
        }
        Ok(settings)
    }

    /// The model to start from that the options name.
    fn start(&self) -> Option<&str> {
        self.options.get("start")?.get("model")?.as_str()
    }
}

/// Trains as requested. A training that the observer stops leaves a run that can be resumed.
///
/// The labeled faces of a sheet are first cut out into a folder beside the run, called as the run with `-faces` behind.
///
/// # Errors
/// Those of [`TrainRequest::settings`], of [`fer_train::train`] and, for a sheet, of [`Sheet::open`] and [`write_labeled_faces`].
pub fn train(request: &TrainRequest, observer: &mut dyn Observer) -> Result<TrainingRun> {
    let config = request.settings()?;
    let scan = ScanOptions::default().with_ignore_unknown_folders(request.ignore_unknown);
    let options = TrainOptions::default()
        .with_threads(request.threads)
        .with_device(request.device)
        .with_resume(request.resume)
        .with_scan(scan);
    let data = if request.data.is_file() {
        dataset_of_sheet(request, observer)?
    } else {
        request.data.clone()
    };
    Ok(fer_train::train(
        &data,
        &request.out,
        config,
        &options,
        observer,
    )?)
}

/// Returns the folder with the labeled faces of a sheet; a run that is resumed has it already.
fn dataset_of_sheet(request: &TrainRequest, observer: &mut dyn Observer) -> Result<PathBuf> {
    let mut name = request.out.file_name().unwrap_or_default().to_owned();
    name.push("-faces");
    let folder = request.out.with_file_name(name);
    if request.resume {
        return Ok(folder);
    }
    let faces = write_labeled_faces(&Sheet::open(&request.data)?, &folder)?;
    if faces.left_out > 0 {
        observer.warning(&format!(
            "{} faces of the sheet have none of the four labels: left out",
            faces.left_out
        ));
    }
    for (path, error) in &faces.unreadable {
        observer.warning(&format!(
            "{}: {}; its faces are left out",
            path.display(),
            fer_core::chain(error)
        ));
    }
    Ok(folder)
}
