//! Plain Rust over arrays, which the compiler vectorizes for the baseline of the target.
//!
//! Products and sums are rounded apart: without an instruction for it, a fused multiply-add is a call into the C library.

use std::array::from_fn;

use super::{Body, LANES, Simd};

/// The token of the set.
#[derive(Clone, Copy)]
pub(crate) struct Portable(());

/// Runs `body`.
pub(crate) fn run<B: Body<Portable>>(body: B) -> B::Output {
    body.run(Portable(()))
}

type V = [f32; LANES];
type M = [bool; LANES];

impl Simd for Portable {
    type Vector = V;
    type Mask = M;

    #[inline(always)]
    fn splat(self, value: f32) -> V {
        [value; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> V {
        // SAFETY: the caller guarantees 16 values; an array of `f32` may be read unaligned.
        unsafe { source.cast::<V>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, vector: V) {
        // SAFETY: the caller guarantees 16 values; an array of `f32` may be written unaligned.
        unsafe { target.cast::<V>().write_unaligned(vector) }
    }

    #[inline(always)]
    fn add(self, a: V, b: V) -> V {
        from_fn(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: V, b: V) -> V {
        from_fn(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: V, b: V) -> V {
        from_fn(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn mul_add(self, a: V, b: V, c: V) -> V {
        from_fn(|i| a[i] * b[i] + c[i])
    }

    #[inline(always)]
    fn neg_mul_add(self, a: V, b: V, c: V) -> V {
        from_fn(|i| c[i] - a[i] * b[i])
    }

    #[inline(always)]
    fn max(self, a: V, b: V) -> V {
        from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }

    #[inline(always)]
    fn greater(self, a: V, b: V) -> M {
        from_fn(|i| a[i] > b[i])
    }

    #[inline(always)]
    fn equal(self, a: V, b: V) -> M {
        from_fn(|i| a[i] == b[i])
    }

    #[inline(always)]
    fn and_not(self, a: M, b: M) -> M {
        from_fn(|i| a[i] & !b[i])
    }

    #[inline(always)]
    fn select(self, mask: M, a: V, b: V) -> V {
        from_fn(|i| if mask[i] { a[i] } else { b[i] })
    }
}
