//! `[start]`: training that goes on from a model.

use std::path::{Path, PathBuf};

use fer_core::Model;
use fer_kernels::{NetworkSpec, Role};
use serde::{Deserialize, Serialize};

use super::ranges::within;
use super::{Monitor, TrainConfig};
use crate::error::Result;

/// Image passes of a training whose length is chosen by the number of images; few images are seen more often.
const PASSES: usize = 20_000;
/// The fewest and the most epochs chosen.
const EPOCHS: (usize, usize) = (12, 40);
/// Steps an epoch of few images, and the fewest and the most images a step.
const STEPS: usize = 8;
const BATCH_SIZE: (usize, usize) = (32, 128);
/// The peak of the learning rate on [`MANY_IMAGES`]; of fewer, the share that [`LEAST_SHARE`] bounds.
const LEARNING_RATE: f64 = 1e-3;
const MANY_IMAGES: f64 = 20_000.0;
const LEAST_SHARE: f64 = 0.3;
/// Batches of few images say little of the statistics of all.
const BATCH_NORM_MOMENTUM: f32 = 0.01;

/// `[start]`: the model that a training starts from instead of random weights.
///
/// Its running statistics of batch norm come with the weights and move to those of the new images, in frozen stages, too (adaptive batch
/// normalization: Li et al. 2016, "Revisiting batch normalization for practical domain adaptation").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StartConfig {
    /// The name of a built-in model, or a model file. The training takes over the shape of its network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// Stages, from the first, whose weights stay as they are; 0, the default, leaves every stage free.
    pub freeze: usize,
}

impl StartConfig {
    pub(super) fn validate(&self) -> Result<()> {
        let valid = self.freeze == 0 || self.model.is_some();
        let expected = "0 without a model to start from";
        within("start.freeze", self.freeze, valid, expected)
    }
}

/// Returns `true` if `model` names a built-in model.
pub(super) fn is_built_in(model: &Path) -> bool {
    let is_name = |name: &str| Model::names().contains(&name);
    model.to_str().is_some_and(is_name)
}

impl TrainConfig {
    /// The defaults of a training that starts from `model`, a built-in one by name or a file: its length, its steps and its learning rate
    /// are chosen by the number of images, its best epoch by the loss, and the statistics of batch norm move slowly.
    #[must_use]
    pub fn starting_from(model: impl Into<PathBuf>) -> Self {
        Self {
            epochs: 0,
            batch_size: 0,
            learning_rate: 0.0,
            batch_norm_momentum: BATCH_NORM_MOMENTUM,
            // The accuracy on a few dozen validation images is too coarse to choose by.
            monitor: Monitor::Loss,
            start: StartConfig {
                model: Some(model.into()),
                ..StartConfig::default()
            },
            ..Self::default()
        }
    }

    /// The number of the first parameters of `spec` that stay as they are.
    pub(crate) fn frozen_parameters(&self, spec: &NetworkSpec) -> usize {
        let blocks = (self.start.freeze * self.model.blocks_per_stage).min(spec.blocks.len());
        let shifts = spec.parameters().into_iter();
        let shifts = shifts.filter(|slot| slot.role == Role::Beta);
        // The shift is the last tensor of its block.
        shifts.take(blocks).last().map_or(0, |slot| slot.range.end)
    }

    /// The same configuration with what is left open chosen for a training on `images`.
    pub(crate) fn settled(&self, images: usize) -> Self {
        let mut settled = self.clone();
        if settled.epochs == 0 {
            settled.epochs = (PASSES / images.max(1)).clamp(EPOCHS.0, EPOCHS.1);
        }
        if settled.batch_size == 0 {
            settled.batch_size = (images / STEPS).clamp(BATCH_SIZE.0, BATCH_SIZE.1);
        }
        if settled.learning_rate == 0.0 {
            let share = (images as f64 / MANY_IMAGES).cbrt();
            settled.learning_rate = LEARNING_RATE * share.clamp(LEAST_SHARE, 1.0);
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_open_is_chosen_by_the_number_of_images() {
        let open = TrainConfig::starting_from("crowd");
        open.validate().unwrap();
        let chosen = |images| {
            let settled = open.settled(images);
            (settled.epochs, settled.batch_size, settled.learning_rate)
        };
        assert_eq!(chosen(100), (40, 32, 3e-4));
        assert_eq!(chosen(1000).0, 20);
        assert_eq!(chosen(27_000), (12, 128, 1e-3));
        let given = TrainConfig {
            epochs: 3,
            ..open.clone()
        };
        assert_eq!(given.settled(100).epochs, 3);
        assert_eq!(TrainConfig::default().settled(9), TrainConfig::default());
    }
}
