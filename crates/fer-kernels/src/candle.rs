//! The blocks as Candle operations: they take and give tensors, and `Var`, `backward()` and optimisers work as with any other.

mod pool;

pub use pool::max_pool2x2;
