//! `fer predict`: images and videos to faces and their expressions.

mod drawing;
mod output;

use fer_kit::load_classifier;
use fer_kit::predict::{Item, predict};
use fer_vision::{Analyzer, AnalyzerOptions, expand_inputs, is_video};

use crate::args::{Format, ModelArgs, PredictArgs};
use crate::progress::{Progress, say_error};
use crate::{Error, Result, Status};
use drawing::Drawing;
use output::Output;

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Result<Status> {
    let analyzer = analyzer(&args.model)?;
    let files = expand_inputs(&args.paths)?;
    let image_files: Vec<_> = files
        .iter()
        .filter(|file| !is_video(file))
        .cloned()
        .collect();
    let videos = files.len() - image_files.len();
    if args.format == Format::Csv && videos > 0 && !image_files.is_empty() {
        return Err(Error::MixedCsv);
    }
    let drawing = args
        .draw
        .as_deref()
        .map(|out| Drawing::new(out, &args.paths, &image_files))
        .transpose()?;

    let mut output = Output::new(args.format);
    let mut status = Status::Success;
    let mut report = |error: &dyn std::error::Error| {
        status = Status::Failure;
        say_error(error);
    };
    // One bar at a time: for images, or for the frames of a video.
    let mut images: Option<Progress> = None;
    let mut frames: Option<Progress> = None;
    let (mut images_done, mut frames_done) = (0, 0);
    predict(&analyzer, &files, args.frames_per_second, |item| {
        match item {
            Item::Image(result) => {
                let images = images.get_or_insert_with(|| Progress::new("images", quiet));
                let drawn = match (&drawing, result.error()) {
                    (Some(drawing), None) => drawing.save(result),
                    _ => Ok(()),
                };
                if let Some(error) = result.error() {
                    images.suspend(|| report(error));
                } else if let Err(error) = drawn {
                    images.suspend(|| report(&error));
                }
                images.suspend(|| output.add(result))?;
                images_done += 1;
                images.set(images_done, image_files.len());
            }
            Item::Frame(frame) => {
                images = None;
                output.add_frame(&frame)?;
                frames_done += 1;
                frames
                    .get_or_insert_with(|| Progress::new("frames", quiet))
                    .count(frames_done);
            }
            Item::VideoEnd(video, error) => {
                frames = None;
                frames_done = 0;
                match error {
                    None => output.end_video(video)?,
                    Some(error) => {
                        report(&error);
                        output.add_failed_video(video, &error)?;
                    }
                }
            }
        }
        Ok::<_, Error>(())
    })?;
    drop(images);
    output.finish()?;
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
