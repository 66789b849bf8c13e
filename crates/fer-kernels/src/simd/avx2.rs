//! AVX2 with FMA: a vector is two registers.

use std::arch::x86_64::*;

use super::{Body, Simd};

/// The token of the set.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// Runs `body` with the instructions of the set.
#[target_feature(enable = "avx2,fma")]
pub(crate) fn run<B: Body<Avx2>>(body: B) -> B::Output {
    body.run(Avx2(()))
}

/// Lanes of one register.
const HALF: usize = 8;

/// Applies an intrinsic that touches no memory to the lower and to the upper halves.
macro_rules! halves {
    ($intrinsic:expr, $($operand:expr),+) => {
        // SAFETY: the token is only made by `run`, on a CPU that has the set.
        unsafe { [$intrinsic($($operand[0]),+), $intrinsic($($operand[1]),+)] }
    };
}

impl Simd for Avx2 {
    type Vector = [__m256; 2];
    type Mask = [__m256; 2];

    #[inline(always)]
    fn splat(self, value: f32) -> [__m256; 2] {
        // SAFETY: the token guarantees the set.
        [unsafe { _mm256_set1_ps(value) }; 2]
    }

    #[inline(always)]
    unsafe fn load(self, source: *const f32) -> [__m256; 2] {
        // SAFETY: the caller guarantees 16 values, the token for the set.
        unsafe { [_mm256_loadu_ps(source), _mm256_loadu_ps(source.add(HALF))] }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32, vector: [__m256; 2]) {
        // SAFETY: the caller guarantees 16 values, the token for the set.
        unsafe {
            _mm256_storeu_ps(target, vector[0]);
            _mm256_storeu_ps(target.add(HALF), vector[1]);
        }
    }

    #[inline(always)]
    fn prefetch(self, address: *const f32) {
        // SAFETY: a prefetch faults on no address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_add_ps, a, b)
    }

    #[inline(always)]
    fn sub(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_sub_ps, a, b)
    }

    #[inline(always)]
    fn mul(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_mul_ps, a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_fmadd_ps, a, b, c)
    }

    #[inline(always)]
    fn neg_mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_fnmadd_ps, a, b, c)
    }

    #[inline(always)]
    fn max(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_max_ps, a, b)
    }

    #[inline(always)]
    fn greater(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_cmp_ps::<_CMP_GT_OQ>, a, b)
    }

    #[inline(always)]
    fn equal(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_cmp_ps::<_CMP_EQ_OQ>, a, b)
    }

    #[inline(always)]
    fn and_not(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        // The instruction negates its first operand.
        halves!(_mm256_andnot_ps, b, a)
    }

    #[inline(always)]
    fn select(self, mask: [__m256; 2], a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_blendv_ps, b, a, mask)
    }
}
