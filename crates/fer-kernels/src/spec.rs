//! The shape of a network and the layout of its flat parameter and statistics buffers.
//!
//! All trainable parameters of a network live in one `[f32]`, all batch-norm running statistics in another.
//! [`NetworkSpec`] is the only authority on what lies where: optimizers, averaging, checkpoints and Candle views
//! all ask it.

use std::ops::Range;

use crate::KernelError;
use crate::block_shape::BlockShape;

/// Added to the variance before its square root, in training and when batch norm is folded.
pub const BATCH_NORM_EPSILON: f32 = 1e-5;

/// The most elements that one activation of one image may have, and that either flat buffer may have.
///
/// Keeps every size computed from an accepted spec far from overflow. Inference holds 16 images at a time, each with transforms of up
/// to 4.5 times its elements: 1.2 GiB at most on 32-bit targets.
const MAX_ELEMENTS: usize = if usize::BITS < 64 { 1 << 22 } else { 1 << 28 };

/// One block: 3x3 convolution (stride 1, padding 1, no bias), batch norm, ReLU, and a 2x2 max-pool if wanted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BlockSpec {
    /// Channels that the convolution produces, at least 1.
    pub out_channels: usize,
    /// `true` if a 2x2 max-pool of stride 2 ends the block; an odd last row or column is dropped.
    pub pool: bool,
}

/// A chain of blocks, then the mean over all positions, then a linear layer to `classes` logits.
///
/// ```
/// use fer_kernels::{BlockSpec, NetworkSpec};
///
/// let spec = NetworkSpec {
///     height: 8,
///     width: 8,
///     in_channels: 1,
///     blocks: vec![BlockSpec { out_channels: 16, pool: true }],
///     classes: 4,
/// };
/// spec.validate()?;
/// assert_eq!(spec.parameter_count(), 9 * 16 + 16 + 16 + 4 * 16 + 4);
/// assert_eq!(spec.parameters()[0].name, "blocks.0.weight");
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NetworkSpec {
    /// Rows of the input, in pixels.
    pub height: usize,
    /// Columns of the input, in pixels.
    pub width: usize,
    /// Channels of the input: 1 for gray.
    pub in_channels: usize,
    /// The blocks, first to last; at least one.
    pub blocks: Vec<BlockSpec>,
    /// Number of logits, at least 1.
    pub classes: usize,
}

/// The role of a slice of a flat buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Convolution weight `[3, 3, C_in, C_out]`.
    ConvWeight,
    /// Batch-norm scale `[C]`.
    Gamma,
    /// Batch-norm shift `[C]`.
    Beta,
    /// Weight of the last linear layer `[classes, C]`.
    HeadWeight,
    /// Bias of the last linear layer `[classes]`.
    HeadBias,
    /// Moving average of the batch means `[C]`.
    RunningMean,
    /// Moving average of the (unbiased) batch variances `[C]`.
    RunningVar,
}

impl Role {
    /// Returns `true` if weight decay applies: to the weights of convolutions and of the head, and to nothing else.
    pub fn is_decayed(self) -> bool {
        matches!(self, Role::ConvWeight | Role::HeadWeight)
    }
}

/// One named tensor in a flat buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Stable name, such as `blocks.3.weight` or `head.bias`.
    pub name: String,
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// Range of the elements in the flat buffer.
    pub range: Range<usize>,
    /// Role of the tensor.
    pub role: Role,
}

impl NetworkSpec {
    /// Checks that every size is positive, that no pool makes a map vanish, and that nothing is absurdly large.
    ///
    /// Every constructor that takes a spec calls this.
    ///
    /// # Errors
    /// [`KernelError::InvalidSpec`] names the first offense.
    pub fn validate(&self) -> Result<(), KernelError> {
        let invalid = |reason: String| Err(KernelError::InvalidSpec { reason });
        let sizes = [
            ("height", self.height),
            ("width", self.width),
            ("in_channels", self.in_channels),
            ("blocks", self.blocks.len()),
            ("classes", self.classes),
        ];
        if let Some((field, _)) = sizes.into_iter().find(|&(_, size)| size == 0) {
            return invalid(format!("{field} is 0, expected at least 1"));
        }
        let (mut height, mut width, mut in_channels) = (self.height, self.width, self.in_channels);
        let mut parameters = 0usize;
        for (index, block) in self.blocks.iter().enumerate() {
            if block.out_channels == 0 {
                return invalid(format!(
                    "blocks[{index}].out_channels is 0, expected at least 1"
                ));
            }
            if block.pool && (height < 2 || width < 2) {
                return invalid(format!(
                    "blocks[{index}] pools a map of {height}x{width}, expected at least 2x2"
                ));
            }
            let activation = capped_product(&[height, width, in_channels.max(block.out_channels)]);
            let weight = capped_product(&[9, in_channels, block.out_channels]);
            let (Some(_), Some(weight)) = (activation, weight) else {
                return invalid(format!(
                    "blocks[{index}] needs more than {MAX_ELEMENTS} elements"
                ));
            };
            parameters += weight + 2 * block.out_channels;
            if parameters > MAX_ELEMENTS {
                return invalid(format!(
                    "the blocks have more than {MAX_ELEMENTS} parameters"
                ));
            }
            if block.pool {
                (height, width) = (height / 2, width / 2);
            }
            in_channels = block.out_channels;
        }
        if capped_product(&[in_channels + 1, self.classes]).is_none() {
            return invalid(format!("the head has more than {MAX_ELEMENTS} parameters"));
        }
        Ok(())
    }

    /// The trainable tensors in buffer order: `blocks.{i}.weight`, `.gamma`, `.beta` for each block, then
    /// `head.weight` and `head.bias`.
    pub fn parameters(&self) -> Vec<Slot> {
        let mut layout = Layout::default();
        for (index, shape) in self.block_shapes().enumerate() {
            let channels = shape.out_channels;
            layout.push(
                format!("blocks.{index}.weight"),
                vec![3, 3, shape.in_channels, channels],
                Role::ConvWeight,
            );
            layout.push(format!("blocks.{index}.gamma"), vec![channels], Role::Gamma);
            layout.push(format!("blocks.{index}.beta"), vec![channels], Role::Beta);
        }
        layout.push(
            "head.weight".into(),
            vec![self.classes, self.features()],
            Role::HeadWeight,
        );
        layout.push("head.bias".into(), vec![self.classes], Role::HeadBias);
        layout.slots
    }

    /// The running statistics in buffer order: `blocks.{i}.running_mean`, `blocks.{i}.running_var`.
    pub fn statistics(&self) -> Vec<Slot> {
        let mut layout = Layout::default();
        for (index, block) in self.blocks.iter().enumerate() {
            let channels = block.out_channels;
            layout.push(
                format!("blocks.{index}.running_mean"),
                vec![channels],
                Role::RunningMean,
            );
            layout.push(
                format!("blocks.{index}.running_var"),
                vec![channels],
                Role::RunningVar,
            );
        }
        layout.slots
    }

    /// Elements of the parameter buffer.
    pub fn parameter_count(&self) -> usize {
        let blocks: usize = self
            .block_shapes()
            .map(|shape| shape.weight_len() + 2 * shape.out_channels)
            .sum();
        blocks + (self.features() + 1) * self.classes
    }

    /// Elements of the statistics buffer.
    pub fn statistics_count(&self) -> usize {
        self.blocks.iter().map(|block| 2 * block.out_channels).sum()
    }

    /// Elements of one input image.
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.in_channels
    }

    /// Channels that the head averages and maps to logits.
    pub fn features(&self) -> usize {
        self.blocks
            .last()
            .map_or(self.in_channels, |block| block.out_channels)
    }

    /// Sizes of every block, first to last.
    pub(crate) fn block_shapes(&self) -> impl Iterator<Item = BlockShape> + '_ {
        let (mut height, mut width, mut in_channels) = (self.height, self.width, self.in_channels);
        self.blocks.iter().map(move |block| {
            let shape = BlockShape {
                height,
                width,
                in_channels,
                out_channels: block.out_channels,
                pool: block.pool,
            };
            (height, width) = shape.out_size();
            in_channels = block.out_channels;
            shape
        })
    }
}

/// The product of `sizes`, if it is at most [`MAX_ELEMENTS`].
fn capped_product(sizes: &[usize]) -> Option<usize> {
    let product = sizes
        .iter()
        .try_fold(1usize, |product, &size| product.checked_mul(size))?;
    (product <= MAX_ELEMENTS).then_some(product)
}

/// Lays slots one after the other.
#[derive(Default)]
struct Layout {
    slots: Vec<Slot>,
    end: usize,
}

impl Layout {
    fn push(&mut self, name: String, shape: Vec<usize>, role: Role) {
        let start = self.end;
        self.end += shape.iter().product::<usize>();
        self.slots.push(Slot {
            name,
            shape,
            range: start..self.end,
            role,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> NetworkSpec {
        let block = |out_channels, pool| BlockSpec { out_channels, pool };
        NetworkSpec {
            height: 48,
            width: 48,
            in_channels: 1,
            blocks: [32, 64, 128, 256]
                .iter()
                .flat_map(|&c| [block(c, false), block(c, true)])
                .collect(),
            classes: 4,
        }
    }

    #[test]
    fn slots_tile_the_buffers_without_gaps() {
        let spec = reference();
        for (slots, count) in [
            (spec.parameters(), spec.parameter_count()),
            (spec.statistics(), spec.statistics_count()),
        ] {
            let mut end = 0;
            for slot in &slots {
                assert_eq!(slot.range.start, end, "{}", slot.name);
                assert_eq!(
                    slot.range.len(),
                    slot.shape.iter().product::<usize>(),
                    "{}",
                    slot.name
                );
                end = slot.range.end;
            }
            assert_eq!(end, count);
        }
    }

    #[test]
    fn shapes_follow_the_pools() {
        let spec = reference();
        let sizes: Vec<_> = spec
            .block_shapes()
            .map(|s| (s.height, s.in_channels, s.out_channels))
            .collect();
        let expected = [
            (48, 1, 32),
            (48, 32, 32),
            (24, 32, 64),
            (24, 64, 64),
            (12, 64, 128),
            (12, 128, 128),
            (6, 128, 256),
            (6, 256, 256),
        ];
        assert_eq!(sizes, expected);
        assert_eq!(spec.features(), 256);
    }

    #[test]
    fn odd_maps_floor() {
        let spec = NetworkSpec {
            height: 7,
            width: 5,
            in_channels: 3,
            blocks: vec![
                BlockSpec {
                    out_channels: 2,
                    pool: true,
                },
                BlockSpec {
                    out_channels: 1,
                    pool: true,
                },
            ],
            classes: 2,
        };
        spec.validate().unwrap();
        let sizes: Vec<_> = spec.block_shapes().map(|s| s.out_size()).collect();
        assert_eq!(sizes, [(3, 2), (1, 1)]);
    }

    #[test]
    fn absurd_specs_are_refused() {
        let accepts = |edit: &dyn Fn(&mut NetworkSpec)| {
            let mut spec = reference();
            edit(&mut spec);
            spec.validate().is_ok()
        };
        assert!(accepts(&|_| ()));
        assert!(!accepts(&|s| s.height = 0));
        assert!(!accepts(&|s| s.classes = 0));
        assert!(!accepts(&|s| s.in_channels = usize::MAX));
        assert!(!accepts(&|s| s.classes = usize::MAX));
        assert!(!accepts(&|s| s.width = 1 << 24));
        assert!(!accepts(&|s| s.blocks.clear()));
        assert!(!accepts(&|s| s.blocks[3].out_channels = 0));
        assert!(!accepts(&|s| s.blocks[3].out_channels = usize::MAX / 4));
        assert!(!accepts(&|s| s.height = 8));
    }
}
