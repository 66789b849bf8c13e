//! AVX-512: a vector is one register.

use std::arch::x86_64::*;

use super::{Body, Simd};

/// The token of the set.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

/// Runs `body` with the instructions of the set.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
pub(crate) fn run<B: Body<Avx512>>(body: B) -> B::Output {
    body.run(Avx512(()))
}

/// Evaluates an expression of intrinsics that touch no memory.
macro_rules! registers {
    ($expression:expr) => {
        // SAFETY: the token is only made by `run`, on a CPU that has the set.
        unsafe { $expression }
    };
}

impl Simd for Avx512 {
    type Vector = __m512;
    type Mask = __mmask16;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        registers!(_mm512_set1_ps(value))
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> __m512 {
        // SAFETY: the caller guarantees the pointer, the token for the set.
        unsafe { _mm512_loadu_ps(source) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, vector: __m512) {
        // SAFETY: the caller guarantees the pointer, the token for the set.
        unsafe { _mm512_storeu_ps(target, vector) }
    }

    #[inline(always)]
    fn prefetch(self, address: *const f32) {
        registers!(_mm_prefetch::<_MM_HINT_T0>(address.cast()));
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        registers!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn neg_mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        registers!(_mm512_fnmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn greater(self, a: __m512, b: __m512) -> __mmask16 {
        registers!(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(a, b))
    }

    #[inline(always)]
    fn equal(self, a: __m512, b: __m512) -> __mmask16 {
        registers!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b))
    }

    #[inline(always)]
    fn and_not(self, a: __mmask16, b: __mmask16) -> __mmask16 {
        a & !b
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, a: __m512, b: __m512) -> __m512 {
        registers!(_mm512_mask_blend_ps(mask, b, a))
    }
}
