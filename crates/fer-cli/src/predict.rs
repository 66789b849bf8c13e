//! `fer predict`: pictures and videos to faces and their expressions.

mod drawing;
mod output;
mod video;

use std::path::PathBuf;

use fer_vision::{Analyzer, AnalyzerOptions, expand_inputs, is_video};

use crate::args::{Format, ModelArgs, PredictArgs};
use crate::progress::{Progress, say};
use crate::{Error, Result, Status, load_classifier};
use drawing::Drawing;
use output::Output;
pub use video::FrameRow;

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Result<Status> {
    let analyzer = analyzer(&args.model)?;
    let files = expand_inputs(&args.paths)?;
    let (videos, pictures): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| is_video(file));
    if videos.is_empty() && pictures.is_empty() {
        return Err(Error::NoPictures {
            paths: args.paths.clone(),
        });
    }
    if args.format == Format::Csv && !videos.is_empty() && !pictures.is_empty() {
        return Err(Error::MixedCsv);
    }
    let drawing = args
        .draw
        .as_deref()
        .map(|out| Drawing::new(out, &pictures))
        .transpose()?;

    let mut output = Output::new(args.format);
    let mut status = predict_pictures(&analyzer, pictures, drawing.as_ref(), &mut output, quiet)?;
    for video in &videos {
        let watched = video::predict(&analyzer, video, args.frames_per_second, &mut output, quiet);
        if let Err(Error::Vision(error)) = watched {
            say(format_args!("error: {error}"));
            output.add_failed_video(video, &error)?;
            status = Status::Failure;
        } else {
            watched?;
        }
    }
    output.finish()?;
    Ok(status)
}

fn predict_pictures(
    analyzer: &Analyzer,
    pictures: Vec<PathBuf>,
    drawing: Option<&Drawing>,
    output: &mut Output,
    quiet: bool,
) -> Result<Status> {
    let mut status = Status::Success;
    let total = pictures.len();
    let mut progress = Progress::new("images", quiet);
    for (number, result) in (1..).zip(analyzer.paths(pictures)) {
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
