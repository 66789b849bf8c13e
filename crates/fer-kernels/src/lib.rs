//! Fast 3x3 convolution blocks for the CPU: Winograd, SIMD chosen at run time, training and inference.
//!
//! The unit of work is a block: a 3x3 convolution (padding 1, no bias), batch norm, ReLU and optionally a 2x2 max-pool. A network is a
//! chain of blocks followed by global average pooling and a linear layer. Activations are `[N, H, W, C]`, convolution weights
//! `[3, 3, C_in, C_out]`, all `f32`. Nothing here knows what the images show.
//!
//! Results do not depend on the number of threads, bit for bit: work is cut into fixed pieces and sums are taken in a fixed order.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod average;
mod batch_norm;
mod block_shape;
mod buffer;
#[cfg(feature = "candle")]
pub mod candle;
mod conv;
mod cpu;
mod direct;
mod epilogue;
mod error;
mod gemm;
mod head;
mod inference;
mod isa;
mod optimizer;
mod pooling;
mod simd;
mod spec;
#[cfg(test)]
mod testing;
mod threads;
mod train;
mod winograd;

pub use average::lerp;
pub use error::KernelError;
pub use head::Loss;
pub use inference::InferencePlan;
pub use isa::InstructionSet;
pub use optimizer::{AdamW, AdamWConfig, AdamWState, Sgd, SgdConfig};
pub use spec::{BATCH_NORM_EPSILON, BlockSpec, NetworkSpec, Role, Slot};
pub use threads::Threads;
pub use train::{Batch, TrainPlan};
