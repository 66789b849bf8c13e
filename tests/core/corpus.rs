//! A corpus of image files: one after the other in a file, with a list of names, lengths and digests of the right pixels.

use fer_core::{ErrorKind, Image, chain};
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

/// A corpus: its files, and the list of them.
pub(crate) struct Corpus {
    pub(crate) files: &'static [u8],
    pub(crate) list: &'static str,
}

impl Corpus {
    /// Returns the files, each with its entry in the list.
    pub(crate) fn entries(&self) -> Vec<(Entry, &'static [u8])> {
        let entries: Vec<Entry> = serde_json::from_str(self.list).unwrap();
        let mut rest = self.files;
        let split = |entry: Entry| {
            let (file, after) = rest.split_at(entry.bytes);
            rest = after;
            (entry, file)
        };
        let entries = entries.into_iter().map(split).collect();
        assert!(rest.is_empty());
        entries
    }

    /// Returns the names of the files that are to be refused, each with its message, which names the kind and gives advice.
    pub(crate) fn refusals(&self) -> Vec<(String, String)> {
        let refused = self.entries().into_iter();
        let refused = refused.filter(|(entry, _)| entry.pixels.is_none());
        let message = |(entry, file): (Entry, &[u8])| {
            let error = Image::decode(file).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnsupportedImage, "{}", entry.name);
            let message = chain(&error);
            assert!(message.contains("save it"), "{}: {message}", entry.name);
            (entry.name, message)
        };
        refused.map(message).collect()
    }
}

/// Returns the SHA-256 of pixels in hexadecimal digits.
pub(crate) fn digest(pixels: &[u8]) -> String {
    let digest = Sha256::digest(pixels);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
