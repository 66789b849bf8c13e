//! `fer export`: a model for other runtimes.

use fer_core::write_new;
use fer_kit::load_classifier;

use crate::args::ExportArgs;
use crate::{Result, Status};

pub(crate) fn run(args: &ExportArgs) -> Result<Status> {
    let classifier = load_classifier(Some(&args.model), args.priors, 0)?;
    let content = classifier.model().to_onnx(classifier.priors())?;
    write_new(&args.out, &content)?;
    Ok(Status::Success)
}
