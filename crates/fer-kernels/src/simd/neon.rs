//! NEON: a vector is four registers.

use std::arch::aarch64::*;
use std::array::from_fn;

use super::{Body, Simd};

/// The token of the set.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

/// Runs `body` with the instructions of the set.
#[target_feature(enable = "neon")]
pub(crate) fn run<B: Body<Neon>>(body: B) -> B::Output {
    body.run(Neon(()))
}

/// Lanes of one register.
const QUARTER: usize = 4;

/// Applies an intrinsic that touches no memory to each of the four registers.
macro_rules! quarters {
    ($intrinsic:expr, $($operand:expr),+) => {
        // SAFETY: the token is only made by `run`, on a CPU that has the set.
        unsafe {
            [
                $intrinsic($($operand[0]),+),
                $intrinsic($($operand[1]),+),
                $intrinsic($($operand[2]),+),
                $intrinsic($($operand[3]),+),
            ]
        }
    };
}

type V = [float32x4_t; 4];
type M = [uint32x4_t; 4];

impl Simd for Neon {
    type Vector = V;
    type Mask = M;

    #[inline(always)]
    fn splat(self, value: f32) -> V {
        // SAFETY: the token guarantees the set.
        [unsafe { vdupq_n_f32(value) }; 4]
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> V {
        // SAFETY: the caller guarantees 16 values, the token for the set.
        from_fn(|i| unsafe { vld1q_f32(source.add(i * QUARTER)) })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, vector: V) {
        for (i, quarter) in vector.into_iter().enumerate() {
            // SAFETY: the caller guarantees 16 values, the token for the set.
            unsafe { vst1q_f32(target.add(i * QUARTER), quarter) };
        }
    }

    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        quarters!(vaddq_f32, a, b)
    }

    #[inline(always)]
    fn sub(self, a: V, b: V) -> V {
        quarters!(vsubq_f32, a, b)
    }

    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        quarters!(vmulq_f32, a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: V, b: V, c: V) -> V {
        // The instruction takes the addend first.
        quarters!(vfmaq_f32, c, a, b)
    }

    #[inline(always)]
    fn neg_mul_add(self, a: V, b: V, c: V) -> V {
        quarters!(vfmsq_f32, c, a, b)
    }

    #[inline(always)]
    fn max(self, a: V, b: V) -> V {
        // Not `vmaxq_f32`, which yields NaN where either operand is.
        self.select(self.greater(a, b), a, b)
    }

    #[inline(always)]
    fn greater(self, a: V, b: V) -> M {
        quarters!(vcgtq_f32, a, b)
    }

    #[inline(always)]
    fn equal(self, a: V, b: V) -> M {
        quarters!(vceqq_f32, a, b)
    }

    #[inline(always)]
    fn and_not(self, a: M, b: M) -> M {
        quarters!(vbicq_u32, a, b)
    }

    #[inline(always)]
    fn select(self, mask: M, a: V, b: V) -> V {
        quarters!(vbslq_f32, mask, a, b)
    }
}
