//! Many short parallel phases, each of which needs the one before.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Number of times that a thread looks for new work before it offers its core to others.
const SPINS: usize = 10_000;

/// Runs phases one after the other, each cut into pieces that threads claim.
///
/// A thread only ever waits for pieces that another one is working on, never for another one to turn up: however many come, the work gets
/// done, if need be by one thread. Handing over from one phase to the next takes less than a microsecond, which starting a task on
/// a thread pool does not.
pub(crate) struct Phases {
    /// Pieces of each phase, at least 1.
    pieces: Vec<usize>,
    /// The phase in its upper half, the next piece of it to claim in its lower half.
    next: AtomicU64,
    /// Finished pieces of the phase.
    finished: AtomicUsize,
}

const PIECE_BITS: u32 = 32;

impl Phases {
    /// Phases of so many pieces each.
    pub(crate) fn new(pieces: Vec<usize>) -> Self {
        debug_assert!(pieces.iter().all(|&pieces| pieces > 0));
        Self {
            pieces,
            next: AtomicU64::new(0),
            finished: AtomicUsize::new(0),
        }
    }

    /// Calls `body` with the phase and the piece of whatever is to be done, until all is done or some thread panicked.
    ///
    /// To be called by each thread, once.
    pub(crate) fn work(&self, body: impl Fn(usize, usize)) {
        let _guard = AbortOnPanic(self);
        let mut phase = 0;
        while phase < self.pieces.len() {
            // Acquires what the pieces of the phase before have written.
            let ticket = self.next.fetch_add(1, Ordering::Acquire);
            phase = (ticket >> PIECE_BITS) as usize;
            let piece = (ticket & ((1 << PIECE_BITS) - 1)) as usize;
            match self.pieces.get(phase) {
                Some(&pieces) if piece < pieces => {
                    body(phase, piece);
                    self.finish(phase, pieces);
                }
                Some(_) => phase = self.wait_beyond(phase),
                None => {}
            }
        }
    }

    /// Counts a finished piece; the last one opens the next phase.
    fn finish(&self, phase: usize, pieces: usize) {
        // Releases what this piece has written, and acquires what the others have if it is the last.
        if self.finished.fetch_add(1, Ordering::AcqRel) + 1 == pieces {
            self.finished.store(0, Ordering::Relaxed);
            self.open(phase + 1);
        }
    }

    fn open(&self, phase: usize) {
        self.next
            .store((phase as u64) << PIECE_BITS, Ordering::Release);
    }

    /// Waits until a phase after `phase` is open, and returns it.
    fn wait_beyond(&self, phase: usize) -> usize {
        for spins in 0.. {
            let open = (self.next.load(Ordering::Relaxed) >> PIECE_BITS) as usize;
            if open > phase {
                return open;
            }
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        unreachable!("counting does not end")
    }
}

/// Lets the other threads go when one panics, so that the panic can reach the caller.
struct AbortOnPanic<'a>(&'a Phases);

impl Drop for AbortOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.open(self.0.pieces.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Threads;

    #[test]
    fn phases_run_in_order_and_pieces_once() {
        for count in [1, 2, 3, 8] {
            let pieces: Vec<usize> = (0..200).map(|phase| 1 + phase % 7).collect();
            let phases = Phases::new(pieces.clone());
            let log = Mutex::new(Vec::new());
            Threads::new(count).unwrap().on_each(|| {
                phases.work(|phase, piece| log.lock().unwrap().push((phase, piece)));
            });
            let mut log = log.into_inner().unwrap();
            assert!(log.is_sorted_by_key(|&(phase, _)| phase));
            log.sort_unstable();
            let all = pieces.iter().enumerate();
            let expected: Vec<_> = all
                .flat_map(|(phase, &pieces)| (0..pieces).map(move |piece| (phase, piece)))
                .collect();
            assert_eq!(log, expected);
        }
    }

    #[test]
    fn one_thread_can_do_it_alone() {
        let phases = Phases::new(vec![3, 1, 2]);
        let done = AtomicUsize::new(0);
        phases.work(|_, _| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 6);
    }

    #[test]
    #[should_panic]
    fn a_panic_lets_everyone_go() {
        let phases = Phases::new(vec![8; 100]);
        Threads::new(3).unwrap().on_each(|| {
            phases.work(|phase, piece| assert!((phase, piece) != (50, 3)));
        });
    }
}
