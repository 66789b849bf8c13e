//! State that the exported functions work on.

use std::collections::BTreeMap;

use fer_core::{ImageView, PixelFormat, check_image_size};
use fer_vision::{Analyzer, Face, FaceStream, TrackedFace};
use serde::Serialize;

use crate::answer::{Analysis, Answer};
use crate::error::{Error, Result};
use crate::image_file;
use crate::options::{AnalyzerSettings, StreamSettings};

/// Names an analyzer or a stream to the JavaScript that asked for it.
pub(crate) type Handle = u32;

/// The buffers and objects of one instance of the module.
#[derive(Default)]
pub(crate) struct Session {
    /// Argument of the next request; written from outside.
    input: Vec<u8>,
    /// The last answer, UTF-8.
    output: Vec<u8>,
    analyzers: BTreeMap<Handle, Analyzer>,
    streams: BTreeMap<Handle, FaceStream>,
    handles: Handle,
}

impl Session {
    /// Returns the buffer for `length` bytes of input, which the caller fills.
    pub(crate) fn room(&mut self, length: usize) -> &mut [u8] {
        self.input.resize(length, 0);
        &mut self.input
    }

    /// Returns the last answer.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Keeps an answer until the next one and returns its length in bytes.
    pub(crate) fn answer<T: Serialize>(&mut self, result: Result<T>) -> usize {
        self.output.clear();
        // Neither a number that is not finite nor a map with other keys than strings occurs in an answer.
        if serde_json::to_writer(&mut self.output, &Answer::from(result)).is_err() {
            self.output.clear();
        }
        self.output.len()
    }

    /// Makes an analyzer of `options_length` bytes of JSON, followed by the content of a model file.
    pub(crate) fn open_analyzer(&mut self, options_length: usize) -> Result<Handle> {
        let (options, model) = self.input.split_at(options_length.min(self.input.len()));
        let settings: AnalyzerSettings = serde_json::from_slice(options)?;
        let analyzer = settings.analyzer(model)?;
        let handle = self.next_handle();
        self.analyzers.insert(handle, analyzer);
        Ok(handle)
    }

    /// Makes a stream for the frames of one video, of JSON.
    pub(crate) fn open_stream(&mut self, analyzer: Handle) -> Result<Handle> {
        let settings: StreamSettings = serde_json::from_slice(&self.input)?;
        let analyzer = find(&self.analyzers, analyzer, "analyzer")?.clone();
        let handle = self.next_handle();
        self.streams
            .insert(handle, FaceStream::new(analyzer, settings.into()));
        Ok(handle)
    }

    /// Finds the faces of an image of RGBA pixels.
    pub(crate) fn analyze(
        &self,
        analyzer: Handle,
        width: u32,
        height: u32,
    ) -> Result<Analysis<Face>> {
        let analyzer = find(&self.analyzers, analyzer, "analyzer")?;
        let faces = analyzer.image(&rgba(&self.input, width, height)?)?;
        Ok(Analysis::new(width, height, faces))
    }

    /// Finds and follows the faces of the next frame, taken at `time` seconds, of RGBA pixels.
    pub(crate) fn push_frame(
        &mut self,
        stream: Handle,
        time: f64,
        width: u32,
        height: u32,
    ) -> Result<Analysis<TrackedFace>> {
        let stream = self.streams.get_mut(&stream);
        let stream = stream.ok_or(Error::Closed { what: "stream" })?;
        let faces = stream.push(time, &rgba(&self.input, width, height)?)?;
        Ok(Analysis::new(width, height, faces))
    }

    /// Lets an analyzer or a stream go; streams outlive the analyzer that they were made of.
    pub(crate) fn close(&mut self, handle: Handle) {
        self.analyzers.remove(&handle);
        self.streams.remove(&handle);
    }

    /// Refuses an image file before the browser decodes it.
    pub(crate) fn check_file(&self) -> Result<()> {
        Ok(image_file::check(&self.input)?)
    }

    /// Returns the error of an image file that the browser does not decode.
    pub(crate) fn undecodable(&self) -> Result<()> {
        Err(image_file::refusal(&self.input).into())
    }

    fn next_handle(&mut self) -> Handle {
        self.handles += 1;
        self.handles
    }
}

fn find<'a, T>(
    among: &'a BTreeMap<Handle, T>,
    handle: Handle,
    what: &'static str,
) -> Result<&'a T> {
    among.get(&handle).ok_or(Error::Closed { what })
}

fn rgba(pixels: &[u8], width: u32, height: u32) -> Result<ImageView<'_>> {
    check_image_size(width, height)?;
    Ok(ImageView::new(pixels, width, height, PixelFormat::Rgba8)?)
}

#[cfg(test)]
mod tests;
