//! The digest by which a model file proves that it is whole.

use safetensors::{Dtype, SafeTensors};
use sha2::{Digest, Sha256};

use super::storage::TensorBytes;
use crate::{Error, Result};

/// The tensor that holds the SHA-256 of the metadata's text and of every other tensor: outside the metadata, so that
/// the text is digested as it stands.
pub(super) const NAME: &str = "sha256";

/// The tensor that [`check`] asks for.
pub(super) fn tensor(metadata: &str, tensors: &[TensorBytes]) -> TensorBytes {
    let contents = tensors
        .iter()
        .map(|t| (t.name.as_str(), t.bytes.as_slice()));
    let bytes = sha256(metadata, contents.collect()).to_vec();
    TensorBytes {
        name: NAME.into(),
        dtype: Dtype::U8,
        shape: vec![bytes.len()],
        bytes,
    }
}

pub(super) fn check(metadata: &str, tensors: &SafeTensors<'_>) -> Result<()> {
    let stored = tensors.tensor(NAME).map_err(|_| Error::NotAModel {
        reason: format!("it has no tensor {NAME:?}"),
    })?;
    let contents = tensors.iter().map(|(name, view)| (name, view.data()));
    let digest = sha256(
        metadata,
        contents.filter(|(name, _)| *name != NAME).collect(),
    );
    // The digest has no key, so an edited file can be signed again. A fuzzer cannot do that and would get no further.
    if cfg!(not(fuzzing)) && stored.data() != digest {
        return Err(Error::CorruptModel {
            reason: "its content does not have the SHA-256 digest that it states".into(),
        });
    }
    Ok(())
}

fn sha256(metadata: &str, mut tensors: Vec<(&str, &[u8])>) -> [u8; 32] {
    tensors.sort_unstable();
    let mut hasher = Sha256::new();
    let mut add = |bytes: &[u8]| {
        // With its length, so that no byte can move from one part to the next.
        hasher.update((bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    add(metadata.as_bytes());
    for (name, bytes) in tensors {
        add(name.as_bytes());
        add(bytes);
    }
    hasher.finalize().into()
}
