//! The shape of the network and the buffers that hold its weights.

use fer_kernels::{BlockSpec, NetworkSpec};
use serde::{Deserialize, Serialize};

use crate::length::check_length;
use crate::{Emotion, Error, Result};

/// The network: a gray square in; stages of 3x3 blocks, each stage ended by a 2x2 max-pool; the mean over all
/// positions; a linear layer to one logit for each [`Emotion`].
///
/// ```
/// use fer_core::ModelConfig;
///
/// let config = ModelConfig { input_size: 48, channels: vec![16, 32, 64], blocks_per_stage: 2 };
/// let spec = config.network_spec()?;
/// assert_eq!(spec.blocks.len(), 6);
/// assert_eq!(spec.classes, 4);
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Side of the square input in pixels.
    pub input_size: usize,
    /// Channels of each stage, first to last. Multiples of 16 run fastest.
    pub channels: Vec<usize>,
    /// Blocks (convolution, batch norm, ReLU) in each stage.
    pub blocks_per_stage: usize,
}

impl Default for ModelConfig {
    /// 48x48 pixels; 32, 64, 128 and 256 channels; two blocks per stage: 117.5 million multiply-adds per face.
    fn default() -> Self {
        Self {
            input_size: 48,
            channels: vec![32, 64, 128, 256],
            blocks_per_stage: 2,
        }
    }
}

impl ModelConfig {
    /// The largest accepted input size in pixels.
    pub const MAX_INPUT_SIZE: usize = 256;
    /// The largest accepted number of channels.
    pub const MAX_CHANNELS: usize = 1024;
    /// The largest accepted number of blocks a stage.
    pub const MAX_BLOCKS_PER_STAGE: usize = 8;

    /// Checks every field against its range.
    ///
    /// # Errors
    /// [`Error::InvalidConfig`] names the first field outside its range.
    pub fn validate(&self) -> Result<()> {
        let in_range = |field, range: std::ops::RangeInclusive<usize>, found: usize| {
            if range.contains(&found) {
                return Ok(());
            }
            Err(Error::InvalidConfig {
                field,
                expected: format!("{} to {}", range.start(), range.end()),
                found: found.to_string(),
            })
        };
        in_range("input_size", 1..=Self::MAX_INPUT_SIZE, self.input_size)?;
        in_range(
            "blocks_per_stage",
            1..=Self::MAX_BLOCKS_PER_STAGE,
            self.blocks_per_stage,
        )?;
        for &channels in &self.channels {
            in_range("channels", 1..=Self::MAX_CHANNELS, channels)?;
        }
        // Each stage halves the map, and the last must leave one position.
        let max_stages = self.input_size.ilog2() as usize;
        if self.channels.is_empty() || self.channels.len() > max_stages {
            return Err(Error::InvalidConfig {
                field: "channels",
                expected: format!(
                    "1 to {max_stages} stages for an input of {} pixels",
                    self.input_size
                ),
                found: format!("{} stages", self.channels.len()),
            });
        }
        Ok(())
    }

    /// The network for the kernels, which also says what lies where in [`Weights`].
    ///
    /// # Errors
    /// As [`ModelConfig::validate`].
    pub fn network_spec(&self) -> Result<NetworkSpec> {
        self.validate()?;
        let stage = |&out_channels: &usize| {
            let last = self.blocks_per_stage - 1;
            (0..=last).map(move |block| BlockSpec {
                out_channels,
                pool: block == last,
            })
        };
        let spec = NetworkSpec {
            height: self.input_size,
            width: self.input_size,
            in_channels: 1,
            blocks: self.channels.iter().flat_map(stage).collect(),
            classes: Emotion::COUNT,
        };
        spec.validate()?;
        Ok(spec)
    }
}

/// The numbers of a network in the layout of its [`NetworkSpec`].
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// All trainable parameters, [`NetworkSpec::parameter_count`] of them.
    pub parameters: Vec<f32>,
    /// All running statistics of batch norm, [`NetworkSpec::statistics_count`] of them.
    pub statistics: Vec<f32>,
}

impl Weights {
    /// Checks that both buffers have the lengths that `spec` gives them.
    ///
    /// # Errors
    /// [`Error::InvalidLength`] otherwise.
    pub fn check(&self, spec: &NetworkSpec) -> Result<()> {
        check_length("parameters", spec.parameter_count(), self.parameters.len())?;
        check_length("statistics", spec.statistics_count(), self.statistics.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn each_stage_ends_with_a_pool() {
        let spec = ModelConfig::default().network_spec().unwrap();
        let blocks: Vec<_> = spec
            .blocks
            .iter()
            .map(|b| (b.out_channels, b.pool))
            .collect();
        assert_eq!(
            blocks[..4],
            [(32, false), (32, true), (64, false), (64, true)]
        );
        assert_eq!(spec.parameter_count(), 1_173_668);
    }

    #[test]
    fn out_of_range_is_refused() {
        let refused = |edit: &dyn Fn(&mut ModelConfig)| {
            let mut config = ModelConfig::default();
            edit(&mut config);
            let error = config.network_spec().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{config:?}");
            error.to_string()
        };
        refused(&|c| c.input_size = 0);
        refused(&|c| c.input_size = usize::MAX);
        refused(&|c| c.blocks_per_stage = 0);
        refused(&|c| c.blocks_per_stage = usize::MAX);
        refused(&|c| c.channels.clear());
        refused(&|c| c.channels[1] = 0);
        refused(&|c| c.channels = vec![16; 100]);
        let message = refused(&|c| c.input_size = 15);
        assert!(message.contains("1 to 3 stages"), "{message}");
    }
}
