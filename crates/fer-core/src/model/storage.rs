//! The tensors of a model file.

use std::borrow::Cow;

use fer_kernels::{NetworkSpec, Role, Slot};
use half::f16;
use half::slice::HalfFloatSliceExt;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors, View};
use serde::{Deserialize, Serialize};

use super::Model;
use crate::{Emotion, Error, OtherCalibration, OtherOutputs, PerEmotion, Result, Weights};

/// The tensors of the outputs for other expressions.
const OTHER_WEIGHTS: &str = "other.weight";
const OTHER_BIASES: &str = "other.bias";

/// Storage of the weights of convolutions and of the head; everything else is always `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightStorage {
    /// Four bytes each: exact.
    #[default]
    F32,
    /// Two bytes each, rounded to the nearest: half the file.
    F16,
}

/// A named tensor, ready to be written.
pub(crate) struct TensorBytes {
    pub(crate) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
}

impl View for &TensorBytes {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

pub(super) fn write_tensors(
    model: &Model,
    spec: &NetworkSpec,
    storage: WeightStorage,
) -> Result<Vec<TensorBytes>> {
    let scores = model.calibration.scores().iter();
    let mut tensors = write_weights(&model.weights, spec, storage)?;
    tensors.extend(scores.map(|(emotion, scores)| TensorBytes {
        name: scores_name(emotion),
        bytes: le_bytes(scores),
        dtype: Dtype::F32,
        shape: vec![scores.len()],
    }));
    tensors.extend(model.other.as_ref().map_or_else(Vec::new, other_tensors));
    Ok(tensors)
}

/// A tensor for each slot of the network.
///
/// # Errors
/// [`Error::ModelTensor`] for weights beyond the range of half precision where that is asked for.
pub(crate) fn write_weights(
    weights: &Weights,
    spec: &NetworkSpec,
    storage: WeightStorage,
) -> Result<Vec<TensorBytes>> {
    let tensor = |slot: Slot, buffer: &[f32]| {
        let values = &buffer[slot.range];
        let halved = storage == WeightStorage::F16 && is_large(slot.role);
        let largest = f16::MAX.to_f32();
        if let Some(value) = values.iter().find(|value| halved && value.abs() > largest) {
            return Err(Error::ModelTensor {
                name: slot.name,
                expected: format!("numbers from -{largest} to {largest} to be stored as F16"),
                found: format!("holding {value}"),
            });
        }
        let (dtype, bytes) = if halved {
            let halves = values.iter().map(|&value| f16::from_f32(value));
            (Dtype::F16, halves.flat_map(f16::to_le_bytes).collect())
        } else {
            (Dtype::F32, le_bytes(values))
        };
        Ok(TensorBytes {
            name: slot.name,
            bytes,
            dtype,
            shape: slot.shape,
        })
    };
    let parameters = spec.parameters().into_iter();
    let statistics = spec.statistics().into_iter();
    parameters
        .map(|slot| tensor(slot, &weights.parameters))
        .chain(statistics.map(|slot| tensor(slot, &weights.statistics)))
        .collect()
}

/// The outputs for other expressions: few enough to be stored exactly.
fn other_tensors(other: &OtherOutputs) -> Vec<TensorBytes> {
    let outputs = other.biases.len();
    let tensor = |name: &str, values: &[f32], shape| TensorBytes {
        name: name.to_owned(),
        bytes: le_bytes(values),
        dtype: Dtype::F32,
        shape,
    };
    let features = other.weights.len() / outputs;
    vec![
        tensor(OTHER_WEIGHTS, &other.weights, vec![outputs, features]),
        tensor(OTHER_BIASES, &other.biases, vec![outputs]),
    ]
}

/// Reads the outputs for other expressions.
pub(super) fn read_other(
    tensors: &SafeTensors<'_>,
    calibration: OtherCalibration,
) -> Result<OtherOutputs> {
    let values = |name: &str, dimensions: usize| {
        let tensor = find(tensors, name)?;
        if tensor.dtype() != Dtype::F32 || tensor.shape().len() != dimensions {
            return Err(Error::ModelTensor {
                name: name.to_owned(),
                expected: format!("F32 of {dimensions} dimensions"),
                found: describe(tensor.dtype(), tensor.shape()),
            });
        }
        let mut values = Vec::new();
        append(&mut values, &tensor);
        Ok(values)
    };
    Ok(OtherOutputs {
        weights: values(OTHER_WEIGHTS, 2)?,
        biases: values(OTHER_BIASES, 1)?,
        calibration,
    })
}

/// Reads the weights of a network.
pub(crate) fn read_weights(tensors: &SafeTensors<'_>, spec: &NetworkSpec) -> Result<Weights> {
    Ok(Weights {
        parameters: read_slots(tensors, &spec.parameters())?,
        statistics: read_slots(tensors, &spec.statistics())?,
    })
}

/// Reads the tensors of `slots` into one flat buffer.
fn read_slots(tensors: &SafeTensors<'_>, slots: &[Slot]) -> Result<Vec<f32>> {
    // All are checked before any memory is taken: a configuration may promise what the file does not hold.
    let views = slots.iter().map(|slot| find_slot(tensors, slot));
    let views = views.collect::<Result<Vec<_>>>()?;
    let mut buffer = Vec::with_capacity(slots.iter().map(|slot| slot.range.len()).sum());
    for tensor in &views {
        append(&mut buffer, tensor);
    }
    Ok(buffer)
}

fn find_slot<'a>(tensors: &SafeTensors<'a>, slot: &Slot) -> Result<TensorView<'a>> {
    let tensor = find(tensors, &slot.name)?;
    let fits = match tensor.dtype() {
        Dtype::F32 => true,
        Dtype::F16 => is_large(slot.role),
        _ => false,
    };
    if !fits || tensor.shape() != slot.shape {
        return Err(Error::ModelTensor {
            name: slot.name.clone(),
            expected: describe(Dtype::F32, &slot.shape),
            found: describe(tensor.dtype(), tensor.shape()),
        });
    }
    Ok(tensor)
}

/// Reads the conformal scores of each emotion.
pub(super) fn read_scores(tensors: &SafeTensors<'_>) -> Result<PerEmotion<Vec<f32>>> {
    let mut scores = PerEmotion::<Vec<f32>>::default();
    for emotion in Emotion::ALL {
        let name = scores_name(emotion);
        let tensor = find(tensors, &name)?;
        if tensor.dtype() != Dtype::F32 || tensor.shape().len() != 1 {
            return Err(Error::ModelTensor {
                name,
                expected: "F32 of one dimension".into(),
                found: describe(tensor.dtype(), tensor.shape()),
            });
        }
        append(&mut scores[emotion], &tensor);
    }
    Ok(scores)
}

/// Refuses tensors that neither the network nor `more` has a place for.
pub(super) fn check_names(
    tensors: &SafeTensors<'_>,
    spec: &NetworkSpec,
    has_other: bool,
    more: &[&str],
) -> Result<()> {
    let slots = spec.parameters().into_iter().chain(spec.statistics());
    let mut known: Vec<String> = slots.map(|slot| slot.name).collect();
    known.extend(Emotion::ALL.map(scores_name));
    let other = [OTHER_WEIGHTS, OTHER_BIASES];
    let other = other.iter().filter(|_| has_other);
    known.extend(other.chain(more).map(|name| (*name).to_owned()));
    for (name, tensor) in tensors.iter() {
        if !known.iter().any(|known| known == name) {
            return Err(Error::ModelTensor {
                name: name.into(),
                expected: "absent".into(),
                found: describe(tensor.dtype(), tensor.shape()),
            });
        }
    }
    Ok(())
}

/// Tells a file that is cut short or damaged from one that is no model file.
pub(crate) fn read_error(error: SafeTensorError) -> Error {
    let reason = error.to_string();
    match error {
        SafeTensorError::MetadataIncompleteBuffer
        | SafeTensorError::InvalidOffset(_)
        | SafeTensorError::TensorInvalidInfo => Error::CorruptModel { reason },
        _ => Error::NotAModel { reason },
    }
}

fn find<'a>(tensors: &SafeTensors<'a>, name: &str) -> Result<TensorView<'a>> {
    tensors.tensor(name).map_err(|_| Error::ModelTensor {
        name: name.into(),
        expected: "present".into(),
        found: "missing".into(),
    })
}

fn append(buffer: &mut Vec<f32>, tensor: &TensorView<'_>) {
    match tensor.dtype() {
        Dtype::F16 => {
            let (halves, _) = tensor.data().as_chunks::<2>();
            let halves: Vec<f16> = halves
                .iter()
                .map(|&half| f16::from_le_bytes(half))
                .collect();
            let start = buffer.len();
            buffer.resize(start + halves.len(), 0.0);
            halves.convert_to_f32_slice(&mut buffer[start..]);
        }
        _ => {
            let (words, _) = tensor.data().as_chunks::<4>();
            buffer.extend(words.iter().map(|&word| f32::from_le_bytes(word)));
        }
    }
}

fn is_large(role: Role) -> bool {
    matches!(role, Role::ConvWeight | Role::HeadWeight)
}

fn scores_name(emotion: Emotion) -> String {
    format!("calibration.{emotion}")
}

fn describe(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype:?} of shape {shape:?}")
}

fn le_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}
