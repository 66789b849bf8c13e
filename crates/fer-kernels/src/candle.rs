//! The blocks as Candle operations: they take and give tensors, and `Var`, `backward()` and optimizers work as with any other.

mod conv_block;
mod pool;
#[cfg(test)]
mod tests;
mod values;

pub use conv_block::{BatchStatistics, BlockOutput, ConvBlock};
pub use pool::max_pool2x2;
