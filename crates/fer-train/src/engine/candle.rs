//! The network on a GPU, on Candle's own operations.
//!
//! Weights and gradients cross to the host at every step: the update rule, the moving average and the checkpoint are
//! then the same for every device, and a few megabytes per step cost little beside the passes.

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Result as CandleResult, Tensor, Var};
use fer_core::{EmotionNet, ModelConfig, Weights, chain};
use fer_kernels::NetworkSpec;

use super::Network;
use crate::batches::TrainingBatch;
use crate::error::{Error, Result};

pub(super) struct CandleNetwork {
    config: ModelConfig,
    /// The network in training.
    spec: NetworkSpec,
    device: Device,
}

impl CandleNetwork {
    /// The network on the first CUDA device.
    #[cfg(feature = "cuda")]
    pub(super) fn on_cuda(config: &ModelConfig, spec: &NetworkSpec) -> Result<Self> {
        let device = Device::new_cuda(0).map_err(failed)?;
        Ok(Self::new(config, spec, device))
    }

    pub(super) fn new(config: &ModelConfig, spec: &NetworkSpec, device: Device) -> Self {
        Self {
            config: config.clone(),
            spec: spec.clone(),
            device,
        }
    }

    /// Values `[N, ...]` of which each row has the shape `row`.
    fn tensor(&self, values: &[f32], row: &[usize]) -> CandleResult<Tensor> {
        let rows = values.len() / row.iter().product::<usize>();
        Tensor::from_slice(values, [&[rows], row].concat(), &self.device)
    }

    fn faces(&self, input: &[f32]) -> CandleResult<Tensor> {
        let size = self.config.input_size;
        self.tensor(input, &[size, size, 1])
    }

    fn loss(&self, net: &EmotionNet, momentum: f32, batch: &TrainingBatch) -> Result<Tensor> {
        let faces = self.faces(&batch.input).map_err(failed)?;
        let features = batch
            .dropout
            .as_ref()
            .map_or(0, |dropout| dropout.len() / batch.len());
        let dropout = batch
            .dropout
            .as_ref()
            .map(|dropout| self.tensor(dropout, &[features]));
        let dropout = dropout.transpose().map_err(failed)?;
        let logits = net.forward_train(&faces, momentum, dropout.as_ref())?;
        self.cross_entropy(&logits, batch).map_err(failed)
    }

    /// The mean over the images of `-sum_k t_k log p_k`.
    fn cross_entropy(&self, logits: &Tensor, batch: &TrainingBatch) -> CandleResult<Tensor> {
        let targets = self.tensor(&batch.targets, &[batch.outputs])?;
        let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
        let log_sum = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
        let log_probabilities = shifted.broadcast_sub(&log_sum)?;
        targets
            .mul(&log_probabilities)?
            .sum(D::Minus1)?
            .mean(0)?
            .neg()
    }
}

impl Network for CandleNetwork {
    fn gradients(
        &mut self,
        weights: &mut Weights,
        momentum: f32,
        batch: &TrainingBatch,
        gradients: &mut [f32],
    ) -> Result<f32> {
        let net = EmotionNet::from_spec(self.spec.clone(), weights, DType::F32, &self.device)?;
        let loss = self.loss(&net, momentum, batch)?;
        let found = loss.backward().map_err(failed)?;
        copy_gradients(&net.variables(), &found, gradients).map_err(failed)?;
        weights.statistics = net.weights()?.statistics;
        loss.to_scalar().map_err(failed)
    }

    fn logits(&mut self, weights: &Weights, input: &[f32]) -> Result<Vec<f32>> {
        let net = EmotionNet::from_spec(self.spec.clone(), weights, DType::F32, &self.device)?;
        let logits = net.forward(&self.faces(input).map_err(failed)?)?;
        let values = logits.flatten_all().and_then(|logits| logits.to_vec1());
        values.map_err(failed)
    }
}

/// Copies the gradients of `variables`, in order, to one buffer; a variable that nothing depends on has none and gets 0.
fn copy_gradients(variables: &[Var], found: &GradStore, gradients: &mut [f32]) -> CandleResult<()> {
    let mut rest = gradients;
    for variable in variables {
        let (values, after) = rest.split_at_mut(variable.elem_count());
        match found.get(variable) {
            Some(gradient) => values.copy_from_slice(&gradient.flatten_all()?.to_vec1::<f32>()?),
            None => values.fill(0.0),
        }
        rest = after;
    }
    Ok(())
}

fn failed(error: candle_core::Error) -> Error {
    Error::Device {
        device: "cuda".to_owned(),
        reason: chain(&error),
    }
}

#[cfg(test)]
mod tests {
    use fer_core::Emotion;
    use fer_kernels::Threads;

    use super::super::KernelNetwork;
    use super::*;
    use crate::initialize::initial_weights;
    use crate::random::{Purpose, Random};

    #[test]
    fn candle_and_the_kernels_agree_on_loss_gradients_statistics_and_logits() {
        let config = ModelConfig {
            input_size: 12,
            channels: vec![16, 32],
            blocks_per_stage: 2,
        };
        // More outputs than classes.
        let spec = NetworkSpec {
            classes: Emotion::COUNT + 1,
            ..config.network_spec().unwrap()
        };
        let mut random = Random::new(1, Purpose::Augmentation, 0, 0);
        let mut normal =
            |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
        let batch = TrainingBatch {
            input: normal(6 * spec.input_len()),
            targets: [0.5, 0.1, 0.1, 0.1, 0.2].repeat(6),
            outputs: spec.classes,
            dropout: Some([0.0, 2.0].repeat(6 * 16)),
        };
        let mut networks: [Box<dyn Network>; 2] = [
            Box::new(KernelNetwork::new(&spec, 6, &Threads::new(1).unwrap()).unwrap()),
            Box::new(CandleNetwork::new(&config, &spec, Device::Cpu)),
        ];
        let [kernels, candle] = networks.each_mut().map(|network| {
            let mut weights = initial_weights(&spec, 3);
            let mut gradients = vec![0.0; spec.parameter_count()];
            let loss = network
                .gradients(&mut weights, 0.1, &batch, &mut gradients)
                .unwrap();
            let logits = network.logits(&weights, &batch.input).unwrap();
            [vec![loss], gradients, weights.statistics, logits]
        });
        for (kernels, candle) in kernels.iter().zip(&candle) {
            let scale = kernels.iter().map(|value| value.abs()).fold(0.0, f32::max);
            let distance = kernels
                .iter()
                .zip(candle)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert_eq!(kernels.len(), candle.len());
            assert!(distance <= 1e-4 * scale, "{distance} of {scale}");
        }
    }
}
