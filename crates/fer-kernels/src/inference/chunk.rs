//! Many images on one thread.

use std::ops::Range;

use super::{InferenceLayer, InferencePlan};

/// Consecutive layers that take on the same number of images at once, so that what passes between them stays in the cache.
#[derive(Debug)]
pub(super) struct Segment {
    layers: Range<usize>,
    /// Images at once.
    group: usize,
    /// Values of an image's largest activation between the segment's layers.
    between: usize,
    output_len: usize,
}

/// Cuts a network into segments.
pub(super) fn segments(layers: &[InferenceLayer]) -> Vec<Segment> {
    let mut start = 0;
    let same_group =
        |a: &InferenceLayer, b: &InferenceLayer| a.convolution.group() == b.convolution.group();
    let segment = |layers: &[InferenceLayer]| {
        let (last, others) = (&layers[layers.len() - 1], &layers[..layers.len() - 1]);
        let lens = others.iter().map(|layer| layer.shape.output_len());
        let segment = Segment {
            layers: start..start + layers.len(),
            group: last.convolution.group(),
            between: lens.max().unwrap_or(0),
            output_len: last.shape.output_len(),
        };
        start += layers.len();
        segment
    };
    layers.chunk_by(same_group).map(segment).collect()
}

impl InferencePlan {
    /// Logits of some images, on the calling thread.
    pub(super) fn chunk(&self, input: &[f32], logits: &mut [f32]) {
        let images = input.len() / self.input_len;
        let mut activation = None;
        for segment in &self.segments {
            let mut output = self.scratch_pool.take(images * segment.output_len);
            let input = activation.as_deref().unwrap_or(input);
            self.segment(segment, images, input, &mut output);
            activation = Some(output);
        }
        let activations = activation.as_deref().unwrap_or(input);
        let len = self
            .layers
            .last()
            .map_or(0, |layer| layer.shape.output_len());
        let rows = logits.chunks_exact_mut(self.head.bias.len());
        for (activation, logits) in activations.chunks_exact(len).zip(rows) {
            self.head.logits(activation, logits, &self.scratch_pool);
        }
    }

    /// Runs a segment, group by group.
    fn segment(&self, segment: &Segment, images: usize, input: &[f32], output: &mut [f32]) {
        let layers = &self.layers[segment.layers.clone()];
        let group = segment.group.min(images);
        let mut scratches = [(); 2].map(|()| self.scratch_pool.take(group * segment.between));
        let [from, to] = &mut scratches;
        let (mut from, mut to) = (from, to);
        let input_len = layers[0].shape.input_len();
        for first in (0..images).step_by(group.max(1)) {
            let size = group.min(images - first);
            for (index, layer) in layers.iter().enumerate() {
                let input = match index {
                    0 => &input[first * input_len..],
                    _ => &from[..],
                };
                let input = &input[..size * layer.shape.input_len()];
                if index + 1 == layers.len() {
                    let output = &mut output[first * segment.output_len..];
                    layer.run(input, output, &self.scratch_pool);
                } else {
                    layer.run(input, to, &self.scratch_pool);
                    std::mem::swap(&mut from, &mut to);
                }
            }
        }
    }
}
