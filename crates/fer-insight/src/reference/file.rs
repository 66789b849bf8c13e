//! Reference files.

use std::io::ErrorKind;
use std::path::Path;

use fer_core::read_capped;
use serde::{Deserialize, Serialize};

use super::{Reference, Stratum};
use crate::{Error, Result};

const FORMAT: &str = "fer-reference";
const VERSION: u32 = 1;
/// A reference has 3 kB; the evaluation of 100,000 images, of which one can be made, 30 MB.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 26;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    strata: Strata,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strata {
    happy: Stratum,
    sad: Stratum,
    neutral: Stratum,
    surprise: Stratum,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unclear: Option<Stratum>,
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

impl Reference {
    /// Reads a reference file, or makes the reference of an evaluation: the JSON of `fer evaluate`.
    ///
    /// # Errors
    /// [`Error::Read`], also for a file of more than 64 MiB, and those of [`Reference::from_json`] or
    /// [`Reference::from_evaluation`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::Read {
            path: path.into(),
            source,
        };
        let bytes = read_capped(path, MAX_FILE_BYTES).map_err(failed)?;
        let text = String::from_utf8(bytes)
            .map_err(|error| failed(std::io::Error::new(ErrorKind::InvalidData, error)))?;
        let is_reference = serde_json::from_str::<Header>(&text).is_ok();
        match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
            Ok(_) if !is_reference => Self::from_evaluation(&text),
            _ => Self::from_json(&text),
        }
    }

    /// Reads the text of a reference file.
    ///
    /// # Errors
    /// [`Error::ReferenceFormat`], [`Error::ReferenceVersion`], [`Error::InvalidReference`].
    pub fn from_json(text: &str) -> Result<Self> {
        let format = |source| Error::ReferenceFormat { source };
        let header: Header = serde_json::from_str(text).map_err(format)?;
        if header.format != FORMAT {
            return Err(Error::InvalidReference {
                what: format!("the format must be {FORMAT:?}"),
                found: format!("{:?}", header.format),
            });
        }
        if header.version != VERSION {
            return Err(Error::ReferenceVersion {
                expected: VERSION,
                found: header.version,
            });
        }
        let file: File = serde_json::from_str(text).map_err(format)?;
        let Strata {
            happy,
            sad,
            neutral,
            surprise,
            unclear,
        } = file.strata;
        let mut strata = vec![happy, sad, neutral, surprise];
        strata.extend(unclear);
        Self::checked(strata)
    }

    /// Returns the text of the reference file.
    ///
    /// # Errors
    /// [`Error::ReferenceFormat`] if the serializer fails.
    pub fn to_json(&self) -> Result<String> {
        let [happy, sad, neutral, surprise] = std::array::from_fn(|k| self.strata[k].clone());
        let file = File {
            format: FORMAT.into(),
            version: VERSION,
            strata: Strata {
                happy,
                sad,
                neutral,
                surprise,
                unclear: self.unclear().cloned(),
            },
        };
        let text = serde_json::to_string_pretty(&file);
        text.map_err(|source| Error::ReferenceFormat { source })
    }

    /// Writes the reference file: afterwards it is whole or what it was.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let written = fer_core::write_atomic(path, self.to_json()?.as_bytes());
        written.map_err(|source| Error::Write {
            path: path.into(),
            source,
        })
    }
}
