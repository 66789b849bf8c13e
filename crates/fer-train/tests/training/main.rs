//! Whole trainings on drawn images: what is learned, that it repeats, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod beginnings;
mod images;
mod learning;
mod refusals;
mod repeating;
