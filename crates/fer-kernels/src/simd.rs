//! One vector type for every instruction set.
//!
//! Kernels are written once over [`Simd`], a token whose vectors have 16 `f32` lanes on every set: one register with AVX-512,
//! two with AVX2, four with NEON. A token is a proof that the CPU has the instructions, because only the `run` of its set makes one,
//! and calling that is unsafe on a CPU not known to have them (`cpu` asks). That makes arithmetic safe; only loads and stores
//! through pointers are not.
//!
//! Each set's `run` is compiled for it (`#[target_feature]`). Everything that touches vectors has to be inlined into it, otherwise
//! each operation becomes a call: such functions are `#[inline(always)]`.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;

#[cfg(target_arch = "aarch64")]
pub(crate) use neon::Neon;
pub(crate) use portable::Portable;
#[cfg(target_arch = "x86_64")]
pub(crate) use {avx2::Avx2, avx512::Avx512};

/// Lanes of a vector, on every instruction set.
pub(crate) const LANES: usize = 16;

/// Operations on vectors of [`LANES`] values.
///
/// Comparisons are false where a lane is NaN.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// 16 values.
    type Vector: Copy;
    /// 16 booleans.
    type Mask: Copy;

    /// The same value in every lane.
    fn splat(self, value: f32) -> Self::Vector;

    /// The 16 values at `source`; no alignment is needed.
    ///
    /// # Safety
    /// `source` is valid for reads of 16 values.
    unsafe fn load(self, source: *const f32) -> Self::Vector;

    /// Writes 16 values at `target`; no alignment is needed.
    ///
    /// # Safety
    /// `target` is valid for writes of 16 values.
    unsafe fn store(self, target: *mut f32, vector: Self::Vector);

    /// `a + b`
    fn add(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`
    fn sub(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b`
    fn mul(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b + c`, rounded once where the set has such an instruction, twice on the portable one.
    fn mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `c - a * b`, rounded as [`mul_add`](Self::mul_add).
    fn neg_mul_add(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The larger of `a` and `b`; `b` where either is NaN.
    fn max(self, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// `a > b`
    fn greater(self, a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// `a == b`
    fn equal(self, a: Self::Vector, b: Self::Vector) -> Self::Mask;
    /// `a & !b`
    fn and_not(self, a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// `a` where the mask is true, else `b`.
    fn select(self, mask: Self::Mask, a: Self::Vector, b: Self::Vector) -> Self::Vector;

    /// Asks for the cache line at `address`, which need not be valid, where the set has such an instruction.
    #[inline(always)]
    fn prefetch(self, address: *const f32) {
        let _ = address;
    }

    /// 0 in every lane.
    #[inline(always)]
    fn zero(self) -> Self::Vector {
        self.splat(0.0)
    }

    /// The lanes as an array.
    #[inline(always)]
    fn to_array(self, vector: Self::Vector) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        // SAFETY: `lanes` holds 16 values.
        unsafe { self.store(lanes.as_mut_ptr(), vector) };
        lanes
    }

    /// The `count` values at `source` in the first lanes, 0 in the others.
    ///
    /// # Safety
    /// `source` is valid for reads of `count` values.
    #[inline(always)]
    unsafe fn load_partial(self, source: *const f32, count: usize) -> Self::Vector {
        let mut lanes = [0.0; LANES];
        // SAFETY: the caller guarantees `source`; `lanes` holds 16 values, of which at most 16 are written.
        unsafe {
            std::ptr::copy_nonoverlapping(source, lanes.as_mut_ptr(), count.min(LANES));
            self.load(lanes.as_ptr())
        }
    }

    /// Writes the first `count` lanes at `target`.
    ///
    /// # Safety
    /// `target` is valid for writes of `count` values.
    #[inline(always)]
    unsafe fn store_partial(self, target: *mut f32, vector: Self::Vector, count: usize) {
        let lanes = self.to_array(vector);
        // SAFETY: the caller guarantees `target`; at most the 16 values of `lanes` are read.
        unsafe { std::ptr::copy_nonoverlapping(lanes.as_ptr(), target, count.min(LANES)) };
    }
}

/// Work on vectors of one set.
pub(crate) trait Body<S: Simd> {
    /// The result of the work.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`.
    fn run(self, simd: S) -> Self::Output;
}

#[cfg(test)]
mod tests;
