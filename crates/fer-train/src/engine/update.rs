//! The update rule, on the flat buffers, whatever computed the gradients.

use std::collections::BTreeMap;

use fer_kernels::{
    AdamW, AdamWConfig, AdamWState, KernelError, NetworkSpec, Sgd, SgdConfig, Threads,
};

use crate::config::{Optimizer, TrainConfig};

pub(super) enum UpdateRule {
    AdamW(AdamW),
    Sgd(Sgd),
}

/// Names of the optimizers' buffers in a checkpoint.
const FIRST_MOMENT: &str = "first_moment";
const SECOND_MOMENT: &str = "second_moment";
const VELOCITY: &str = "velocity";

impl UpdateRule {
    pub(super) fn new(config: &TrainConfig, spec: &NetworkSpec) -> Result<Self, KernelError> {
        let weight_decay = config.weight_decay;
        Ok(match config.optimizer {
            Optimizer::AdamW => Self::AdamW(AdamW::new(
                spec,
                AdamWConfig {
                    weight_decay,
                    ..AdamWConfig::default()
                },
            )?),
            Optimizer::Sgd => Self::Sgd(Sgd::new(
                spec,
                SgdConfig {
                    momentum: config.momentum,
                    weight_decay,
                },
            )?),
        })
    }

    pub(super) fn step(
        &mut self,
        parameters: &mut [f32],
        gradients: &[f32],
        learning_rate: f32,
        threads: &Threads,
    ) -> Result<(), KernelError> {
        match self {
            Self::AdamW(rule) => rule.step(parameters, gradients, learning_rate, threads),
            Self::Sgd(rule) => rule.step(parameters, gradients, learning_rate, threads),
        }
    }

    pub(super) fn buffers(&self) -> BTreeMap<String, Vec<f32>> {
        let named: Vec<(&str, &[f32])> = match self {
            Self::AdamW(rule) => {
                let state = rule.state();
                vec![
                    (FIRST_MOMENT, state.first_moment),
                    (SECOND_MOMENT, state.second_moment),
                ]
            }
            Self::Sgd(rule) => vec![(VELOCITY, rule.velocity())],
        };
        named
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values.to_vec()))
            .collect()
    }

    /// A buffer that is missing counts as empty, and an empty buffer has a wrong length.
    pub(super) fn restore(
        &mut self,
        buffers: &BTreeMap<String, Vec<f32>>,
        steps: u64,
    ) -> Result<(), KernelError> {
        let buffer = |name: &str| buffers.get(name).map_or(&[][..], Vec::as_slice);
        match self {
            Self::AdamW(rule) => rule.restore(AdamWState {
                steps,
                first_moment: buffer(FIRST_MOMENT),
                second_moment: buffer(SECOND_MOMENT),
            }),
            Self::Sgd(rule) => rule.restore(buffer(VELOCITY)),
        }
    }
}
