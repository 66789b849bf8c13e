//! Panics of other crates' parsers as values, without a message on the terminal.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// `true` while this thread is inside [`catch_panic`].
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Calls `work` and returns its result, or `None` if it panics, of which nothing is printed.
///
/// For parsers of other crates that are given the bytes of strangers: a panic in one is a damaged file, not the caller's end.
/// The first call puts a panic hook before the one that is installed, to which it passes all other panics.
pub fn catch_panic<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_QUIET.get() {
                hook(panic);
            }
        }));
    });
    let was_quiet = IS_QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_QUIET.set(was_quiet);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    #[allow(clippy::panic, reason = "the panics are what is tested")]
    fn panics_inside_are_values_and_panics_outside_reach_the_hook() {
        let heard = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&heard);
        let name = "quiet::tests";
        // Other tests of this process may panic on their own threads.
        let of_this_test = move || {
            std::thread::current()
                .name()
                .is_some_and(|n| n.contains(name))
        };
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if of_this_test() {
                counter.fetch_add(1, Ordering::Relaxed);
            } else {
                hook(panic);
            }
        }));
        assert_eq!(catch_panic(|| 5), Some(5));
        assert_eq!(catch_panic(|| panic!("of a decoder")), None::<()>);
        assert_eq!(heard.load(Ordering::Relaxed), 0);
        assert!(panic::catch_unwind(|| panic!("of somebody else")).is_err());
        assert_eq!(heard.load(Ordering::Relaxed), 1);
    }
}
