//! Kernels, and the choice of the instructions that they run with.

use crate::gemm::MicroKernel;
#[cfg(target_arch = "aarch64")]
use crate::simd::neon;
use crate::simd::{Body, portable};
#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2, avx512};
use crate::{InstructionSet, KernelError};

/// Work to do with the instructions of a set.
pub(crate) trait Kernel {
    /// The result of the work.
    type Output;

    /// Does the work. Implementations are `#[inline(always)]`, and so is what they call with `simd`.
    fn run<S: MicroKernel>(self, simd: S) -> Self::Output;
}

impl<S: MicroKernel, K: Kernel> Body<S> for K {
    type Output = K::Output;

    #[inline(always)]
    fn run(self, simd: S) -> Self::Output {
        Kernel::run(self, simd)
    }
}

/// An instruction set that this CPU is known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cpu(InstructionSet);

impl Cpu {
    /// # Errors
    /// [`KernelError::UnsupportedInstructionSet`] if this CPU does not have the set.
    pub(crate) fn new(set: InstructionSet) -> Result<Self, KernelError> {
        if set.is_supported() {
            Ok(Self(set))
        } else {
            let available = InstructionSet::available();
            Err(KernelError::UnsupportedInstructionSet {
                found: set.name(),
                available: available.into_iter().map(InstructionSet::name).collect(),
            })
        }
    }

    /// Runs `kernel`, compiled for the set.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            // SAFETY: a `Cpu` is only made of a set that `new` found supported.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { avx512::run(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { avx2::run(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            InstructionSet::Neon => unsafe { neon::run(kernel) },
            // `Portable`, and the sets of other architectures, which `new` refuses.
            _ => portable::run(kernel),
        }
    }
}
