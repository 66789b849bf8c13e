//! Image files: read and searched on all threads, predicted in batches, answered in order.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use fer_core::Image;

use crate::inputs::refuse_folder;
use crate::prepare::{PreparedImage, joined, places};
use crate::{Analyzer, Error, Face, ImageResult, Result};

/// Files read at a time for each thread. More keep the threads busier towards the end of a batch, fewer show results sooner; at any
/// time each thread holds one decoded image, whatever this number.
const FILES_PER_THREAD: usize = 16;

/// An image file whose faces are found.
struct PreparedFile {
    image: PreparedImage,
    animated: bool,
}

impl Analyzer {
    /// Returns the faces of an image file.
    pub fn path(&self, path: impl Into<PathBuf>) -> ImageResult {
        let path = path.into();
        let prepared = self.prepare_file(&path);
        self.result(path, prepared)
    }

    /// Returns the faces of the content of an image file that is known by the name `path`.
    pub fn encoded(&self, path: impl Into<PathBuf>, content: &[u8]) -> ImageResult {
        let decoded = Image::decode(content).map_err(Error::from);
        let prepared = decoded.and_then(|image| self.prepare_decoded(&image));
        self.result(path.into(), prepared)
    }

    fn result(&self, path: PathBuf, prepared: Result<PreparedFile>) -> ImageResult {
        let animated = prepared.as_ref().is_ok_and(|file| file.animated);
        let outcome = prepared.and_then(|file| self.predict_one(file.image));
        ImageResult {
            path,
            animated,
            outcome,
        }
    }

    /// The faces of many image files, lazily, in the order of the paths.
    ///
    /// Files are read and searched on all threads, their faces predicted in batches. Memory stays flat: images are freed as soon as
    /// their faces are cut out. A file that does not read gives a result with an error; the others are unaffected.
    pub fn paths<I>(&self, paths: I) -> ImageResults<I::IntoIter>
    where
        I: IntoIterator<Item = PathBuf>,
    {
        ImageResults {
            analyzer: self.clone(),
            paths: paths.into_iter(),
            ready: VecDeque::new(),
        }
    }

    fn analyze_files(&self, paths: Vec<PathBuf>) -> Vec<ImageResult> {
        let prepared = self.threads().map(&paths, |path| self.prepare_file(path));
        let animated = |file: &Result<PreparedFile>| file.as_ref().is_ok_and(|file| file.animated);
        let animated: Vec<bool> = prepared.iter().map(animated).collect();
        let images = prepared.into_iter().map(|file| Ok(file?.image));
        let outcomes = self.predict_each(images.collect());
        let results = paths.into_iter().zip(animated).zip(outcomes);
        results
            .map(|((path, animated), outcome)| ImageResult {
                path,
                animated,
                outcome,
            })
            .collect()
    }

    /// Reads an image file and finds its faces.
    fn prepare_file(&self, path: &Path) -> Result<PreparedFile> {
        refuse_folder(path)?;
        let image = Image::open(path)?;
        let Some(boxes) = &self.options().boxes else {
            return self.prepare_decoded(&image);
        };
        let view = image.view();
        Ok(PreparedFile {
            image: self.prepare_places(&view, &places(&view, boxes.of(path)?)?)?,
            animated: image.is_animated(),
        })
    }

    fn prepare_decoded(&self, image: &Image) -> Result<PreparedFile> {
        Ok(PreparedFile {
            image: self.prepare(&image.view())?,
            animated: image.is_animated(),
        })
    }

    /// Predicts the faces of several prepared images, keeping what went wrong with each.
    fn predict_each(&self, images: Vec<Result<PreparedImage>>) -> Vec<Result<Vec<Face>>> {
        let (pixels, views) = joined(images.iter().flatten());
        match self.classifier().predict_views(&pixels, &views) {
            Ok(predictions) => {
                let mut predictions = predictions.into_iter();
                let mut faces = |image: PreparedImage| image.into_faces(&mut predictions);
                images
                    .into_iter()
                    .map(|image| image.map(&mut faces))
                    .collect()
            }
            // Alone, each image keeps its own error.
            Err(_) => images
                .into_iter()
                .map(|image| self.predict_one(image?))
                .collect(),
        }
    }
}

/// Results in the order of their paths; made by [`Analyzer::paths`].
#[derive(Debug)]
pub struct ImageResults<I> {
    analyzer: Analyzer,
    paths: I,
    ready: VecDeque<ImageResult>,
}

impl<I: Iterator<Item = PathBuf>> Iterator for ImageResults<I> {
    type Item = ImageResult;

    fn next(&mut self) -> Option<ImageResult> {
        if self.ready.is_empty() {
            let files = FILES_PER_THREAD * self.analyzer.threads().count();
            let paths = self.paths.by_ref().take(files).collect();
            self.ready = self.analyzer.analyze_files(paths).into();
        }
        self.ready.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.paths.size_hint();
        let ready = self.ready.len();
        (
            least.saturating_add(ready),
            most.and_then(|most| most.checked_add(ready)),
        )
    }
}

impl<I: ExactSizeIterator<Item = PathBuf>> ExactSizeIterator for ImageResults<I> {}
