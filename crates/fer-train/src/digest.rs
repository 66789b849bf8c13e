//! Digests of what a run reads, in hexadecimal.

use serde::{Deserialize, Serialize};

/// Digests of the files that a run reads, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InputDigests {
    /// The images: paths, classes and contents.
    pub(crate) dataset: String,
    /// The votes file.
    pub(crate) votes: Option<String>,
    /// The votes file of the extra images.
    #[serde(default)]
    pub(crate) extra_votes: Option<String>,
    /// The teachers' model files.
    pub(crate) teachers: Vec<String>,
    /// The model file that the training starts from.
    #[serde(default)]
    pub(crate) start: Option<String>,
}

/// Formats bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
