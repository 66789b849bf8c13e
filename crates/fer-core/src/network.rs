//! The network as Candle sees it: for training on its autograd, and for gradients at any layer.

mod block;

use std::ops::Range;
use std::sync::OnceLock;

use block::Block;
use candle_core::{DType, Device, Result as CandleResult, Tensor, Var};
use fer_kernels::candle::ConvBlock;
use fer_kernels::{BlockSpec, InstructionSet, NetworkSpec, Slot, Threads};

use crate::{Error, ModelConfig, Result, Weights};

/// The network as Candle variables, for gradient descent with any optimizer and for gradients at inner layers.
///
/// It computes what [`Classifier`](crate::Classifier) computes: blocks of 3x3 convolution, batch norm, ReLU and, at the
/// end of a stage, 2x2 max-pool; then the mean over all positions and a linear layer. Input is `[N, H, W, 1]`, output
/// logits `[N, 4]`. In `f32` on the CPU, training runs on the custom operations of
/// [`fer_kernels::candle`]; otherwise on Candle's own.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use fer_core::{EmotionNet, ModelConfig, Weights};
///
/// let config = ModelConfig { input_size: 8, channels: vec![16], blocks_per_stage: 1 };
/// let spec = config.network_spec()?;
/// let weights = Weights {
///     parameters: vec![0.01; spec.parameter_count()],
///     statistics: vec![1.0; spec.statistics_count()],
/// };
/// let net = EmotionNet::new(&config, &weights, &Device::Cpu)?;
/// let faces = Tensor::zeros((2, 8, 8, 1), candle_core::DType::F32, &Device::Cpu)?;
/// assert_eq!(net.forward(&faces)?.dims(), [2, 4]);
/// assert_eq!(net.weights()?, weights);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EmotionNet {
    spec: NetworkSpec,
    /// In the order of [`NetworkSpec::parameters`].
    parameters: Vec<Var>,
    /// In the order of [`NetworkSpec::statistics`].
    statistics: Vec<Var>,
    /// One for each block, made when training on the CPU begins.
    kernels: OnceLock<Vec<ConvBlock>>,
    /// Those to train on; every core where none were given.
    threads: Option<Threads>,
}

impl EmotionNet {
    /// Copies `weights` to `f32` variables on `device`.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] or [`Error::InvalidLength`] if configuration and weights make no network;
    /// [`Error::Network`] if Candle cannot use the device.
    pub fn new(config: &ModelConfig, weights: &Weights, device: &Device) -> Result<Self> {
        Self::with_dtype(config, weights, DType::F32, device)
    }

    /// As [`EmotionNet::new`] with variables of `dtype`, such as `F64` to check gradients.
    ///
    /// # Errors
    /// As [`EmotionNet::new`].
    pub fn with_dtype(
        config: &ModelConfig,
        weights: &Weights,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        Self::from_spec(config.network_spec()?, weights, dtype, device)
    }

    /// As [`EmotionNet::with_dtype`] for any network of blocks, such as one that is trained on more outputs than a model file
    /// keeps: `[N, 4]` is `[N, classes]` then.
    ///
    /// # Errors
    /// As [`EmotionNet::new`].
    pub fn from_spec(
        spec: NetworkSpec,
        weights: &Weights,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        weights.check(&spec)?;
        let variables = |slots: Vec<Slot>, buffer: &[f32]| {
            let variable = |slot: Slot| {
                let tensor = Tensor::from_slice(&buffer[slot.range], slot.shape, device)?;
                Var::from_tensor(&tensor.to_dtype(dtype)?)
            };
            slots
                .into_iter()
                .map(variable)
                .collect::<CandleResult<Vec<Var>>>()
        };
        Ok(Self {
            parameters: variables(spec.parameters(), &weights.parameters).map_err(failed)?,
            statistics: variables(spec.statistics(), &weights.statistics).map_err(failed)?,
            spec,
            kernels: OnceLock::new(),
            threads: None,
        })
    }

    /// Trains on `threads` where that happens on the CPU; the default is one thread per core.
    #[must_use]
    pub fn with_threads(self, threads: Threads) -> Self {
        Self {
            threads: Some(threads),
            kernels: OnceLock::new(),
            ..self
        }
    }

    /// The trainable variables in the order of [`NetworkSpec::parameters`].
    pub fn variables(&self) -> Vec<Var> {
        self.parameters.clone()
    }

    /// Copies all numbers back into flat buffers.
    ///
    /// # Errors
    /// [`Error::Network`] if the device fails.
    pub fn weights(&self) -> Result<Weights> {
        let flat = |variables: &[Var]| -> CandleResult<Vec<f32>> {
            let mut buffer = Vec::new();
            for variable in variables {
                let values = variable.flatten_all()?.to_dtype(DType::F32)?;
                buffer.extend(values.to_vec1::<f32>()?);
            }
            Ok(buffer)
        };
        Ok(Weights {
            parameters: flat(&self.parameters).map_err(failed)?,
            statistics: flat(&self.statistics).map_err(failed)?,
        })
    }

    /// Logits `[N, 4]` of faces `[N, H, W, 1]`, batch norm by its running statistics.
    ///
    /// # Errors
    /// [`Error::Network`] if the input has another shape or type.
    pub fn forward(&self, faces: &Tensor) -> Result<Tensor> {
        let maps = self.maps(faces, 0..self.spec.blocks.len())?;
        self.logits(&maps)
    }

    /// Logits `[N, 4]` of a training batch `[N, H, W, 1]`, batch norm by the statistics of the batch.
    ///
    /// The running statistics move towards those of the batch, `running += momentum * (batch - running)`. `dropout`
    /// holds multipliers of the averaged features `[N, C]`: 0 where dropped, `1 / (1 - rate)` where kept.
    ///
    /// # Errors
    /// [`Error::Network`] if an input has another shape or type.
    pub fn forward_train(
        &self,
        faces: &Tensor,
        momentum: f32,
        dropout: Option<&Tensor>,
    ) -> Result<Tensor> {
        let maps = if faces.device().is_cpu() && faces.dtype() == DType::F32 {
            self.train_on_kernels(faces, momentum)?
        } else {
            self.train_on_candle(faces, momentum).map_err(failed)?
        };
        let head = || {
            let features = maps.mean((1, 2))?;
            match dropout {
                Some(multipliers) => self.head(&features.mul(multipliers)?),
                None => self.head(&features),
            }
        };
        head().map_err(failed)
    }

    fn train_on_kernels(&self, faces: &Tensor, momentum: f32) -> Result<Tensor> {
        let mut maps = faces.clone();
        for (block, kernel) in self.blocks().zip(self.kernels()?) {
            let trained = block.forward_train_on(kernel, &maps, momentum);
            maps = trained.map_err(failed)?;
        }
        Ok(maps)
    }

    fn train_on_candle(&self, faces: &Tensor, momentum: f32) -> CandleResult<Tensor> {
        let mut maps = faces.clone();
        for block in self.blocks() {
            maps = block.forward_train(&maps, momentum)?;
        }
        Ok(maps)
    }

    fn kernels(&self) -> Result<&[ConvBlock]> {
        if let Some(kernels) = self.kernels.get() {
            return Ok(kernels);
        }
        let threads = match &self.threads {
            Some(threads) => threads.clone(),
            None => Threads::new(0)?,
        };
        let kernel =
            |block: &BlockSpec| ConvBlock::new(block.pool, InstructionSet::best(), threads.clone());
        let kernels: std::result::Result<Vec<_>, _> = self.spec.blocks.iter().map(kernel).collect();
        let kernels = kernels?;
        Ok(self.kernels.get_or_init(|| kernels))
    }

    /// The maps `[N, H, W, C]` that the blocks of `range` make of those before it, batch norm by its running statistics.
    fn maps(&self, input: &Tensor, range: Range<usize>) -> Result<Tensor> {
        let blocks = self.blocks().skip(range.start).take(range.len());
        let mut maps = input.clone();
        for block in blocks {
            maps = block.forward(&maps).map_err(failed)?;
        }
        Ok(maps)
    }

    /// Logits `[N, 4]` of the last block's maps.
    fn logits(&self, maps: &Tensor) -> Result<Tensor> {
        let logits = || self.head(&maps.mean((1, 2))?);
        logits().map_err(failed)
    }

    fn head(&self, features: &Tensor) -> CandleResult<Tensor> {
        let (_, head) = self.parameters.as_chunks::<3>();
        let [weight, bias] = head else {
            candle_core::bail!("the head has {} variables, expected 2", head.len());
        };
        features.matmul(&weight.t()?)?.broadcast_add(bias)
    }

    fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        let (parameters, _) = self.parameters.as_chunks::<3>();
        let (statistics, _) = self.statistics.as_chunks::<2>();
        let variables = parameters.iter().zip(statistics);
        let blocks = variables.zip(&self.spec.blocks);
        blocks.map(
            |(([weight, gamma, beta], [running_mean, running_var]), spec)| Block {
                weight,
                gamma,
                beta,
                running_mean,
                running_var,
                pool: spec.pool,
            },
        )
    }
}

fn failed(error: candle_core::Error) -> Error {
    Error::Network {
        source: Box::new(error),
    }
}
