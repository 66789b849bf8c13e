//! A block in training as one Candle operation.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use candle_core::{CpuStorage, CustomOp3, DType, Device, Layout, Result, Shape, Tensor, bail};

use crate::batch_norm::activate::activate;
use crate::block_shape::BlockShape;
use crate::buffer::ScratchPool;
use crate::candle::values::{cpu_values, values};
use crate::cpu::Cpu;
use crate::train::context::Context;
use crate::train::layer::{Gradients, Input, OutputGradient, Parameters, Sums, TrainLayer};
use crate::train::partials::Partials;
use crate::{BlockSpec, InstructionSet, KernelError, NetworkSpec, Threads};

/// 3x3 convolution (padding 1, no bias), batch norm with the batch's own statistics, ReLU, and a 2x2 max-pool if wanted: forward
/// and backward, on the CPU, in f32.
///
/// Keeps memory between steps, so make one for each block of a network and use it again and again.
///
/// ```
/// use candle_core::{DType, Device, Tensor, Var};
/// use fer_kernels::{InstructionSet, Threads, candle::ConvBlock};
///
/// let block = ConvBlock::new(true, InstructionSet::best(), Threads::new(1)?)?;
/// let x = Tensor::randn(0f32, 1.0, (2, 8, 8, 3), &Device::Cpu)?;
/// let weight = Var::randn(0f32, 0.3, (3, 3, 3, 16), &Device::Cpu)?;
/// let gamma_beta = Var::from_tensor(&Tensor::cat(
///     &[Tensor::ones((1, 16), DType::F32, &Device::Cpu)?, Tensor::zeros((1, 16), DType::F32, &Device::Cpu)?],
///     0,
/// )?)?;
/// let output = block.forward(&x, &weight, &gamma_beta)?;
/// assert_eq!(output.activation.dims(), [2, 4, 4, 16]);
/// assert_eq!(output.statistics.mean.len(), 16);
/// let gradients = output.activation.sum_all()?.backward()?;
/// assert!(gradients.get(&weight).is_some() && gradients.get(&gamma_beta).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ConvBlock {
    pool: bool,
    cpu: Cpu,
    threads: Threads,
    memory: Arc<Memory>,
}

/// The results of [`ConvBlock::forward`].
#[derive(Debug, Clone)]
pub struct BlockOutput {
    /// `[N, H, W, C_out]`, or with pooling `[N, H / 2, W / 2, C_out]`.
    pub activation: Tensor,
    /// Statistics of the convolution's output, for running averages.
    pub statistics: BatchStatistics,
}

/// Statistics of a batch, per channel.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatistics {
    /// Means.
    pub mean: Vec<f32>,
    /// Unbiased variances, as running averages keep them.
    pub variance: Vec<f32>,
}

/// Memory that steps hand on to one another.
#[derive(Debug, Default)]
struct Memory {
    scratch_pool: ScratchPool,
    spare: Mutex<Vec<TrainLayer>>,
}

impl ConvBlock {
    /// A block that pools or does not.
    ///
    /// # Errors
    /// [`KernelError::UnsupportedInstructionSet`] if this CPU does not have the set.
    pub fn new(
        pool: bool,
        set: InstructionSet,
        threads: Threads,
    ) -> std::result::Result<Self, KernelError> {
        Ok(Self {
            pool,
            cpu: Cpu::new(set)?,
            threads,
            memory: Arc::default(),
        })
    }

    /// Applies the block to `x` `[N, H, W, C_in]`, with weight `[3, 3, C_in, C_out]` and batch-norm scales and shifts `[2, C_out]`.
    ///
    /// All three receive gradients from `backward()`. The gradient of a pooling window goes to its first maximum.
    ///
    /// # Errors
    /// If a tensor is not on the CPU, not f32, or of another shape.
    pub fn forward(&self, x: &Tensor, weight: &Tensor, gamma_beta: &Tensor) -> Result<BlockOutput> {
        for tensor in [x, weight, gamma_beta] {
            if tensor.dtype() != DType::F32 || !tensor.device().is_cpu() {
                bail!(
                    "a block needs f32 on the CPU, found {:?} on {:?}",
                    tensor.dtype(),
                    tensor.device().location()
                );
            }
        }
        let statistics = Arc::new(OnceLock::new());
        let operation = BlockOperation {
            block: self.clone(),
            state: Mutex::default(),
            statistics: statistics.clone(),
        };
        let x = x.contiguous()?;
        let (weight, gamma_beta) = (weight.contiguous()?, gamma_beta.contiguous()?);
        let activation = x.apply_op3(&weight, &gamma_beta, operation)?;
        let Some(statistics) = statistics.get().cloned() else {
            bail!("the block did not run");
        };
        Ok(BlockOutput {
            activation,
            statistics,
        })
    }

    /// Number of images and sizes of the block for these tensors.
    fn shape(&self, x: &Shape, weight: &Shape, gamma_beta: &Shape) -> Result<(usize, BlockShape)> {
        let (images, height, width, in_channels) = x.dims4()?;
        let (_, _, _, out_channels) = weight.dims4()?;
        if weight.dims() != [3, 3, in_channels, out_channels] {
            bail!("weight is {weight:?}, expected [3, 3, {in_channels}, C_out]");
        }
        if gamma_beta.dims() != [2, out_channels] {
            bail!("gamma and beta are {gamma_beta:?}, expected [2, {out_channels}]");
        }
        let spec = NetworkSpec {
            height,
            width,
            in_channels,
            blocks: vec![BlockSpec {
                out_channels,
                pool: self.pool,
            }],
            classes: 1,
        };
        spec.validate().map_err(candle_core::Error::wrap)?;
        match spec.block_shapes().next() {
            Some(shape) if images > 0 => Ok((images, shape)),
            _ => bail!("a block needs at least one image"),
        }
    }

    fn context(&self, images: usize) -> Context<'_> {
        Context {
            cpu: self.cpu,
            threads: &self.threads,
            scratch_pool: &self.memory.scratch_pool,
            images,
            backwards: false,
        }
    }
}

impl Memory {
    /// A layer of an earlier step if one fits, else a new one.
    fn layer(&self, cpu: Cpu, shape: BlockShape, images: usize) -> TrainLayer {
        let mut spare = lock(&self.spare);
        match spare.iter().position(|layer| layer.fits(&shape, images)) {
            Some(index) => spare.swap_remove(index),
            None => {
                // Those that are too small now will hardly be wanted again.
                spare.clear();
                TrainLayer::new(shape, cpu, images)
            }
        }
    }
}

/// One application of a block: a node of Candle's graph.
struct BlockOperation {
    block: ConvBlock,
    state: Mutex<Option<State>>,
    statistics: Arc<OnceLock<BatchStatistics>>,
}

/// Results of the forward pass that the backward pass needs.
struct State {
    images: usize,
    layer: TrainLayer,
    /// `true` as long as the layer holds its raw outputs.
    is_raw: bool,
}

impl CustomOp3 for BlockOperation {
    fn name(&self) -> &'static str {
        "conv-block"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        gamma_beta: &CpuStorage,
        gamma_beta_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let block = &self.block;
        let (images, shape) = block.shape(
            x_layout.shape(),
            weight_layout.shape(),
            gamma_beta_layout.shape(),
        )?;
        let x = values(x, x_layout)?;
        let weight = values(weight, weight_layout)?;
        let gamma_beta = values(gamma_beta, gamma_beta_layout)?;
        let mut state = State {
            images,
            layer: block.memory.layer(block.cpu, shape, images),
            is_raw: true,
        };
        state.forward(block, x, weight, gamma_beta);
        let _ = self.statistics.set(state.statistics());
        let output = state.output(block);
        *lock(&self.state) = Some(state);

        let (height, width) = shape.out_size();
        let shape = Shape::from((images, height, width, shape.out_channels));
        Ok((CpuStorage::F32(output), shape))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        gamma_beta: &Tensor,
        _output: &Tensor,
        d_output: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut state = lock(&self.state);
        let Some(state) = state.as_mut() else {
            bail!("the block has not run forward");
        };
        let d_output = d_output.contiguous()?;
        let storages = [x, weight, gamma_beta, &d_output].map(Tensor::storage_and_layout);
        let [x_values, weight_values, gamma_beta_values, d_output] = &storages;
        let x_values = cpu_values(x_values)?;
        let weight_values = cpu_values(weight_values)?;
        if !state.is_raw {
            // A second backward pass through the same graph: the first one left gradients where the raw outputs were.
            state.forward(
                &self.block,
                x_values,
                weight_values,
                cpu_values(gamma_beta_values)?,
            );
        }
        let gradients = state.backward(
            &self.block,
            x_values,
            weight_values,
            cpu_values(d_output)?,
            x.track_op(),
        );
        let tensor =
            |values: Vec<f32>, like: &Tensor| Tensor::from_vec(values, like.shape(), &Device::Cpu);
        let d_x = gradients.x.map(|values| tensor(values, x)).transpose()?;
        Ok((
            d_x,
            Some(tensor(gradients.weight, weight)?),
            Some(tensor(gradients.gamma_beta, gamma_beta)?),
        ))
    }
}

/// Gradients of a block's arguments.
struct BlockGradients {
    x: Option<Vec<f32>>,
    weight: Vec<f32>,
    gamma_beta: Vec<f32>,
}

impl State {
    fn forward(&mut self, block: &ConvBlock, x: &[f32], weight: &[f32], gamma_beta: &[f32]) {
        let (gamma, beta) = gamma_beta.split_at(self.layer.shape.out_channels);
        let parameters = Parameters {
            weight,
            gamma,
            beta,
        };
        let context = block.context(self.images);
        let mut partials = Partials::default();
        self.layer
            .forward(context, parameters, Input::Images(x), &mut partials);
        self.is_raw = true;
    }

    fn statistics(&self) -> BatchStatistics {
        let channels = self.layer.shape.out_channels;
        let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
        let normalization = &self.layer.normalization;
        normalization.update_running(1.0, &mut mean, &mut variance);
        BatchStatistics { mean, variance }
    }

    fn output(&self, block: &ConvBlock) -> Vec<f32> {
        let TrainLayer {
            shape,
            normalization,
            ..
        } = &self.layer;
        let mut output = vec![0.0; self.images * shape.output_len()];
        let images = output.chunks_exact_mut(shape.output_len()).enumerate();
        block.threads.for_each(images, |(image, output)| {
            activate(
                block.cpu,
                shape,
                normalization,
                self.layer.raw(image),
                output,
            );
        });
        output
    }

    fn backward(
        &mut self,
        block: &ConvBlock,
        x: &[f32],
        weight: &[f32],
        d_output: &[f32],
        wants_x: bool,
    ) -> BlockGradients {
        let (layer, context) = (&mut self.layer, block.context(self.images));
        let shape = layer.shape;
        let mut partials = Partials::default();
        let sums = partials.begin(self.images, shape.out_channels);
        let images = d_output.chunks_exact(shape.output_len()).zip(sums);
        block
            .threads
            .for_each(images.enumerate(), |(image, (d_output, sums))| {
                layer.accumulate(block.cpu, image, d_output, sums);
            });

        let mut d_weight = vec![0.0; shape.weight_len()];
        let mut d_gamma_beta = vec![0.0; 2 * shape.out_channels];
        let (gamma, beta) = d_gamma_beta.split_at_mut(shape.out_channels);
        let gradients = Gradients {
            weight: &mut d_weight,
            gamma,
            beta,
            input: wants_x,
        };
        let sums = Sums {
            accumulators: &mut context.scratch_pool.take(layer.accumulators_len()),
            partials: &mut partials,
        };
        let d_output = OutputGradient::Images(d_output);
        layer.backward(context, weight, Input::Images(x), d_output, gradients, sums);
        self.is_raw = !wants_x;

        let input_gradient = || {
            let mut d_x = Vec::with_capacity(self.images * shape.input_len());
            (0..self.images).for_each(|image| d_x.extend(layer.input_gradient(image)));
            d_x
        };
        BlockGradients {
            x: wants_x.then(input_gradient),
            weight: d_weight,
            gamma_beta: d_gamma_beta,
        }
    }
}

impl Drop for BlockOperation {
    fn drop(&mut self) {
        if let Some(state) = lock(&self.state).take() {
            lock(&self.block.memory.spare).push(state.layer);
        }
    }
}

/// Locks also after a panic elsewhere: what is locked here is valid at any time.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
