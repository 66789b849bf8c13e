//! Helpers of this crate's tests.

pub(crate) mod gray_levels;
pub(crate) mod portraits;
