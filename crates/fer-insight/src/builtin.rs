//! References of the built-in models, written by `cargo xtask references` from the votes on validation images.

use crate::reference::Reference;
use crate::{Error, Result};

/// The built-in models and the text of their references.
const REFERENCES: [(&str, &str); 2] = [
    ("crowd", include_str!("../references/crowd.json")),
    ("folder", include_str!("../references/folder.json")),
];

impl Reference {
    /// Returns the reference of a built-in model: its answers on the validation images of FER2013 with ten votes each
    /// (FER+, Barsoum et al. 2016).
    ///
    /// ```
    /// use fer_insight::Reference;
    ///
    /// assert_eq!(Reference::named("crowd")?.images(), 2555);
    /// # Ok::<(), fer_insight::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoReference`] for any other model.
    pub fn named(model: &str) -> Result<Self> {
        let found = REFERENCES.iter().find(|(name, _)| *name == model);
        let (_, text) = found.ok_or_else(|| Error::NoReference {
            model: model.into(),
        })?;
        Self::from_json(text)
    }
}
