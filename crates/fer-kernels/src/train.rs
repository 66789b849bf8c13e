//! A training step of a whole network: loss, gradients of every parameter, running statistics.
//!
//! Between forward and backward each block keeps one thing, its raw convolution output; batch norm, ReLU and pooling are applied
//! again wherever their result is needed. Once a block's backward pass has read its raw output for the last time, the gradient of
//! the block's input takes its place. So a step needs little more memory than the raw outputs.

pub(crate) mod context;
pub(crate) mod layer;
pub(crate) mod partials;
#[cfg(test)]
mod tests;

use std::iter::zip;
use std::ops::Range;

use crate::batch_norm::activate::activate;
use crate::buffer::{Buffer, ScratchPool};
use crate::cpu::Cpu;
use crate::error::check_len;
use crate::head::{Head, HeadImage, Loss, parameter_gradients};
use crate::{InstructionSet, KernelError, NetworkSpec, Threads};
use context::Runtime;
use layer::{Gradients, Input, OutputGradient, Parameters, Sums, TrainLayer};
use partials::Partials;

/// Images and targets of one training step.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Images, `[N, H, W, C]`.
    pub input: &'a [f32],
    /// Targets that the plan's [`Loss`] compares the outputs with, `[N, classes]`: weights of the classes, or quantities.
    pub targets: &'a [f32],
    /// Multipliers of the averaged features, `[N, C]`, for dropout: 0 where dropped, `1 / (1 - rate)` where kept.
    pub dropout: Option<&'a [f32]>,
}

/// Computes losses and gradients. Owns every activation and gradient buffer; after the first step nothing large is allocated.
///
/// Results do not depend on the number of threads.
///
/// ```
/// use fer_kernels::{Batch, BlockSpec, InstructionSet, NetworkSpec, Role, Threads, TrainPlan};
///
/// let blocks = vec![BlockSpec { out_channels: 16, pool: true }];
/// let spec = NetworkSpec { height: 8, width: 8, in_channels: 1, blocks, classes: 2 };
/// let mut plan = TrainPlan::new(&spec, 4, InstructionSet::best(), Threads::new(1)?)?;
///
/// let parameters: Vec<f32> = (0..spec.parameter_count()).map(|i| (i as f32).sin() * 0.3).collect();
/// let mut statistics = vec![0.0; spec.statistics_count()];
/// let batch = Batch { input: &[0.5; 2 * 64], targets: &[1.0, 0.0, 0.0, 1.0], dropout: None };
/// let loss = plan.step(&parameters, &mut statistics, 0.1, &batch)?;
/// assert!(loss > 0.0);
/// assert_eq!(plan.gradients().len(), spec.parameter_count());
/// assert_eq!(plan.logits().len(), 2 * 2);
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
#[derive(Debug)]
pub struct TrainPlan {
    spec: NetworkSpec,
    max_batch: usize,
    runtime: Runtime,
    layers: Vec<TrainLayer>,
    slots: Vec<BlockSlots>,
    head: HeadBuffers,
    loss: Loss,
    gradients: Buffer,
    /// Gradients of transformed weights, one piece of the batch after the other; one block at a time.
    accumulators: Buffer,
    partials: Partials,
    /// Images in the last step.
    batch: usize,
}

/// Ranges of a block's tensors in the flat buffers.
#[derive(Debug)]
struct BlockSlots {
    weight: Range<usize>,
    gamma: Range<usize>,
    beta: Range<usize>,
    /// Running mean, then running variance.
    running: Range<usize>,
}

impl BlockSlots {
    fn parameters<'a>(&self, buffer: &'a [f32]) -> Parameters<'a> {
        Parameters {
            weight: &buffer[self.weight.clone()],
            gamma: &buffer[self.gamma.clone()],
            beta: &buffer[self.beta.clone()],
        }
    }
}

/// The slots of every block, first to last.
fn block_slots(spec: &NetworkSpec) -> Vec<BlockSlots> {
    let (parameters, statistics) = (spec.parameters(), spec.statistics());
    let blocks = zip(parameters.as_chunks().0, statistics.as_chunks().0);
    let slots = blocks.map(|([weight, gamma, beta], [mean, variance])| BlockSlots {
        weight: weight.range.clone(),
        gamma: gamma.range.clone(),
        beta: beta.range.clone(),
        running: mean.range.start..variance.range.end,
    });
    slots.collect()
}

/// Buffers of the head, with a part for each image.
#[derive(Debug)]
struct HeadBuffers {
    features: Buffer,
    logits: Buffer,
    d_logits: Buffer,
    d_activation: Buffer,
    losses: Vec<f64>,
}

impl TrainPlan {
    /// Allocates buffers for batches of up to `max_batch` images.
    ///
    /// # Errors
    /// [`KernelError::InvalidSpec`] if the spec is invalid, [`KernelError::BatchSize`] if `max_batch` is 0 or needs buffers that
    /// cannot be addressed, [`KernelError::UnsupportedInstructionSet`] if this CPU does not have the set.
    pub fn new(
        spec: &NetworkSpec,
        max_batch: usize,
        set: InstructionSet,
        threads: Threads,
    ) -> Result<Self, KernelError> {
        spec.validate()?;
        let cpu = Cpu::new(set)?;
        let largest = largest_batch(spec);
        if max_batch == 0 || max_batch > largest {
            return Err(KernelError::BatchSize {
                max: largest,
                found: max_batch,
            });
        }
        let layers: Vec<_> = spec
            .block_shapes()
            .map(|shape| TrainLayer::new(shape, cpu, max_batch))
            .collect();
        let accumulators = layers
            .iter()
            .map(TrainLayer::accumulators_len)
            .max()
            .unwrap_or(0);
        let last = layers.last().map_or(0, |layer| layer.shape.output_len());
        Ok(Self {
            head: HeadBuffers {
                features: Buffer::new(max_batch * spec.features()),
                logits: Buffer::new(max_batch * spec.classes),
                d_logits: Buffer::new(max_batch * spec.classes),
                d_activation: Buffer::new(max_batch * last),
                losses: vec![0.0; max_batch],
            },
            loss: Loss::default(),
            gradients: Buffer::new(spec.parameter_count()),
            accumulators: Buffer::new(accumulators),
            partials: Partials::default(),
            batch: 0,
            spec: spec.clone(),
            max_batch,
            runtime: Runtime {
                cpu,
                threads,
                scratch_pool: ScratchPool::default(),
            },
            layers,
            slots: block_slots(spec),
        })
    }

    /// Computes `loss` instead of the cross-entropy.
    ///
    /// # Errors
    /// [`KernelError::InvalidSetting`] unless the `beta` of a smooth L1 loss is a positive number.
    pub fn with_loss(self, loss: Loss) -> Result<Self, KernelError> {
        if let Loss::SmoothL1 { beta } = loss
            && !(beta.is_finite() && beta > 0.0)
        {
            return Err(KernelError::InvalidSetting {
                name: "beta",
                expected: "a positive number",
                found: beta,
            });
        }
        Ok(Self { loss, ..self })
    }

    /// Forward and backward over a batch of 1 to `max_batch` images; returns the mean loss.
    ///
    /// Normalizes with the statistics of the batch, and moves `statistics` towards them:
    /// `running += momentum * (batch - running)`, with the unbiased variance. [`gradients`](Self::gradients) and
    /// [`logits`](Self::logits) then hold those of this step.
    ///
    /// # Errors
    /// [`KernelError::LengthMismatch`] if a buffer disagrees with the network or with the batch size, which is that of the
    /// targets; [`KernelError::BatchSize`] if there are too few or too many images. Nothing has changed then.
    pub fn step(
        &mut self,
        parameters: &[f32],
        statistics: &mut [f32],
        momentum: f32,
        batch: &Batch<'_>,
    ) -> Result<f32, KernelError> {
        self.batch = self.check(parameters, statistics, batch)?;
        self.forward(parameters, batch.input);
        let loss = self.head(parameters, batch);
        self.backward(parameters, batch.input);
        for (layer, slots) in zip(&self.layers, &self.slots) {
            let running = &mut statistics[slots.running.clone()];
            let (mean, variance) = running.split_at_mut(layer.shape.out_channels);
            layer.normalization.update_running(momentum, mean, variance);
        }
        Ok(loss)
    }

    /// Gradients of the last step, laid out as the parameters.
    pub fn gradients(&self) -> &[f32] {
        &self.gradients
    }

    /// Logits of the last step, `[N, classes]`.
    pub fn logits(&self) -> &[f32] {
        &self.head.logits[..self.batch * self.spec.classes]
    }

    /// The network that the plan computes.
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }

    /// The largest batch that the buffers hold.
    pub fn max_batch(&self) -> usize {
        self.max_batch
    }

    /// Checks every length and returns the number of images.
    fn check(
        &self,
        parameters: &[f32],
        statistics: &[f32],
        batch: &Batch<'_>,
    ) -> Result<usize, KernelError> {
        check_len("parameters", parameters.len(), self.spec.parameter_count())?;
        check_len("statistics", statistics.len(), self.spec.statistics_count())?;
        let images = batch.targets.len() / self.spec.classes;
        if images == 0 || images > self.max_batch {
            return Err(KernelError::BatchSize {
                max: self.max_batch,
                found: images,
            });
        }
        check_len("targets", batch.targets.len(), images * self.spec.classes)?;
        check_len("input", batch.input.len(), images * self.spec.input_len())?;
        if let Some(dropout) = batch.dropout {
            check_len("dropout", dropout.len(), images * self.spec.features())?;
        }
        Ok(images)
    }

    fn forward(&mut self, parameters: &[f32], images: &[f32]) {
        for (index, slots) in self.slots.iter().enumerate() {
            let (before, rest) = self.layers.split_at_mut(index);
            let input = before.last().map_or(Input::Images(images), Input::Block);
            let context = self.runtime.context(self.batch, index);
            let parameters = slots.parameters(parameters);
            rest[0].forward(context, parameters, input, &mut self.partials);
        }
    }

    /// Mean over positions, linear layer and loss, forward and backward.
    fn head(&mut self, parameters: &[f32], batch: &Batch<'_>) -> f32 {
        let (classes, channels) = (self.spec.classes, self.spec.features());
        let start = parameters.len() - (channels + 1) * classes;
        let (weight, bias) = parameters[start..].split_at(channels * classes);
        let head = Head {
            weight,
            bias,
            loss: self.loss,
            divisor: self.batch as f32,
        };
        let Some(last) = self.layers.last() else {
            unreachable!("a valid network has blocks")
        };
        let output_len = last.shape.output_len();

        let HeadBuffers {
            features,
            logits,
            d_logits,
            d_activation,
            losses,
        } = &mut self.head;
        let buffers = zip(
            features.chunks_exact_mut(channels),
            logits.chunks_exact_mut(classes),
        )
        .zip(zip(
            d_logits.chunks_exact_mut(classes),
            d_activation.chunks_exact_mut(output_len),
        ))
        .zip(zip(
            losses.iter_mut(),
            self.partials.begin(self.batch, channels),
        ));
        let context = self.runtime.context(self.batch, self.layers.len());
        context.run(
            buffers.enumerate(),
            |(image, (((features, logits), (d_logits, d_activation)), (loss, sums)))| {
                let mut activation = context.scratch_pool.take(output_len);
                let activation = &mut activation[..output_len];
                activate(
                    context.cpu,
                    &last.shape,
                    &last.normalization,
                    last.raw(image),
                    activation,
                );
                *loss = head.run(HeadImage {
                    activation,
                    targets: &batch.targets[image * classes..][..classes],
                    dropout: batch
                        .dropout
                        .map(|dropout| &dropout[image * channels..][..channels]),
                    features,
                    logits,
                    d_logits,
                    d_activation: &mut *d_activation,
                });
                last.accumulate(context.cpu, image, d_activation, sums);
            },
        );

        let (d_weight, d_bias) = self.gradients[start..].split_at_mut(channels * classes);
        let (features, d_logits) = (
            &features[..self.batch * channels],
            &d_logits[..self.batch * classes],
        );
        parameter_gradients(features, d_logits, d_weight, d_bias);
        losses[..self.batch].iter().sum::<f64>() as f32
    }

    fn backward(&mut self, parameters: &[f32], images: &[f32]) {
        for (index, slots) in self.slots.iter().enumerate().rev() {
            let (before, rest) = self.layers.split_at_mut(index);
            let (layer, after) = rest.split_at_mut(1);
            let input = before.last().map_or(Input::Images(images), Input::Block);
            let head = OutputGradient::Images(&self.head.d_activation);
            let d_output = after.first().map_or(head, OutputGradient::Block);
            let (weight, rest) =
                self.gradients[slots.weight.start..].split_at_mut(slots.weight.len());
            let (gamma, rest) = rest.split_at_mut(slots.gamma.len());
            let gradients = Gradients {
                weight,
                gamma,
                beta: &mut rest[..slots.beta.len()],
                input: index > 0,
            };
            let sums = Sums {
                accumulators: &mut self.accumulators,
                partials: &mut self.partials,
            };
            let pass = 2 * self.slots.len() - index;
            let context = self.runtime.context(self.batch, pass);
            let weight = &parameters[slots.weight.clone()];
            layer[0].backward(context, weight, input, d_output, gradients, sums);
        }
    }
}

/// The largest batch whose buffers can be addressed with room to spare.
fn largest_batch(spec: &NetworkSpec) -> usize {
    let image: usize = spec
        .block_shapes()
        .map(|shape| shape.conv_len().max(shape.input_len()))
        .sum();
    let addressable = isize::MAX as usize / (8 * size_of::<f32>());
    addressable / image.max(spec.features() + spec.classes)
}
