//! AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101).

use super::*;

/// Settings of [`AdamW`]; the learning rate is an argument of every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// Decay of the moving average of gradients, in `[0, 1)`.
    pub beta1: f32,
    /// Decay of the moving average of squared gradients, in `[0, 1)`.
    pub beta2: f32,
    /// Added to the root of the second moment, positive.
    pub epsilon: f32,
    /// Fraction, times the learning rate, by which a decayed weight shrinks each step; at least 0.
    pub weight_decay: f32,
}

impl Default for AdamWConfig {
    /// The paper's values, with a weight decay of 0.01.
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.01,
        }
    }
}

/// AdamW over a network's flat parameter buffer.
///
/// ```
/// use fer_kernels::{AdamW, AdamWConfig, BlockSpec, NetworkSpec, Threads};
///
/// let blocks = vec![BlockSpec { out_channels: 16, pool: false }];
/// let spec = NetworkSpec { height: 4, width: 4, in_channels: 1, blocks, classes: 2 };
/// let mut parameters = vec![1.0; spec.parameter_count()];
/// let gradients = vec![0.5; spec.parameter_count()];
/// let mut optimizer = AdamW::new(&spec, AdamWConfig { weight_decay: 0.0, ..AdamWConfig::default() })?;
/// optimizer.step(&mut parameters, &gradients, 0.1, &Threads::new(1)?)?;
/// assert!((parameters[0] - 0.9).abs() < 1e-6, "the first step moves by the learning rate");
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct AdamW {
    config: AdamWConfig,
    pieces: Vec<Piece>,
    steps: u64,
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
}

/// All that [`AdamW`] remembers between steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWState<'a> {
    /// Number of steps taken.
    pub steps: u64,
    /// Moving average of the gradients, laid out as the parameters.
    pub first_moment: &'a [f32],
    /// Moving average of the squared gradients, laid out as the parameters.
    pub second_moment: &'a [f32],
}

impl AdamW {
    /// An optimizer that has taken no step.
    ///
    /// # Errors
    /// [`KernelError::InvalidSpec`] if the spec is invalid, [`KernelError::InvalidSetting`] if a setting is out of
    /// its range.
    pub fn new(spec: &NetworkSpec, config: AdamWConfig) -> Result<Self, KernelError> {
        spec.validate()?;
        check_setting("beta1", config.beta1, "to be in [0, 1)", |v| {
            (0.0..1.0).contains(&v)
        })?;
        check_setting("beta2", config.beta2, "to be in [0, 1)", |v| {
            (0.0..1.0).contains(&v)
        })?;
        check_setting("epsilon", config.epsilon, "to be positive", |v| v > 0.0)?;
        check_setting(
            "weight_decay",
            config.weight_decay,
            "to be at least 0",
            |v| v >= 0.0,
        )?;
        let count = spec.parameter_count();
        Ok(Self {
            config,
            pieces: pieces(spec),
            steps: 0,
            first_moment: vec![0.0; count],
            second_moment: vec![0.0; count],
        })
    }

    /// Moves `parameters` one step against `gradients`.
    ///
    /// # Errors
    /// [`KernelError::LengthMismatch`] if a buffer does not have the network's parameter count.
    pub fn step(
        &mut self,
        parameters: &mut [f32],
        gradients: &[f32],
        learning_rate: f32,
        threads: &Threads,
    ) -> Result<(), KernelError> {
        check_len("parameters", parameters.len(), self.first_moment.len())?;
        check_len("gradients", gradients.len(), self.first_moment.len())?;
        self.steps += 1;
        let AdamWConfig {
            beta1,
            beta2,
            epsilon,
            weight_decay,
        } = self.config;
        // In f64: 1 - beta^steps cancels badly in f32 when beta is close to 1.
        let correction = |beta: f32| 1.0 / (1.0 - f64::from(beta).powf(self.steps as f64));
        let (first_correction, second_correction) =
            (correction(beta1) as f32, correction(beta2) as f32);

        let tasks = self
            .pieces
            .iter()
            .zip(cut(&self.pieces, parameters))
            .zip(cut(&self.pieces, &mut self.first_moment))
            .zip(cut(&self.pieces, &mut self.second_moment));
        threads.for_each(tasks, |(((piece, parameters), first), second)| {
            let shrink = if piece.decayed {
                1.0 - learning_rate * weight_decay
            } else {
                1.0
            };
            let values = parameters
                .iter_mut()
                .zip(first)
                .zip(second)
                .zip(&gradients[piece.range.clone()]);
            for (((parameter, first), second), gradient) in values {
                *first = beta1 * *first + (1.0 - beta1) * gradient;
                *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
                let root = (*second * second_correction).sqrt() + epsilon;
                *parameter =
                    *parameter * shrink - learning_rate * (*first * first_correction) / root;
            }
        });
        Ok(())
    }

    /// Returns the state that a checkpoint must keep.
    pub fn state(&self) -> AdamWState<'_> {
        AdamWState {
            steps: self.steps,
            first_moment: &self.first_moment,
            second_moment: &self.second_moment,
        }
    }

    /// Goes on from a state read earlier.
    ///
    /// # Errors
    /// [`KernelError::LengthMismatch`] if a moment does not have the network's parameter count; nothing has changed
    /// then.
    pub fn restore(&mut self, state: AdamWState<'_>) -> Result<(), KernelError> {
        check_len(
            "first_moment",
            state.first_moment.len(),
            self.first_moment.len(),
        )?;
        check_len(
            "second_moment",
            state.second_moment.len(),
            self.second_moment.len(),
        )?;
        self.steps = state.steps;
        self.first_moment.copy_from_slice(state.first_moment);
        self.second_moment.copy_from_slice(state.second_moment);
        Ok(())
    }
}
