//! Helpers of this crate's tests.

pub(crate) mod oracle;
