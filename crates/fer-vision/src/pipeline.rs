//! Many image files: read and searched on all threads, predicted in batches, answered in order.

use std::collections::VecDeque;
use std::path::PathBuf;

use crate::analyze::PreparedImage;
use crate::{Analyzer, ImageResult, Result};

/// Files read at a time for each thread. More keep the threads busier towards the end of a batch, fewer show results sooner; at any
/// time each thread holds one decoded image, whatever this number.
const FILES_PER_THREAD: usize = 16;

impl Analyzer {
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
        let animated =
            |image: &Result<PreparedImage>| image.as_ref().is_ok_and(|image| image.animated);
        let animated: Vec<bool> = prepared.iter().map(animated).collect();
        let outcomes = self.predict_each(prepared);
        let results = paths.into_iter().zip(animated).zip(outcomes);
        results
            .map(|((path, animated), outcome)| ImageResult {
                path,
                animated,
                outcome,
            })
            .collect()
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
