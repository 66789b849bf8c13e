//! `last.safetensors`: all that a run needs to continue as if it had never stopped.
//!
//! Random numbers need no state ([`crate::random`]): seed, epoch and step name every draw.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use fer_core::Weights;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

use crate::digest::InputDigests;
use crate::error::{Error, Result};
use crate::read::read_file;

/// Version of the file's layout.
const FORMAT: u32 = 1;

/// The largest checkpoint that is read, in bytes: four times the largest model with its optimizer and average.
const MAX_CHECKPOINT_BYTES: u64 = 4 << 30;
/// The one metadata entry; several would be written in a random order.
const METADATA_KEY: &str = "fer_checkpoint";
/// Prefix of the optimizer's buffers.
const OPTIMIZER: &str = "optimizer.";

/// The numbers that a training step changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct EngineState {
    /// The weights that the steps move.
    pub(crate) weights: Weights,
    /// Their moving average, which is validated and shipped.
    pub(crate) average: Weights,
    /// The optimizer's buffers by name, each as long as the parameters.
    pub(crate) optimizer: BTreeMap<String, Vec<f32>>,
    /// Steps taken.
    pub(crate) steps: u64,
}

/// The progress of a run, its configuration and its inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunState {
    format: u32,
    /// The configuration as TOML, with bare file names.
    pub(crate) config: String,
    /// Digests of the files that the run reads.
    pub(crate) inputs: InputDigests,
    /// Epochs completed.
    pub(crate) epoch: usize,
    /// Steps of the current epoch taken.
    pub(crate) step: usize,
    /// Sum of the losses of these steps.
    pub(crate) loss_sum: f64,
    /// The best epoch so far.
    pub(crate) best: Option<Best>,
}

impl RunState {
    /// Returns the state at the beginning of a run.
    pub(crate) fn start(config: String, inputs: InputDigests) -> Self {
        Self {
            format: FORMAT,
            config,
            inputs,
            epoch: 0,
            step: 0,
            loss_sum: 0.0,
            best: None,
        }
    }
}

/// The best epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Best {
    /// From 1.
    pub(crate) epoch: usize,
    /// The monitored figure: higher is better.
    pub(crate) score: f64,
    /// Breaks ties: lower is better.
    pub(crate) loss: f64,
}

impl Best {
    /// Returns `true` if this epoch is better than `other`; the earlier of two equal ones stays.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        self.score > other.score || (self.score == other.score && self.loss < other.loss)
    }
}

/// Writes a checkpoint atomically.
pub(crate) fn save(path: &Path, position: &RunState, state: &EngineState) -> Result<()> {
    let bytes = to_file(position, state).map_err(|reason| Error::Checkpoint {
        path: path.to_owned(),
        reason,
    })?;
    Ok(fer_core::write_atomic(path, &bytes)?)
}

fn to_file(position: &RunState, state: &EngineState) -> Result<Vec<u8>, String> {
    let header = Header {
        position: position.clone(),
        steps: state.steps,
    };
    let json = serde_json::to_string(&header).map_err(|error| error.to_string())?;
    let buffers: Vec<(String, Vec<u8>)> = named_buffers(state)
        .map(|(name, values)| (name, to_bytes(values)))
        .collect();
    let tensors = buffers
        .iter()
        .map(|(name, bytes)| {
            Ok((
                name,
                TensorView::new(Dtype::F32, vec![bytes.len() / 4], bytes)?,
            ))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| error.to_string())?;
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
    safetensors::serialize(tensors, Some(metadata)).map_err(|error| error.to_string())
}

/// Reads a checkpoint.
///
/// # Errors
/// [`Error::Io`], or [`Error::Checkpoint`] for a file that is no checkpoint of this version.
pub(crate) fn load(path: &Path) -> Result<(RunState, EngineState)> {
    let bytes = read_file(path, MAX_CHECKPOINT_BYTES)?;
    parse(&bytes).map_err(|reason| Error::Checkpoint {
        path: path.to_owned(),
        reason,
    })
}

fn parse(bytes: &[u8]) -> Result<(RunState, EngineState), String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let json = metadata
        .metadata()
        .as_ref()
        .and_then(|entries| entries.get(METADATA_KEY));
    let json = json.ok_or_else(|| format!("it has no metadata entry `{METADATA_KEY}`"))?;
    let Header { position, steps } =
        serde_json::from_str(json).map_err(|error| error.to_string())?;
    if position.format != FORMAT {
        return Err(format!(
            "its format is {}, expected {FORMAT}",
            position.format
        ));
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let buffer = |name: &str| -> Result<Vec<f32>, String> {
        from_tensor(&tensors.tensor(name).map_err(|error| error.to_string())?)
            .ok_or_else(|| format!("`{name}` does not hold 32-bit floats"))
    };
    let weights = |prefix: &str| -> Result<Weights, String> {
        Ok(Weights {
            parameters: buffer(&format!("{prefix}parameters"))?,
            statistics: buffer(&format!("{prefix}statistics"))?,
        })
    };
    let optimizer = tensors
        .names()
        .into_iter()
        .filter_map(|name| name.strip_prefix(OPTIMIZER).map(|bare| (name, bare)))
        .map(|(name, bare)| Ok((bare.to_owned(), buffer(name)?)))
        .collect::<Result<_, String>>()?;
    let state = EngineState {
        weights: weights("")?,
        average: weights("average.")?,
        optimizer,
        steps,
    };
    Ok((position, state))
}

/// Reads a checkpoint, for `fuzz/fuzz_targets`: what is read must be written as what is read again.
#[cfg(fuzzing)]
pub fn fuzz_checkpoint(bytes: &[u8]) -> Result<(), String> {
    let (position, state) = parse(bytes)?;
    let file = to_file(&position, &state)?;
    let (position, state) = parse(&file)?;
    assert!(to_file(&position, &state)? == file);
    Ok(())
}

/// The metadata entry.
#[derive(Serialize, Deserialize)]
struct Header {
    position: RunState,
    steps: u64,
}

fn named_buffers(state: &EngineState) -> impl Iterator<Item = (String, &[f32])> {
    let fixed = [
        ("parameters", &state.weights.parameters),
        ("statistics", &state.weights.statistics),
        ("average.parameters", &state.average.parameters),
        ("average.statistics", &state.average.statistics),
    ];
    let fixed = fixed
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values.as_slice()));
    let optimizer = state
        .optimizer
        .iter()
        .map(|(name, values)| (format!("{OPTIMIZER}{name}"), values.as_slice()));
    fixed.chain(optimizer)
}

fn to_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

fn from_tensor(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let (values, rest) = tensor.data().as_chunks::<4>();
    (tensor.dtype() == Dtype::F32 && rest.is_empty()).then(|| {
        values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (RunState, EngineState) {
        let inputs = InputDigests {
            dataset: "d".into(),
            votes: None,
            extra_votes: None,
            teachers: vec!["t".into()],
            start: Some("s".into()),
        };
        let position = RunState {
            epoch: 3,
            step: 7,
            loss_sum: 0.1 + 0.2,
            best: Some(Best {
                epoch: 2,
                score: 1.0 / 3.0,
                loss: 1e300 / 7.0,
            }),
            ..RunState::start("epochs = 3".into(), inputs)
        };
        let weights = |value: f32| Weights {
            parameters: vec![value; 5],
            statistics: vec![-value, f32::MIN_POSITIVE],
        };
        let optimizer = BTreeMap::from([("first_moment".to_owned(), vec![0.25; 5])]);
        (
            position,
            EngineState {
                weights: weights(1.5),
                average: weights(0.1),
                optimizer,
                steps: 99,
            },
        )
    }

    #[test]
    fn a_checkpoint_comes_back_bit_for_bit_and_is_written_the_same_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("a"), folder.path().join("b"));
        let (position, state) = sample();
        save(&first, &position, &state).unwrap();
        save(&second, &position, &state).unwrap();
        assert_eq!(load(&first).unwrap(), (position, state));
        assert_eq!(
            std::fs::read(first).unwrap(),
            std::fs::read(second).unwrap()
        );
    }

    #[test]
    fn damage_is_an_error_wherever_the_file_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("last.safetensors");
        let (position, state) = sample();
        save(&path, &position, &state).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(
                load(&path).unwrap_err().kind(),
                fer_core::ErrorKind::Checkpoint,
                "cut at {length}"
            );
        }
    }
}
