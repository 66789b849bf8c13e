//! Partial sums of a batch: one set of two sums per channel for each part of the batch.

use std::slice::ChunksExactMut;

/// Room for partial sums, used for one block after the other.
#[derive(Debug, Default)]
pub(crate) struct Partials {
    values: Vec<f64>,
}

impl Partials {
    /// `sets` sets of `[2, C]` zeros.
    pub(crate) fn begin(&mut self, sets: usize, channels: usize) -> ChunksExactMut<'_, f64> {
        self.values.clear();
        self.values.resize(sets * 2 * channels, 0.0);
        self.values.chunks_exact_mut(2 * channels)
    }

    /// All sets, in order.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }
}
