//! Whole trainings on drawn pictures: what is learned, that it repeats, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod learning;
mod pictures;
mod refusals;
mod repeating;
