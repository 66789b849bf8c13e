//! The errors of this crate.

/// An error that kept a plan from being made or run. Every variant carries what was expected and what was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// The name of an instruction set that does not exist.
    #[error("unknown instruction set {found:?}: expected avx512, avx2, neon or portable")]
    UnknownInstructionSet {
        /// The name as given.
        found: String,
    },
    /// An instruction set that this CPU does not have.
    #[error("this CPU has no {found}: it has {}", available.join(", "))]
    UnsupportedInstructionSet {
        /// The name of the set that was asked for.
        found: &'static str,
        /// The names of the sets that it has, fastest first.
        available: Vec<&'static str>,
    },
    /// A network that cannot be computed.
    #[error("invalid network: {reason}")]
    InvalidSpec {
        /// The fault, and its place.
        reason: String,
    },
    /// A setting of an optimizer outside its range.
    #[error("{name} is {found}, expected it {expected}")]
    InvalidSetting {
        /// Name of the setting.
        name: &'static str,
        /// The range, in words.
        expected: &'static str,
        /// The value that was given.
        found: f32,
    },
    /// A buffer whose length disagrees with the network.
    #[error("{name} has {found} values, expected {expected}")]
    LengthMismatch {
        /// Name of the buffer.
        name: &'static str,
        /// Length in values that the network asks for.
        expected: usize,
        /// Length in values that was given.
        found: usize,
    },
    /// More samples than the plan holds buffers for.
    #[error("batch of {found} samples, expected 1 to {max}")]
    BatchSize {
        /// The largest batch of the plan.
        max: usize,
        /// The samples that were given.
        found: usize,
    },
    /// More threads than any work is divided among.
    #[error("{found} threads, expected at most {limit}")]
    TooManyThreads {
        /// The largest number.
        limit: usize,
        /// The number that was asked for.
        found: usize,
    },
    /// The threads could not be started.
    #[error("could not start {count} threads")]
    Threads {
        /// Number that was asked for.
        count: usize,
        /// The reason.
        source: rayon::ThreadPoolBuildError,
    },
}

#[cfg(test)]
impl KernelError {
    /// Returns the name of the variant, in snake case.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::UnknownInstructionSet { .. } => "unknown_instruction_set",
            Self::UnsupportedInstructionSet { .. } => "unsupported_instruction_set",
            Self::InvalidSpec { .. } => "invalid_spec",
            Self::InvalidSetting { .. } => "invalid_setting",
            Self::LengthMismatch { .. } => "length_mismatch",
            Self::BatchSize { .. } => "batch_size",
            Self::TooManyThreads { .. } | Self::Threads { .. } => "threads",
        }
    }
}

/// `Ok` when a buffer has the length that the network asks for.
pub(crate) fn check_len(
    name: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), KernelError> {
    if found == expected {
        Ok(())
    } else {
        Err(KernelError::LengthMismatch {
            name,
            expected,
            found,
        })
    }
}
