//! Channels in vectors: full ones, and what is left over.

use crate::simd::{LANES, Simd};

/// Neighboring channels, at most [`LANES`].
///
/// Full vectors are a type of their own, so that the loops over them carry no trace of the rare partial ones.
pub(super) trait Lanes: Copy {
    /// The first channel.
    fn first(self) -> usize;

    /// Returns the number of channels.
    fn count(self) -> usize;

    /// # Safety
    /// `source` is valid for reads of [`count`](Self::count) values.
    unsafe fn load<S: Simd>(self, simd: S, source: *const f32) -> S::Vector;

    /// # Safety
    /// `target` is valid for writes of [`count`](Self::count) values.
    unsafe fn store<S: Simd>(self, simd: S, target: *mut f32, vector: S::Vector);

    /// These channels of a per-channel table; lanes without a channel are 0.
    #[inline(always)]
    fn read<S: Simd>(self, simd: S, table: &[f32]) -> S::Vector {
        let values = &table[self.first()..self.first() + self.count()];
        // SAFETY: the slice holds `count` values.
        unsafe { self.load(simd, values.as_ptr()) }
    }

    /// Adds the lanes of `vector` to these channels of a per-channel table of sums.
    #[inline(always)]
    fn add_to<S: Simd>(self, simd: S, vector: S::Vector, table: &mut [f64]) {
        let sums = &mut table[self.first()..self.first() + self.count()];
        for (sum, value) in sums.iter_mut().zip(simd.to_array(vector)) {
            *sum += f64::from(value);
        }
    }
}

/// [`LANES`] channels from this one on.
#[derive(Clone, Copy)]
pub(super) struct Full(pub(super) usize);

impl Lanes for Full {
    #[inline(always)]
    fn first(self) -> usize {
        self.0
    }

    #[inline(always)]
    fn count(self) -> usize {
        LANES
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(self, simd: S, source: *const f32) -> S::Vector {
        // SAFETY: the caller guarantees `source`.
        unsafe { simd.load(source) }
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(self, simd: S, target: *mut f32, vector: S::Vector) {
        // SAFETY: the caller guarantees `target`.
        unsafe { simd.store(target, vector) };
    }
}

/// Fewer channels than a vector has lanes.
#[derive(Clone, Copy)]
pub(super) struct Partial {
    pub(super) first: usize,
    pub(super) count: usize,
}

impl Lanes for Partial {
    #[inline(always)]
    fn first(self) -> usize {
        self.first
    }

    #[inline(always)]
    fn count(self) -> usize {
        self.count
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(self, simd: S, source: *const f32) -> S::Vector {
        // SAFETY: the caller guarantees `source`.
        unsafe { simd.load_partial(source, self.count) }
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(self, simd: S, target: *mut f32, vector: S::Vector) {
        // SAFETY: the caller guarantees `target`.
        unsafe { simd.store_partial(target, vector, self.count) };
    }
}

/// Runs `$body` with `$lanes` for each vector of `$channels` channels, in order.
macro_rules! for_each_lanes {
    ($channels:expr, $lanes:ident => $body:block) => {{
        let channels: usize = $channels;
        let full = channels / $crate::simd::LANES * $crate::simd::LANES;
        for first in (0..full).step_by($crate::simd::LANES) {
            let $lanes = $crate::batch_norm::lanes::Full(first);
            $body
        }
        if full < channels {
            let $lanes = $crate::batch_norm::lanes::Partial {
                first: full,
                count: channels - full,
            };
            $body
        }
    }};
}
pub(super) use for_each_lanes;
