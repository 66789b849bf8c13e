//! The models that come with the library.

use std::path::Path;

use fer_kernels::NetworkSpec;

use crate::{Error, Model, Result};

/// The names of built-in models, the default first.
const NAMES: &[&str] = &["crowd", "folder"];

/// Returns the embedded model file of that name.
#[cfg(feature = "pretrained")]
fn embedded(name: &str) -> Option<&'static [u8]> {
    match name {
        "crowd" => Some(include_bytes!("../models/crowd.safetensors")),
        "folder" => Some(include_bytes!("../models/folder.safetensors")),
        _ => None,
    }
}

#[cfg(not(feature = "pretrained"))]
fn embedded(_name: &str) -> Option<&'static [u8]> {
    None
}

impl Model {
    /// The name of the default built-in model.
    pub const DEFAULT_NAME: &'static str = NAMES[0];

    /// The names that [`Model::named`] answers to: `crowd`, trained on what most people see in a face, and `folder`,
    /// trained on the labels of the dataset's folders. None without trained weights (feature `pretrained`).
    pub fn names() -> &'static [&'static str] {
        if cfg!(feature = "pretrained") {
            NAMES
        } else {
            &[]
        }
    }

    /// Returns the built-in model of that name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`] for a name not in [`Model::names`].
    pub fn named(name: &str) -> Result<Self> {
        Ok(Self::open_named(name)?.0)
    }

    /// Reads and validates the built-in model of that name, and returns its network.
    pub(crate) fn open_named(name: &str) -> Result<(Self, NetworkSpec)> {
        Self::read(embedded(name).ok_or_else(|| unknown(name))?)
    }

    /// A built-in model if `name_or_path` is the name of one, else the model file at that path.
    ///
    /// # Errors
    /// As [`Model::load`]; [`Error::UnknownModel`] for a bare word that is neither a name nor a file.
    pub fn find(name_or_path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::open_found(name_or_path.as_ref())?.0)
    }

    /// Reads and validates what [`Model::find`] finds, and returns its network.
    pub(crate) fn open_found(path: &Path) -> Result<(Self, NetworkSpec)> {
        match path.to_str() {
            Some(name) if Self::names().contains(&name) => Self::open_named(name),
            Some(word) if is_bare_word(path) && !path.exists() => Err(unknown(word)),
            _ => Self::open(path),
        }
    }
}

fn is_bare_word(path: &Path) -> bool {
    path.extension().is_none() && path.components().count() == 1
}

fn unknown(name: &str) -> Error {
    Error::UnknownModel {
        name: name.into(),
        known: Model::names(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn every_embedded_model_loads() {
        for name in Model::names() {
            Model::named(name).unwrap();
            assert_eq!(Model::find(name).unwrap(), Model::named(name).unwrap());
        }
    }

    #[test]
    fn each_name_has_a_model_of_its_own() {
        let names = Model::names();
        for (index, name) in names.iter().enumerate() {
            let model = Model::named(name).unwrap();
            for other in &names[..index] {
                assert_ne!(model, Model::named(other).unwrap(), "{name} and {other}");
            }
        }
    }

    #[test]
    fn other_names_are_unknown() {
        for name in ["", "Crowd", "best"] {
            assert_eq!(
                Model::named(name).unwrap_err().kind(),
                ErrorKind::UnknownModel
            );
        }
        assert_eq!(
            Model::find("best").unwrap_err().kind(),
            ErrorKind::UnknownModel
        );
        let absent = Model::find("run/best.safetensors").unwrap_err();
        assert_eq!(absent.kind(), ErrorKind::NotFound);
    }
}
