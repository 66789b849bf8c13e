//! The reference that corrects the shares of a model's answers.

use std::path::Path;

use fer_core::{Model, PerEmotion};
use fer_insight::{Error, Reference};

use crate::Result;
use crate::model::load_classifier;

/// Returns the name of the model and its reference: the file `reference` if there is one, else that of the built-in model
/// `model`; the default model for `None`.
///
/// # Errors
/// [`Error::NoReference`] for another model without a file, and those of [`Reference::open`].
pub fn reference(model: Option<&str>, reference: Option<&Path>) -> Result<(String, Reference)> {
    let model = model.unwrap_or(Model::DEFAULT_NAME);
    let reference = match reference {
        Some(file) => Reference::open(file)?,
        None if Model::names().contains(&model) => Reference::named(model)?,
        None => Err(Error::NoReference {
            model: model.into(),
        })?,
    };
    Ok((model.into(), reference))
}

/// Returns the name of the model, whichever it is, and a reference for an analysis that labels correct: nothing reads it.
///
/// # Errors
/// Those of [`reference()`].
pub fn reference_beside_labels(model: Option<&str>) -> Result<(String, Reference)> {
    let (default, unused) = reference(None, None)?;
    Ok((model.map_or(default, Into::into), unused))
}

/// Returns the class mix that a model was trained on: a built-in one by name, a model file or a run folder by path; the
/// default model for `None`.
///
/// # Errors
/// Those of [`load_classifier`].
pub fn class_mix(model: Option<&str>) -> Result<PerEmotion<f64>> {
    let classifier = load_classifier(model, None, 1)?;
    Ok(PerEmotion(classifier.model().class_mix.0.map(f64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_model_has_a_reference_and_others_need_a_file() {
        for name in Model::names() {
            let (named, reference) = super::reference(Some(name), None).unwrap();
            assert!(named == *name && reference.images() > 1000, "{name}");
        }
        assert_eq!(super::reference(None, None).unwrap().0, Model::DEFAULT_NAME);
        let error = super::reference(Some("run/best.safetensors"), None).unwrap_err();
        assert!(error.to_string().contains("--reference"), "{error}");
    }
}
