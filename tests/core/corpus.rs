//! A corpus of image files: one after the other in a file, with a list of names, lengths and digests of the right pixels.

use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    bytes: usize,
    /// SHA-256 of the right pixels; none where the file is to be refused.
    pub(crate) pixels: Option<String>,
    /// The file has more frames or pages.
    #[serde(default)]
    pub(crate) has_more: bool,
}

/// Returns the files of a corpus, each with its entry in the list.
pub(crate) fn corpus(files: &'static [u8], list: &str) -> Vec<(Entry, &'static [u8])> {
    let entries: Vec<Entry> = serde_json::from_str(list).unwrap();
    let mut rest = files;
    let split = |entry: Entry| {
        let (file, after) = rest.split_at(entry.bytes);
        rest = after;
        (entry, file)
    };
    let corpus = entries.into_iter().map(split).collect();
    assert!(rest.is_empty());
    corpus
}

/// Returns the SHA-256 of pixels in hexadecimal digits.
pub(crate) fn digest(pixels: &[u8]) -> String {
    let digest = Sha256::digest(pixels);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
