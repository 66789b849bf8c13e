//! Two models on the same class folders.

use std::ops::ControlFlow;
use std::path::Path;

use fer_core::Classifier;
use fer_train::{Comparison, Evaluation, compare};

use crate::{EvaluateOptions, Result, evaluate};

/// Two models on the same images.
#[derive(Debug)]
#[non_exhaustive]
pub struct ModelComparison {
    /// Who is right where.
    pub comparison: Comparison,
    /// The figures of each model.
    pub evaluations: [Evaluation; 2],
}

/// Scores two classifiers on the class folders in `folder` and compares their answers image by image. `progress`
/// receives the images done and their total, of both models together, and may stop the work.
///
/// # Errors
/// As [`evaluate`]; [`Error::Train`](crate::Error::Train) if no image was answered by both.
pub fn compare_models(
    models: [&Classifier; 2],
    folder: &Path,
    options: &EvaluateOptions,
    mut progress: impl FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<ModelComparison> {
    let a = evaluate(models[0], folder, options, |done, total| {
        progress(done, 2 * total)
    })?;
    let b = evaluate(models[1], folder, options, |done, total| {
        progress(total + done, 2 * total)
    })?;
    Ok(ModelComparison {
        comparison: compare(&a.predictions, &b.predictions)?,
        evaluations: [a, b],
    })
}
