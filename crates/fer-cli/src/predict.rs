//! `fer predict`: pictures and videos to faces and their expressions.

mod drawing;
mod output;
mod video;

use std::path::{Path, PathBuf};

use fer_vision::{Analyzer, AnalyzerOptions, expand_inputs, is_video};

use crate::args::{Format, ModelArgs, PredictArgs};
use crate::progress::{Progress, say};
use crate::{Error, Result, Status, load_classifier};
use drawing::Drawing;
use output::Output;

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Result<Status> {
    let analyzer = analyzer(&args.model)?;
    let files = expand_inputs(&args.paths)?;
    if files.is_empty() {
        return Err(Error::NoPictures {
            paths: args.paths.clone(),
        });
    }
    let pictures: Vec<_> = files
        .iter()
        .filter(|file| !is_video(file))
        .cloned()
        .collect();
    let videos = files.len() - pictures.len();
    if args.format == Format::Csv && videos > 0 && !pictures.is_empty() {
        return Err(Error::MixedCsv);
    }
    let drawing = args
        .draw
        .as_deref()
        .map(|out| Drawing::new(out, &pictures))
        .transpose()?;

    let mut output = Output::new(args.format);
    let mut status = Status::Success;
    // In the order of the inputs: pictures between two videos go through the pipeline together.
    for group in files.chunk_by(|a, b| !is_video(a) && !is_video(b)) {
        let of_group = match group {
            [video] if is_video(video) => {
                predict_video(&analyzer, video, args.frames_per_second, &mut output, quiet)?
            }
            pictures => {
                predict_pictures(&analyzer, pictures, drawing.as_ref(), &mut output, quiet)?
            }
        };
        status = status.max(of_group);
    }
    output.finish()?;
    Ok(status)
}

fn predict_pictures(
    analyzer: &Analyzer,
    pictures: &[PathBuf],
    drawing: Option<&Drawing>,
    output: &mut Output,
    quiet: bool,
) -> Result<Status> {
    let mut status = Status::Success;
    let total = pictures.len();
    let mut progress = Progress::new("images", quiet);
    for (number, result) in (1..).zip(analyzer.paths(pictures.to_vec())) {
        if let Some(error) = result.error() {
            status = Status::Failure;
            progress.suspend(|| say(format_args!("error: {error}")));
        } else if let Some(drawing) = drawing {
            drawing.save(&result)?;
        }
        progress.suspend(|| output.add(&result))?;
        progress.set(number, total);
    }
    Ok(status)
}

fn predict_video(
    analyzer: &Analyzer,
    video: &Path,
    frames_per_second: f64,
    output: &mut Output,
    quiet: bool,
) -> Result<Status> {
    match video::predict(analyzer, video, frames_per_second, output, quiet) {
        Ok(()) => Ok(Status::Success),
        Err(Error::Vision(error)) => {
            say(format_args!("error: {error}"));
            output.add_failed_video(video, &error)?;
            Ok(Status::Failure)
        }
        Err(error) => Err(error),
    }
}

/// An analyzer as the arguments ask for.
fn analyzer(args: &ModelArgs) -> Result<Analyzer> {
    let classifier = load_classifier(args.model.as_deref(), args.priors, args.threads)?;
    let options = AnalyzerOptions {
        faces: args.faces,
        threads: args.threads,
        ..AnalyzerOptions::default()
    };
    Ok(Analyzer::new(classifier, options)?)
}
