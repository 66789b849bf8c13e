//! Work on several threads whose results do not depend on their number.

use std::num::NonZeroUsize;

/// Computes `work` for each item, in the order of the items, on at most `threads` threads.
pub(crate) fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    threads: NonZeroUsize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    if threads.get() == 1 || items.len() == 1 {
        return items.into_iter().map(work).collect();
    }
    let size = items.len().div_ceil(threads.get()).max(1);
    let mut items = items.into_iter();
    std::thread::scope(|scope| {
        let work = &work;
        let mut parts = Vec::new();
        loop {
            let part: Vec<T> = items.by_ref().take(size).collect();
            if part.is_empty() {
                break;
            }
            parts.push(scope.spawn(move || part.into_iter().map(work).collect::<Vec<R>>()));
        }
        let joined = parts.into_iter().flat_map(|part| match part.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}
