//! Instruction sets, detected at run time.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::KernelError;

/// A family of vector instructions that the kernels are compiled for.
///
/// [`InstructionSet::best`] is what anyone wants outside tests and benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// x86-64 with AVX-512 F, BW, DQ and VL, and with AVX2 and FMA.
    Avx512,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// AArch64 with NEON.
    Neon,
    /// Plain Rust: whatever the compiler makes of it for the baseline of the target.
    Portable,
}

impl InstructionSet {
    /// Every set, fastest first.
    pub const ALL: [Self; 4] = [Self::Avx512, Self::Avx2, Self::Neon, Self::Portable];

    /// The fastest set of this CPU; found out once and kept.
    pub fn best() -> Self {
        static BEST: OnceLock<InstructionSet> = OnceLock::new();
        *BEST.get_or_init(|| {
            let mut sets = Self::ALL.into_iter();
            sets.find(|set| set.is_supported())
                .unwrap_or(Self::Portable)
        })
    }

    /// The sets of this CPU, fastest first; the last is always [`Portable`](Self::Portable).
    pub fn available() -> Vec<Self> {
        let sets = Self::ALL.into_iter();
        sets.filter(|set| set.is_supported()).collect()
    }

    /// Returns `true` if this CPU (and this build's architecture) has the set.
    pub fn is_supported(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                // The kernels are compiled with the smaller set too.
                Self::Avx2.is_supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            Self::Portable => true,
            #[allow(unreachable_patterns)]
            _ => false,
        }
    }

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Neon => "neon",
            Self::Portable => "portable",
        }
    }
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for InstructionSet {
    type Err = KernelError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|set| set.name() == name)
            .ok_or_else(|| KernelError::UnknownInstructionSet {
                found: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for set in InstructionSet::ALL {
            assert_eq!(set.to_string().parse::<InstructionSet>().unwrap(), set);
        }
        let error = "sse9".parse::<InstructionSet>().unwrap_err();
        assert_eq!(error.kind(), "unknown_instruction_set");
        assert!(error.to_string().contains("sse9"));
    }

    #[test]
    fn avx512_includes_avx2() {
        assert!(!InstructionSet::Avx512.is_supported() || InstructionSet::Avx2.is_supported());
    }

    #[test]
    fn the_best_set_is_the_first_available_one() {
        assert_eq!(
            InstructionSet::available().first(),
            Some(&InstructionSet::best())
        );
        assert_eq!(
            InstructionSet::available().last(),
            Some(&InstructionSet::Portable)
        );
    }
}
