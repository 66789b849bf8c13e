//! The threads that kernels run on.

mod phases;

use std::sync::{Arc, Mutex, PoisonError};

use crate::KernelError;
pub(crate) use phases::Phases;

/// A set of threads that plans and optimisers run on. Cheap to clone; clones share the threads.
///
/// Results do not depend on how many there are.
///
/// ```
/// use fer_kernels::Threads;
///
/// let threads = Threads::new(2)?;
/// assert_eq!(threads.count(), 2);
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Threads {
    /// All threads but the caller's own; none where that does all the work.
    others: Option<Arc<rayon::ThreadPool>>,
}

impl Threads {
    /// A set of `count` threads, 0 for one each core. The calling thread is one of them, so `count - 1` are started.
    ///
    /// # Errors
    /// [`KernelError::Threads`] if the operating system refuses.
    pub fn new(count: usize) -> Result<Self, KernelError> {
        let count = match count {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        if count == 1 {
            return Ok(Self::single());
        }
        let others = rayon::ThreadPoolBuilder::new()
            .num_threads(count - 1)
            .thread_name(|index| format!("fer-{index}"))
            .build()
            .map_err(|source| KernelError::Threads { count, source })?;
        Ok(Self {
            others: Some(Arc::new(others)),
        })
    }

    /// The calling thread, which no failure can deny.
    pub fn single() -> Self {
        Self { others: None }
    }

    /// How many threads there are, at least 1.
    pub fn count(&self) -> usize {
        let others = self.others.as_ref();
        1 + others.map_or(0, |others| others.current_num_threads())
    }

    /// Calls `body` with each of `tasks`, each time on whichever thread is free, the caller's among them.
    ///
    /// Tasks start in order. They have to be independent of one another, so that the result does not depend on which runs first.
    pub fn for_each<I>(&self, tasks: I, body: impl Fn(I::Item) + Sync)
    where
        I: IntoIterator<IntoIter: Send>,
    {
        let tasks = Mutex::new(tasks.into_iter());
        let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
        self.on_each(|| {
            while let Some(task) = next() {
                body(task);
            }
        });
    }

    /// Calls `work` on the calling thread and, as they become free, on the others.
    ///
    /// The others may come late or, in effect, never: `work` must not wait for them to start.
    pub(crate) fn on_each(&self, work: impl Fn() + Sync) {
        match &self.others {
            None => work(),
            Some(others) => others.in_place_scope(|scope| {
                for _ in 1..self.count() {
                    scope.spawn(|_| work());
                }
                work();
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_task_runs_once() {
        for count in [1, 2, 3, 8] {
            let threads = Threads::new(count).unwrap();
            assert_eq!(threads.count(), count);
            let mut done = vec![0; 1000];
            threads.for_each(done.iter_mut().enumerate(), |(index, done)| *done += index);
            assert!(done.iter().enumerate().all(|(index, &done)| done == index));
        }
    }

    #[test]
    fn nested_work_does_not_deadlock() {
        let threads = Threads::new(2).unwrap();
        let sum = AtomicUsize::new(0);
        threads.for_each(0..10, |outer| {
            threads.for_each(0..10, |inner| {
                sum.fetch_add(outer * inner, Ordering::Relaxed);
            });
        });
        assert_eq!(sum.into_inner(), 45 * 45);
    }

    #[test]
    #[should_panic(expected = "task 7")]
    fn panics_reach_the_caller() {
        let threads = Threads::new(2).unwrap();
        threads.for_each(0..10, |task| assert_ne!(task, 7, "task {task}"));
    }

    #[test]
    fn zero_means_all_cores() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(Threads::new(0).unwrap().count(), cores);
    }
}
