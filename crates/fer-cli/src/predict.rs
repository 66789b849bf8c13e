//! `fer predict`: images and videos to faces and their expressions.

mod drawing;
mod inputs;
mod journal;
mod output;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fer_core::Image;
use fer_kit::predict::{Frame, Item, predict};
use fer_kit::{describe, load_classifier};
use fer_vision::{Analyzer, AnalyzerOptions, GivenBoxes, ImageResult, is_video};
use serde_json::{Value, json};

use crate::args::{ModelArgs, PredictArgs};
use crate::format::Format;
use crate::progress::{Progress, say, say_error};
use crate::{Error, Result, Status};
use drawing::Drawing;
use inputs::{Inputs, STDIN};
use journal::{FileFormat, Journal};
use output::Output;

pub(crate) fn run(args: &PredictArgs, quiet: bool) -> Result<Status> {
    let format = args.output.as_deref().map(FileFormat::of).transpose()?;
    let boxes = args
        .boxes
        .as_deref()
        .map(GivenBoxes::load)
        .transpose()?
        .map(Arc::new);
    let inputs = Inputs::read(&args.paths, args.null)?;
    let is_table = format.map_or(args.format == Format::Csv, FileFormat::is_table);
    let mut files = inputs.files();
    // Boxes, drawings and tables are of images: a video that a folder holds among them is a row with an error.
    let strays = if is_table || boxes.is_some() || args.draw.is_some() {
        take_stray_videos(&mut files, &args.paths)
    } else {
        Vec::new()
    };
    if let Some(boxes) = &boxes {
        refuse_unused(boxes, &files)?;
    }
    let analyzer = analyzer(&args.model, boxes.clone())?;
    let videos = files.iter().filter(|file| is_video(file)).count();
    if is_table && videos > 0 && videos < files.len() {
        return Err(Error::MixedTable);
    }
    let images: Vec<PathBuf> = files.iter().filter(|f| !is_video(f)).cloned().collect();
    let drawing = args
        .draw
        .as_deref()
        .map(|out| Drawing::new(out, &args.paths, &images, videos, args.frames_per_second))
        .transpose()?;

    let mut run = Run {
        status: Status::Success,
        output: Output::to_stdout(args.format),
        drawing,
        progress: None,
        quiet,
        total: images.len() + strays.len(),
        images: 0,
        frames: 0,
    };
    files.extend(strays.iter().cloned());
    if let Some(path) = &args.output {
        let settings = settings(&analyzer, args, boxes.as_deref());
        let Some(journal) = Journal::open(path, &settings, args.resume)? else {
            if !quiet {
                say(format_args!("{} is complete", path.display()));
            }
            return Ok(Status::Success);
        };
        run.write_to(journal, &mut files)?;
    }
    let strays = files.extract_if(.., |file| strays.contains(file));
    let strays: Vec<PathBuf> = strays.collect();
    match &inputs {
        Inputs::Image(content) => {
            let result = analyzer.encoded(STDIN, content);
            run.add_image(&result, || Image::decode(content))?;
        }
        Inputs::Files(_) => {
            predict(&analyzer, &files, args.frames_per_second, |item| {
                run.add(item)
            })?;
        }
    }
    for path in strays {
        run.add_stray_video(path)?;
    }
    run.finish()
}

/// Takes the videos that were not named, but found among images, out of `files`.
fn take_stray_videos(files: &mut Vec<PathBuf>, named: &[PathBuf]) -> Vec<PathBuf> {
    if files.iter().all(is_video) {
        return Vec::new();
    }
    let strays = files.extract_if(.., |file| is_video(&file) && !named.contains(file));
    strays.collect()
}

/// Refuses boxes that would not be used: of files that are no input, and in videos.
fn refuse_unused(boxes: &GivenBoxes, files: &[PathBuf]) -> Result<()> {
    if let Some(video) = files.iter().find(|file| is_video(file)) {
        return Err(Error::BoxesForVideo {
            path: video.clone(),
        });
    }
    match boxes.beside(files).into_iter().next() {
        Some(path) => Err(Error::BoxesBeside { path }),
        None => Ok(()),
    }
}

/// An analyzer as the arguments ask for.
fn analyzer(args: &ModelArgs, boxes: Option<Arc<GivenBoxes>>) -> Result<Analyzer> {
    let classifier = load_classifier(args.model.as_deref(), args.priors, args.threads)?;
    let options = AnalyzerOptions {
        faces: args.faces,
        threads: args.threads,
        boxes,
        ..AnalyzerOptions::default()
    };
    Ok(Analyzer::new(classifier, options)?)
}

/// All that results depend on beside the inputs.
fn settings(analyzer: &Analyzer, args: &PredictArgs, boxes: Option<&GivenBoxes>) -> Value {
    json!({
        "fer": env!("CARGO_PKG_VERSION"),
        "faces": args.model.faces.name(),
        "frames_per_second": args.frames_per_second,
        "boxes": boxes.map(GivenBoxes::digest),
        "model": describe(analyzer.classifier()),
    })
}

/// A prediction under way.
struct Run {
    status: Status,
    output: Output,
    drawing: Option<Drawing>,
    /// One bar at a time: for images, or for the frames of a video.
    progress: Option<(Kind, Progress)>,
    quiet: bool,
    /// Images in all, images done, and frames of this video done.
    total: usize,
    images: usize,
    frames: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Images,
    Frames,
}

impl Run {
    /// Writes to a journal, and leaves those of `files` out whose results are in it.
    fn write_to(&mut self, mut journal: Journal, files: &mut Vec<PathBuf>) -> Result<()> {
        let earlier = journal.earlier();
        let before = files.len();
        files.retain(|file| !earlier.take(file));
        if earlier.failed {
            self.status = Status::Failure;
        }
        if files.len() < before && !self.quiet {
            let there = before - files.len();
            say(format_args!("{there} of {before} are there already"));
        }
        self.total = files.iter().filter(|file| !is_video(file)).count();
        self.output = Output::to_file(journal)?;
        Ok(())
    }

    /// Adds a video that cannot be looked at beside images.
    fn add_stray_video(&mut self, path: PathBuf) -> Result<()> {
        let outcome = Err(fer_vision::Error::VideoAmongImages { path: path.clone() });
        let result = ImageResult {
            path,
            animated: false,
            outcome,
        };
        self.add_image(&result, || Err(fer_core::Error::NotAnImage))
    }

    fn add(&mut self, item: Item<'_>) -> Result<()> {
        match item {
            Item::Image(result) => self.add_image(result, || Image::open(&result.path)),
            Item::Frame(frame, image) => {
                if matches!(self.progress, Some((Kind::Images, _))) {
                    self.progress = None;
                }
                self.draw_frame(&frame, image);
                self.output.add_frame(&frame)?;
                self.advance(Kind::Frames);
                Ok(())
            }
            Item::VideoEnd(video, error) => {
                self.progress = None;
                self.end_drawing();
                self.end_video(video, error)
            }
        }
    }

    /// Adds an image, which `open` reads for a drawing.
    fn add_image(
        &mut self,
        result: &ImageResult,
        open: impl FnOnce() -> fer_core::Result<Image>,
    ) -> Result<()> {
        let drawn = match (&self.drawing, result.error()) {
            (Some(drawing), None) => drawing.save(result, open),
            _ => Ok(()),
        };
        if let Some(error) = result.error() {
            self.report(error);
        } else if let Err(error) = drawn {
            self.report(&error);
        }
        let output = &mut self.output;
        match &self.progress {
            Some((_, progress)) => progress.suspend(|| output.add(result))?,
            None => output.add(result)?,
        }
        self.advance(Kind::Images);
        Ok(())
    }

    /// Draws on a frame; if that fails, on none of those to come.
    fn draw_frame(&mut self, frame: &Frame<'_>, image: &Image) {
        let drawn = self
            .drawing
            .as_mut()
            .map_or(Ok(()), |drawing| drawing.add_frame(frame, image));
        if let Err(error) = drawn {
            self.drawing = None;
            self.report(&error);
        }
    }

    /// Ends the drawing of a video, also of one that could be read to some point only.
    fn end_drawing(&mut self) {
        if let Some(Drawing::Video(_)) = &self.drawing
            && let Some(drawing) = self.drawing.take()
            && let Err(error) = drawing.finish()
        {
            self.report(&error);
        }
    }

    fn end_video(&mut self, video: &Path, error: Option<fer_vision::Error>) -> Result<()> {
        match error {
            None => self.output.end_video(video),
            Some(error) => {
                self.report(&error);
                self.output.add_failed_video(video, &error)
            }
        }
    }

    /// Shows that one more is done.
    fn advance(&mut self, kind: Kind) {
        if self
            .progress
            .as_ref()
            .is_none_or(|(shown, _)| *shown != kind)
        {
            let things = match kind {
                Kind::Images => "images",
                Kind::Frames => "frames",
            };
            self.frames = 0;
            self.progress = Some((kind, Progress::new(things, self.quiet)));
        }
        match (kind, &mut self.progress) {
            (Kind::Images, Some((_, progress))) => {
                self.images += 1;
                progress.set(self.images, self.total);
            }
            (Kind::Frames, Some((_, progress))) => {
                self.frames += 1;
                progress.count(self.frames);
            }
            (_, None) => {}
        }
    }

    fn report(&mut self, error: &dyn std::error::Error) {
        self.status = Status::Failure;
        match &self.progress {
            Some((_, progress)) => progress.suspend(|| say_error(error)),
            None => say_error(error),
        }
    }

    fn finish(self) -> Result<Status> {
        drop(self.progress);
        self.output.finish()?;
        Ok(self.status)
    }
}
