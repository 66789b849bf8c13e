//! Worker threads that a forked child process replaces.

use std::mem::ManuallyDrop;
use std::process;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// The worker threads of one process, and those of processes forked from it.
///
/// A fork copies this value but not the threads: work handed to them would never be done. So each process looks for the pool that it
/// started itself, and starts one when there is none. No lock is involved, which a thread of the parent might hold at the fork.
#[derive(Debug)]
pub(super) struct Workers {
    count: usize,
    process: u32,
    /// None where the system refused to start threads in a forked child, which then computes on the calling thread alone.
    pool: Option<ManuallyDrop<ThreadPool>>,
    /// The workers of a child that was forked from `process`.
    forked: OnceLock<Box<Workers>>,
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(super) fn start(count: usize) -> Result<Self, ThreadPoolBuildError> {
        Ok(Self::of_process(
            count,
            process::id(),
            Some(new_pool(count)?),
        ))
    }

    fn of_process(count: usize, process: u32, pool: Option<ThreadPool>) -> Self {
        Self {
            count,
            process,
            pool: pool.map(ManuallyDrop::new),
            forked: OnceLock::new(),
        }
    }

    /// Returns the number of threads.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Returns the threads of the calling process.
    pub(super) fn pool(&self) -> Option<&ThreadPool> {
        self.pool_of(process::id())
    }

    fn pool_of(&self, process: u32) -> Option<&ThreadPool> {
        let mut workers = self;
        while workers.process != process {
            workers = workers.forked.get_or_init(|| {
                let pool = new_pool(self.count).ok();
                Box::new(Self::of_process(self.count, process, pool))
            });
        }
        workers.pool.as_deref()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // Threads of another process can neither be stopped nor waited for: their pool is leaked.
        if self.process == process::id()
            && let Some(pool) = self.pool.take()
        {
            drop(ManuallyDrop::into_inner(pool));
        }
    }
}

fn new_pool(count: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|index| format!("fer-{index}"))
        .build()
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn each_process_has_a_pool_of_its_own() {
        let workers = Workers::start(2).unwrap();
        let parent = process::id();
        let pool = |process| ptr::from_ref(workers.pool_of(process).unwrap());
        let (child, grandchild) = (pool(parent + 1), pool(parent + 2));
        assert_eq!(pool(parent), ptr::from_ref(workers.pool().unwrap()));
        assert_eq!(pool(parent + 1), child);
        assert_eq!(pool(parent + 2), grandchild);
        assert!(pool(parent) != child && child != grandchild && pool(parent) != grandchild);
        for process in [parent, parent + 1, parent + 2] {
            let threads = workers.pool_of(process).unwrap().current_num_threads();
            assert_eq!(threads, workers.count());
        }
    }
}
