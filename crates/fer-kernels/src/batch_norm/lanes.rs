//! Channels in vectors: full ones, and what is left over.

use crate::simd::{LANES, Simd};

/// Up to [`LANES`] neighbouring channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    /// The first channel.
    pub(super) first: usize,
    /// How many, at most [`LANES`].
    pub(super) count: usize,
}

impl Lanes {
    /// Cuts `channels` into vectors, in order.
    pub(super) fn of(channels: usize) -> impl Iterator<Item = Self> {
        (0..channels).step_by(LANES).map(move |first| Self {
            first,
            count: LANES.min(channels - first),
        })
    }

    /// # Safety
    /// `source` is valid for reads of `count` values.
    #[inline(always)]
    pub(super) unsafe fn load<S: Simd>(self, simd: S, source: *const f32) -> S::Vector {
        // SAFETY: the caller vouches for `source`.
        unsafe {
            if self.count == LANES {
                simd.load(source)
            } else {
                simd.load_partial(source, self.count)
            }
        }
    }

    /// # Safety
    /// `target` is valid for writes of `count` values.
    #[inline(always)]
    pub(super) unsafe fn store<S: Simd>(self, simd: S, target: *mut f32, vector: S::Vector) {
        // SAFETY: the caller vouches for `target`.
        unsafe {
            if self.count == LANES {
                simd.store(target, vector)
            } else {
                simd.store_partial(target, vector, self.count)
            }
        }
    }

    /// These channels of a per-channel table; lanes without a channel are 0.
    #[inline(always)]
    pub(super) fn read<S: Simd>(self, simd: S, table: &[f32]) -> S::Vector {
        let values = &table[self.first..self.first + self.count];
        // SAFETY: the slice holds `count` values.
        unsafe { self.load(simd, values.as_ptr()) }
    }

    /// Adds the lanes of `vector` to these channels of a per-channel table of sums.
    #[inline(always)]
    pub(super) fn add_to<S: Simd>(self, simd: S, vector: S::Vector, table: &mut [f64]) {
        let lanes = simd.to_array(vector);
        for (sum, value) in table[self.first..self.first + self.count]
            .iter_mut()
            .zip(lanes)
        {
            *sum += f64::from(value);
        }
    }
}
