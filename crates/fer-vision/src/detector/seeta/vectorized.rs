//! Inner loops compiled twice: for every processor, and for those with AVX2.

#[cfg(target_arch = "x86_64")]
use pulp::Simd;
use pulp::WithSimd;

/// Runs `work`, compiled for this machine's vector instructions as far as its [`WithSimd::with_simd`] and what that calls are
/// `#[inline(always)]`. (A closure will not do: the compiler may leave it a function of its own.)
///
/// The results are the same everywhere: integer arithmetic, and floating-point sums whose order the source fixes.
#[inline(always)]
pub(super) fn vectorized<W: WithSimd>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Some(avx2) = pulp::x86::V3::try_new() {
        return Simd::vectorize(avx2, work);
    }
    work.with_simd(pulp::Scalar)
}
