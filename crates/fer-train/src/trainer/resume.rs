//! Resuming a run that was stopped or killed.

use crate::checkpoint::{self, EngineState, RunState};
use crate::config::TrainConfig;
use crate::data::TrainingData;
use crate::digest::InputDigests;
use crate::error::{Error, Result};
use crate::progress::EpochMetrics;
use crate::run_directory::RunDirectory;

/// Point at which a session takes up a run.
pub(super) struct StartingPoint {
    pub(super) position: RunState,
    /// The completed epochs.
    pub(super) history: Vec<EpochMetrics>,
    /// None at the beginning of a run.
    pub(super) state: Option<EngineState>,
}

/// A checkpoint of the run, which must have been started with `config`. None if the run was killed before its first one.
pub(super) fn saved_run(
    run: &RunDirectory,
    config: &TrainConfig,
) -> Result<Option<(RunState, EngineState)>> {
    let started_with = run.load_config()?;
    refuse_other_config(run, &comparable(&started_with)?, &comparable(config)?)?;
    run.clean()?;
    if !run.last().exists() {
        return Ok(None);
    }
    let (position, state) = checkpoint::load(&run.last())?;
    // Settings are compared, not their text: a setting that is newer than the run has its default in both.
    let checkpointed = TrainConfig::from_toml(&position.config)?;
    refuse_other_config(run, &comparable(&checkpointed)?, &comparable(config)?)?;
    Ok(Some((position, state)))
}

/// The beginning of a run, or the place of its checkpoint if that was made with the same data.
pub(super) fn starting_point(
    run: &RunDirectory,
    saved: Option<(RunState, EngineState)>,
    config: &TrainConfig,
    data: &TrainingData,
) -> Result<StartingPoint> {
    let Some((position, state)) = saved else {
        let position = RunState::start(comparable(config)?, data.inputs.clone());
        return Ok(StartingPoint {
            position,
            history: Vec::new(),
            state: None,
        });
    };
    refuse_other_inputs(run, &position.inputs, &data.inputs)?;
    let mut history = run.history()?;
    if history.len() < position.epoch {
        let reason = format!(
            "{} epochs, the checkpoint has completed {}",
            history.len(),
            position.epoch
        );
        return Err(Error::Checkpoint {
            path: run.metrics(),
            reason,
        });
    }
    // An epoch that was written down but not checkpointed is trained again.
    history.truncate(position.epoch);
    run.write_history(&history)?;
    Ok(StartingPoint {
        position,
        history,
        state: Some(state),
    })
}

/// The configuration as text without what may differ between two calls for the same run: where its files lie.
fn comparable(config: &TrainConfig) -> Result<String> {
    config.clone().with_bare_file_names().to_toml()
}

fn refuse_other_config(run: &RunDirectory, expected: &str, found: &str) -> Result<()> {
    let mut lines = expected.lines().zip(found.lines());
    let (expected, found) = match lines.find(|(expected, found)| expected != found) {
        Some((expected, found)) => (expected.to_owned(), found.to_owned()),
        None if expected.len() == found.len() => return Ok(()),
        None => (
            format!("{} settings", expected.lines().count()),
            format!("{}", found.lines().count()),
        ),
    };
    Err(Error::ResumeMismatch {
        path: run.path().to_owned(),
        what: "configuration",
        expected,
        found,
    })
}

fn refuse_other_inputs(
    run: &RunDirectory,
    expected: &InputDigests,
    found: &InputDigests,
) -> Result<()> {
    let or_none = |digest: &Option<String>| digest.clone().unwrap_or_else(|| "none".to_owned());
    let teachers = |inputs: &InputDigests| inputs.teachers.join(", ");
    let compared = [
        ("dataset", expected.dataset.clone(), found.dataset.clone()),
        (
            "votes file",
            or_none(&expected.votes),
            or_none(&found.votes),
        ),
        (
            "votes file of the extra images",
            or_none(&expected.extra_votes),
            or_none(&found.extra_votes),
        ),
        ("teachers", teachers(expected), teachers(found)),
        ("start", or_none(&expected.start), or_none(&found.start)),
    ];
    match compared
        .into_iter()
        .find(|(_, expected, found)| expected != found)
    {
        None => Ok(()),
        Some((what, expected, found)) => Err(Error::ResumeMismatch {
            path: run.path().to_owned(),
            what,
            expected,
            found,
        }),
    }
}
