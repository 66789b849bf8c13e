//! Arithmetic of a training step: forward, backward, update of the weights and of their moving average.

#[cfg(any(test, feature = "cuda"))]
mod candle;
mod kernels;
mod update;

use fer_core::{Emotion, ModelConfig, PerEmotion, Weights};
use fer_kernels::{NetworkSpec, Role, Slot, Threads, lerp};

use crate::batches::TrainingBatch;
use crate::checkpoint::EngineState;
use crate::config::TrainConfig;
use crate::device::Device;
#[cfg(not(feature = "cuda"))]
use crate::error::Error;
use crate::error::Result;
use crate::logits::{Logits, Others};

use kernels::KernelNetwork;
use update::UpdateRule;

/// Forward and backward passes of one network on one device; the weights are lent to it.
trait Network {
    /// The mean loss of a batch. Moves the running statistics towards those of the batch and writes the gradients, laid
    /// out as the parameters.
    fn gradients(
        &mut self,
        weights: &mut Weights,
        momentum: f32,
        batch: &TrainingBatch,
        gradients: &mut [f32],
    ) -> Result<f32>;

    /// The logits `[N, outputs]` of normalized faces `[N, size, size]`; batch norm by its running statistics.
    fn logits(&mut self, weights: &Weights, input: &[f32]) -> Result<Vec<f32>>;
}

/// A network in training.
pub(crate) struct Engine {
    network: Box<dyn Network>,
    rule: UpdateRule,
    spec: NetworkSpec,
    weights: Weights,
    average: Weights,
    gradients: Vec<f32>,
    /// The first parameters, which stay as they are.
    frozen: Vec<f32>,
    /// Added to the logits of the classes.
    logit_shift: PerEmotion<f32>,
    steps: u64,
    ema_decay: f32,
    batch_norm_momentum: f32,
    threads: Threads,
}

impl Engine {
    /// An engine on `device` that starts from `weights` and takes batches of up to `max_batch` images.
    ///
    /// # Errors
    /// [`Error::Device`](crate::Error::Device) if this build or machine does not have the device.
    pub(crate) fn new(
        device: Device,
        config: &TrainConfig,
        weights: Weights,
        max_batch: usize,
        threads: &Threads,
    ) -> Result<Self> {
        let spec = config.training_spec()?;
        weights.check(&spec)?;
        Ok(Self {
            network: network(device, &config.model_config(), &spec, max_batch, threads)?,
            rule: UpdateRule::new(config, &spec)?,
            gradients: vec![0.0; spec.parameter_count()],
            average: weights.clone(),
            frozen: weights.parameters[..config.frozen_parameters(&spec)].to_vec(),
            logit_shift: PerEmotion::default(),
            weights,
            steps: 0,
            ema_decay: config.ema_decay,
            batch_norm_momentum: config.batch_norm_momentum,
            threads: threads.clone(),
            spec,
        })
    }

    /// Adds `shift` to the logits that the averaged weights answer, and to those of the model made of them.
    #[must_use]
    pub(crate) fn with_logit_shift(self, logit_shift: PerEmotion<f32>) -> Self {
        Self {
            logit_shift,
            ..self
        }
    }

    /// One step; the result is the mean loss of the batch.
    pub(crate) fn step(&mut self, batch: &TrainingBatch, learning_rate: f64) -> Result<f32> {
        let momentum = self.batch_norm_momentum;
        let loss =
            self.network
                .gradients(&mut self.weights, momentum, batch, &mut self.gradients)?;
        let Weights {
            parameters,
            statistics,
        } = &mut self.weights;
        self.rule.step(
            parameters,
            &self.gradients,
            learning_rate as f32,
            &self.threads,
        )?;
        parameters[..self.frozen.len()].copy_from_slice(&self.frozen);
        self.steps += 1;
        let weight = average_weight(self.ema_decay, self.steps);
        lerp(
            &mut self.average.parameters,
            parameters,
            weight,
            &self.threads,
        )?;
        lerp(
            &mut self.average.statistics,
            statistics,
            weight,
            &self.threads,
        )?;
        Ok(loss)
    }

    /// The logits of the averaged weights for normalized faces `[N, size, size]`: of the classes, and of the outputs beside them.
    pub(crate) fn logits(&mut self, input: &[f32]) -> Result<Vec<(Logits, Others)>> {
        let outputs = self.spec.classes;
        let logits = self.network.logits(&self.average, input)?;
        let split = |logits: &[f32]| {
            let (classes, others) = logits.split_at(Emotion::COUNT);
            let shifted = |at: usize| classes[at] + self.logit_shift.0[at];
            (std::array::from_fn(shifted), others.to_vec())
        };
        Ok(logits.chunks_exact(outputs).map(split).collect())
    }

    /// The averaged weights of the model, which are validated and shipped: those of the classes.
    pub(crate) fn average(&self) -> Weights {
        let mut weights = first_outputs(&self.average, &self.spec, Emotion::COUNT);
        // The biases of the head are the last parameters.
        let biases = weights.parameters.iter_mut().rev().take(Emotion::COUNT);
        let shifts = self.logit_shift.0.iter().rev();
        biases.zip(shifts).for_each(|(bias, shift)| *bias += shift);
        weights
    }

    /// The averaged weights, `[outputs, C]`, and biases of the outputs beside the classes; both empty without any.
    pub(crate) fn average_of_others(&self) -> (Vec<f32>, Vec<f32>) {
        let after_classes = |role| {
            let slots = self.spec.parameters();
            let slot = slots.into_iter().find(|slot| slot.role == role);
            slot.map_or_else(Vec::new, |slot| {
                let values = &self.average.parameters[slot.range];
                let classes = values.len() / self.spec.classes * Emotion::COUNT;
                values[classes..].to_vec()
            })
        };
        (
            after_classes(Role::HeadWeight),
            after_classes(Role::HeadBias),
        )
    }

    /// All that the steps have changed.
    pub(crate) fn state(&self) -> EngineState {
        EngineState {
            weights: self.weights.clone(),
            average: self.average.clone(),
            optimizer: self.rule.buffers(),
            steps: self.steps,
        }
    }

    /// Goes on from a state read earlier.
    ///
    /// # Errors
    /// A state of another network or optimizer is refused.
    pub(crate) fn restore(&mut self, state: EngineState) -> Result<()> {
        state.weights.check(&self.spec)?;
        state.average.check(&self.spec)?;
        self.rule.restore(&state.optimizer, state.steps)?;
        self.weights = state.weights;
        self.average = state.average;
        self.steps = state.steps;
        Ok(())
    }
}

/// The network on `device`.
fn network(
    device: Device,
    config: &ModelConfig,
    spec: &NetworkSpec,
    max_batch: usize,
    threads: &Threads,
) -> Result<Box<dyn Network>> {
    match device {
        Device::Cpu => Ok(Box::new(KernelNetwork::new(spec, max_batch, threads)?)),
        Device::Cuda => cuda_network(config, spec),
    }
}

#[cfg(feature = "cuda")]
fn cuda_network(config: &ModelConfig, spec: &NetworkSpec) -> Result<Box<dyn Network>> {
    Ok(Box::new(candle::CandleNetwork::on_cuda(config, spec)?))
}

#[cfg(not(feature = "cuda"))]
fn cuda_network(_config: &ModelConfig, _spec: &NetworkSpec) -> Result<Box<dyn Network>> {
    let reason =
        "this program was built without it; build with the cargo feature `cuda`, or use `cpu`";
    Err(Error::Device {
        device: Device::Cuda.to_string(),
        reason: reason.to_owned(),
    })
}

/// The weights of the same network with its first `count` outputs alone.
fn first_outputs(weights: &Weights, spec: &NetworkSpec, count: usize) -> Weights {
    let kept = |slot: Slot| {
        let values = &weights.parameters[slot.range];
        match slot.role {
            Role::HeadWeight | Role::HeadBias => &values[..values.len() / spec.classes * count],
            _ => values,
        }
    };
    Weights {
        parameters: spec
            .parameters()
            .into_iter()
            .map(kept)
            .collect::<Vec<_>>()
            .concat(),
        statistics: weights.statistics.clone(),
    }
}

/// Weight of the newest weights in the moving average after `steps` steps.
///
/// The average warms up: it begins as the mean over the last few steps, and forgets the initial weights.
fn average_weight(decay: f32, steps: u64) -> f32 {
    let steps = steps as f32;
    1.0 - decay.min((1.0 + steps) / (10.0 + steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_keeps_the_outputs_of_its_classes_alone() {
        let config = ModelConfig {
            input_size: 4,
            channels: vec![2],
            blocks_per_stage: 1,
        };
        let model = config.network_spec().unwrap();
        let training = NetworkSpec {
            classes: 6,
            ..model.clone()
        };
        let numbered = Weights {
            parameters: (0..training.parameter_count())
                .map(|at| at as f32)
                .collect(),
            statistics: vec![1.0; training.statistics_count()],
        };
        let kept = first_outputs(&numbered, &training, model.classes);
        kept.check(&model).unwrap();
        // A convolution of 18 weights and two pairs for batch norm; then two weights a row of the head, and its biases.
        let expected: Vec<f32> = (0..22 + 4 * 2)
            .chain(22 + 6 * 2..22 + 6 * 2 + 4)
            .map(|at| at as f32)
            .collect();
        assert_eq!(kept.parameters, expected);
        assert_eq!(first_outputs(&kept, &model, model.classes), kept);
    }

    #[test]
    fn the_average_warms_up_to_its_decay() {
        assert_eq!(average_weight(0.0, 5), 1.0);
        assert!(average_weight(0.999, 1) > 0.8);
        assert!((average_weight(0.999, 1_000_000) - 0.001).abs() < 1e-6);
        let weights: Vec<f32> = (0..100).map(|steps| average_weight(0.99, steps)).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b));
    }
}
