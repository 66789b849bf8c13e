//! A network prepared for inference: batch norm folded into the convolutions, filters transformed once.
//!
//! Many images go through in chunks, each on one thread ([`chunk`]); a few images go through one by one, each on all threads
//! ([`single`]). Either way an image's logits are the same bits: both run the same arithmetic on the same tiles.

mod chunk;
mod layer;
mod single;

use crate::buffer::{Buffer, ScratchPool};
use crate::cpu::Cpu;
use crate::error::check_len;
use crate::head;
use crate::simd::LANES;
use crate::{InstructionSet, KernelError, NetworkSpec, Threads};
use chunk::Segment;
use layer::InferenceLayer;

/// The most images that a thread takes on at once.
const MAX_CHUNK: usize = 16;

/// Computes logits of images.
///
/// Immutable, and shared freely between threads; scratch memory is kept from call to call. Logits do not depend on the number of
/// threads, nor on the images that come along in the same call.
///
/// ```
/// use fer_kernels::{BlockSpec, InferencePlan, InstructionSet, NetworkSpec, Threads};
///
/// let blocks = vec![BlockSpec { out_channels: 16, pool: true }];
/// let spec = NetworkSpec { height: 8, width: 8, in_channels: 1, blocks, classes: 4 };
/// let parameters = vec![0.1; spec.parameter_count()];
/// let statistics = vec![1.0; spec.statistics_count()];
/// let plan = InferencePlan::new(&spec, &parameters, &statistics, InstructionSet::best())?;
///
/// let images = [0.5; 2 * 8 * 8];
/// let mut logits = [0.0; 2 * 4];
/// plan.logits(&images, &mut logits, &Threads::new(2)?)?;
/// assert_eq!(logits[..4], logits[4..]);
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
#[derive(Debug)]
pub struct InferencePlan {
    /// Values of an image.
    input_len: usize,
    layers: Vec<InferenceLayer>,
    segments: Vec<Segment>,
    head: HeadWeights,
    scratch_pool: ScratchPool,
}

/// The last linear layer.
#[derive(Debug)]
struct HeadWeights {
    /// `[classes, C]`, where `C` is rounded up to whole vectors.
    weight: Buffer,
    bias: Vec<f32>,
    channels: usize,
}

impl InferencePlan {
    /// Prepares a network with the given parameters and running statistics, laid out as the spec says.
    ///
    /// # Errors
    /// [`KernelError::InvalidSpec`], [`KernelError::LengthMismatch`] if a buffer disagrees with the spec, or
    /// [`KernelError::UnsupportedInstructionSet`] if this CPU does not have the set.
    pub fn new(
        spec: &NetworkSpec,
        parameters: &[f32],
        statistics: &[f32],
        set: InstructionSet,
    ) -> Result<Self, KernelError> {
        spec.validate()?;
        check_len("parameters", parameters.len(), spec.parameter_count())?;
        check_len("statistics", statistics.len(), spec.statistics_count())?;
        let cpu = Cpu::new(set)?;
        let layers = layer::layers(spec, parameters, statistics, cpu);
        let segments = chunk::segments(&layers);
        Ok(Self {
            input_len: spec.input_len(),
            layers,
            segments,
            head: HeadWeights::new(spec, parameters),
            scratch_pool: ScratchPool::default(),
        })
    }

    /// Logits `[N, classes]` of images `[N, H, W, C]`.
    ///
    /// # Errors
    /// [`KernelError::LengthMismatch`] unless `input` holds as many whole images as `logits` has rows.
    pub fn logits(
        &self,
        input: &[f32],
        logits: &mut [f32],
        threads: &Threads,
    ) -> Result<(), KernelError> {
        let classes = self.head.bias.len();
        let images = logits.len() / classes;
        check_len("logits", logits.len(), images * classes)?;
        check_len("input", input.len(), images * self.input_len)?;

        let rows = logits.chunks_exact_mut(classes);
        let inputs = input.chunks_exact(self.input_len);
        if images < threads.count() {
            for (input, logits) in inputs.zip(rows) {
                self.single(input, logits, threads);
            }
        } else {
            threads.for_each(chunks(images, threads.count(), input, logits), |chunk| {
                self.chunk(chunk.input, chunk.logits);
            });
        }
        Ok(())
    }
}

/// Images that one thread takes on at once, and their logits.
struct Chunk<'a> {
    input: &'a [f32],
    logits: &'a mut [f32],
}

/// Cuts images into chunks of nearly the same size, the same number for each thread.
fn chunks<'a>(
    images: usize,
    threads: usize,
    mut input: &'a [f32],
    mut logits: &'a mut [f32],
) -> impl Iterator<Item = Chunk<'a>> {
    let count = images.div_ceil(MAX_CHUNK).next_multiple_of(threads);
    let [input_len, logits_len] = [input.len(), logits.len()].map(|len| len / images.max(1));
    (0..count).map(move |index| {
        let size = images * (index + 1) / count - images * index / count;
        let chunk;
        (chunk, input) = input.split_at(size * input_len);
        let rows;
        (rows, logits) = std::mem::take(&mut logits).split_at_mut(size * logits_len);
        Chunk {
            input: chunk,
            logits: rows,
        }
    })
}

impl HeadWeights {
    fn new(spec: &NetworkSpec, parameters: &[f32]) -> Self {
        let features = spec.features();
        let channels = features.next_multiple_of(LANES);
        let start = parameters.len() - (features + 1) * spec.classes;
        let (weight, bias) = parameters[start..].split_at(features * spec.classes);
        let mut padded = Buffer::new(spec.classes * channels);
        for (padded, row) in padded
            .chunks_exact_mut(channels)
            .zip(weight.chunks_exact(features))
        {
            padded[..features].copy_from_slice(row);
        }
        Self {
            weight: padded,
            bias: bias.to_vec(),
            channels,
        }
    }

    /// Logits of the last block's output for one image.
    fn logits(&self, activation: &[f32], logits: &mut [f32], scratch_pool: &ScratchPool) {
        let mut scratch = scratch_pool.take(self.channels);
        let features = &mut scratch[..self.channels];
        head::average(activation, features);
        head::linear(&self.weight, &self.bias, features, logits);
    }
}

#[cfg(test)]
mod tests;
