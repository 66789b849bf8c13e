//! The threads that kernels run on.

mod phases;
mod workers;

use std::sync::{Arc, Mutex, PoisonError};

use crate::KernelError;
pub(crate) use phases::Phases;
use workers::Workers;

/// The most threads on a machine of fewer cores: thousands take minutes to start and are a typing error.
const MAX_THREADS: usize = 512;

/// A set of threads to compute on. Cheap to clone; clones share the threads.
///
/// Results do not depend on how many there are. A process that was forked from the one that made the set starts threads of its own.
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
    others: Option<Arc<Workers>>,
}

impl Threads {
    /// Starts a set of `count` threads, 0 for one per core. The calling thread is one of them, so `count - 1` are started.
    ///
    /// # Errors
    /// [`KernelError::TooManyThreads`] for more than 512, or than the machine has cores; [`KernelError::Threads`] if the operating
    /// system refuses.
    pub fn new(count: usize) -> Result<Self, KernelError> {
        let count = Self::resolve_count(count)?;
        if count == 1 {
            return Ok(Self::single());
        }
        let others =
            Workers::start(count - 1).map_err(|source| KernelError::Threads { count, source })?;
        Ok(Self {
            others: Some(Arc::new(others)),
        })
    }

    /// Returns the number of threads that [`new`](Self::new) makes of `count`, and starts none.
    ///
    /// # Errors
    /// [`KernelError::TooManyThreads`] for more than 512, or than the machine has cores.
    pub fn resolve_count(count: usize) -> Result<usize, KernelError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let limit = cores.max(MAX_THREADS);
        match count {
            0 => Ok(cores),
            found if found > limit => Err(KernelError::TooManyThreads { limit, found }),
            count => Ok(count),
        }
    }

    /// Returns the set of the calling thread alone, which cannot fail.
    pub fn single() -> Self {
        Self { others: None }
    }

    /// Returns the number of threads, at least 1.
    pub fn count(&self) -> usize {
        let others = self.others.as_ref();
        1 + others.map_or(0, |others| others.count())
    }

    /// Calls `body` with each of `tasks` on the next free thread, the caller's among them.
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

    /// Returns what `body` makes of each of `tasks`, in their order; otherwise as [`for_each`](Self::for_each).
    ///
    /// ```
    /// use fer_kernels::Threads;
    ///
    /// let squares = Threads::new(2)?.map(1..=4, |number| number * number);
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// # Ok::<(), fer_kernels::KernelError>(())
    /// ```
    pub fn map<I, R: Send>(&self, tasks: I, body: impl Fn(I::Item) -> R + Sync) -> Vec<R>
    where
        I: IntoIterator<IntoIter: Send>,
    {
        let results = Mutex::new(Vec::new());
        self.for_each(tasks.into_iter().enumerate(), |(index, task)| {
            let result = body(task);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((index, result));
        });
        let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        results.sort_unstable_by_key(|&(index, _)| index);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Calls `work` on the calling thread and, as they become free, on the others.
    ///
    /// The others may come late or, in effect, never: `work` must not wait for them to start.
    pub(crate) fn on_each(&self, work: impl Fn() + Sync) {
        match self.others.as_ref().and_then(|others| others.pool()) {
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
    fn results_come_in_the_order_of_their_tasks() {
        for count in [1, 3] {
            let threads = Threads::new(count).unwrap();
            let words = threads.map(0..1000, |task| task.to_string());
            assert!(
                words
                    .iter()
                    .enumerate()
                    .all(|(task, word)| *word == task.to_string())
            );
            assert_eq!(words.len(), 1000);
        }
    }

    #[test]
    fn one_thread_is_the_calling_one() {
        let caller = std::thread::current().id();
        let threads = Threads::new(1).unwrap();
        threads.for_each(0..100, |_| assert_eq!(std::thread::current().id(), caller));
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
    fn absurd_numbers_are_refused_at_once() {
        for count in [
            MAX_THREADS.max(Threads::new(0).unwrap().count()) + 1,
            usize::MAX,
        ] {
            let error = Threads::new(count).unwrap_err();
            assert!(error.to_string().contains(&count.to_string()), "{error}");
        }
    }

    #[test]
    fn zero_means_all_cores() {
        let cores = std::thread::available_parallelism().unwrap().get();
        assert_eq!(Threads::new(0).unwrap().count(), cores);
    }
}
