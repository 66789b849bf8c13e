//! Seeded first weights.

use fer_core::Weights;
use fer_kernels::{NetworkSpec, Role, Slot};

use crate::random::{Purpose, Random};

/// Weights to start a training from: convolutions after He et al. (2015), a head near zero, batch norm as the identity.
pub(crate) fn initial_weights(spec: &NetworkSpec, seed: u64) -> Weights {
    let mut parameters = vec![0.0; spec.parameter_count()];
    for (index, slot) in spec.parameters().iter().enumerate() {
        let mut random = Random::new(seed, Purpose::Initialization, 0, index as u64);
        let values = &mut parameters[slot.range.clone()];
        match slot.role {
            Role::ConvWeight => fill_normal(values, (2.0 / conv_inputs(slot)).sqrt(), &mut random),
            Role::HeadWeight => fill_normal(values, HEAD_SIGMA, &mut random),
            Role::Gamma => values.fill(1.0),
            Role::Beta | Role::HeadBias | Role::RunningMean | Role::RunningVar => {}
        }
    }
    let mut statistics = vec![0.0; spec.statistics_count()];
    for slot in spec
        .statistics()
        .iter()
        .filter(|slot| slot.role == Role::RunningVar)
    {
        statistics[slot.range.clone()].fill(1.0);
    }
    Weights {
        parameters,
        statistics,
    }
}

/// Small enough that the first answers are nearly uniform.
const HEAD_SIGMA: f32 = 0.01;

/// The number of inputs that one output of a convolution sums, from its shape `[3, 3, C_in, C_out]`.
fn conv_inputs(slot: &Slot) -> f32 {
    slot.shape[..slot.shape.len() - 1].iter().product::<usize>() as f32
}

fn fill_normal(values: &mut [f32], sigma: f32, random: &mut Random) {
    for value in values {
        *value = sigma * random.normal();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_have_the_variance_of_he_and_follow_the_seed() {
        let spec = fer_core::ModelConfig::default().network_spec().unwrap();
        let weights = initial_weights(&spec, 1);
        weights.check(&spec).unwrap();
        for slot in spec
            .parameters()
            .iter()
            .filter(|slot| slot.role == Role::ConvWeight)
            .skip(1)
        {
            let values = &weights.parameters[slot.range.clone()];
            let variance =
                values.iter().map(|value| value * value).sum::<f32>() / values.len() as f32;
            assert!(
                (variance * conv_inputs(slot) - 2.0).abs() < 0.1,
                "{}",
                slot.name
            );
        }
        assert_eq!(weights, initial_weights(&spec, 1));
        assert_ne!(weights, initial_weights(&spec, 2));
    }
}
