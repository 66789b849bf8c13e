//! Stochastic gradient descent with Nesterov momentum (Sutskever et al. 2013).

use super::*;

/// Settings of [`Sgd`]; the learning rate is an argument of every step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdConfig {
    /// Decay of the velocity, in `[0, 1)`; 0 is plain gradient descent.
    pub momentum: f32,
    /// Fraction of each decayed weight that is added to its gradient (L2 regularization), at least 0.
    pub weight_decay: f32,
}

impl Default for SgdConfig {
    /// Momentum 0.9 and a weight decay of 1e-4.
    fn default() -> Self {
        Self {
            momentum: 0.9,
            weight_decay: 1e-4,
        }
    }
}

/// Nesterov momentum over a network's flat parameter buffer, in the form that PyTorch made common:
/// `v = momentum * v + g`, then `p -= learning_rate * (g + momentum * v)`.
#[derive(Debug, Clone)]
pub struct Sgd {
    config: SgdConfig,
    pieces: Vec<Piece>,
    velocity: Vec<f32>,
}

impl Sgd {
    /// An optimizer at rest.
    ///
    /// # Errors
    /// [`KernelError::InvalidSpec`] if the spec is invalid, [`KernelError::InvalidSetting`] if a setting is out of
    /// its range.
    pub fn new(spec: &NetworkSpec, config: SgdConfig) -> Result<Self, KernelError> {
        spec.validate()?;
        check_setting("momentum", config.momentum, "to be in [0, 1)", |v| {
            (0.0..1.0).contains(&v)
        })?;
        check_setting(
            "weight_decay",
            config.weight_decay,
            "to be at least 0",
            |v| v >= 0.0,
        )?;
        Ok(Self {
            config,
            pieces: pieces(spec),
            velocity: vec![0.0; spec.parameter_count()],
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
        check_len("parameters", parameters.len(), self.velocity.len())?;
        check_len("gradients", gradients.len(), self.velocity.len())?;
        let SgdConfig {
            momentum,
            weight_decay,
        } = self.config;
        let tasks = self
            .pieces
            .iter()
            .zip(cut(&self.pieces, parameters))
            .zip(cut(&self.pieces, &mut self.velocity));
        threads.for_each(tasks, |((piece, parameters), velocities)| {
            let decay = if piece.decayed { weight_decay } else { 0.0 };
            let values = parameters
                .iter_mut()
                .zip(velocities)
                .zip(&gradients[piece.range.clone()]);
            for ((parameter, velocity), gradient) in values {
                let gradient = gradient + decay * *parameter;
                *velocity = momentum * *velocity + gradient;
                *parameter -= learning_rate * (gradient + momentum * *velocity);
            }
        });
        Ok(())
    }

    /// The velocity, laid out as the parameters: what a checkpoint must keep.
    pub fn velocity(&self) -> &[f32] {
        &self.velocity
    }

    /// Goes on from a velocity read earlier.
    ///
    /// # Errors
    /// [`KernelError::LengthMismatch`] if it does not have the network's parameter count; nothing has changed then.
    pub fn restore(&mut self, velocity: &[f32]) -> Result<(), KernelError> {
        check_len("velocity", velocity.len(), self.velocity.len())?;
        self.velocity.copy_from_slice(velocity);
        Ok(())
    }
}
