//! Rayon on the threads of a run.

use fer_kernels::{KernelError, Threads};

use crate::error::Result;

/// Runs `work`, which uses rayon, on as many threads as `threads` has.
pub(crate) fn with_threads<R: Send>(
    threads: &Threads,
    work: impl FnOnce() -> R + Send,
) -> Result<R> {
    let count = threads.count();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build();
    Ok(pool
        .map_err(|source| KernelError::Threads { count, source })?
        .install(work))
}
