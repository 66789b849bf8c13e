//! Many short parallel phases, each of which needs the one before.

// Under `--cfg loom` a test goes through every order that the memory model allows (docs/performance.md).
#[cfg(all(test, loom))]
use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread::yield_now,
};
#[cfg(not(all(test, loom)))]
use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    thread::yield_now,
};

/// Number of times that a thread looks for new work before it offers its core to others.
const SPINS: usize = if cfg!(all(test, loom)) { 0 } else { 10_000 };

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
        let next = (phase as u64) << PIECE_BITS;
        if cfg!(all(test, loom)) {
            // Loom lets a thread claim from its own chain of tickets for ever although another one has stored a new phase.
            self.next.swap(next, Ordering::Release);
        } else {
            self.next.store(next, Ordering::Release);
        }
    }

    /// Waits until a phase after `phase` is open, and returns it.
    fn wait_beyond(&self, phase: usize) -> usize {
        for spins in 0.. {
            let open = (self.next.load(Ordering::Relaxed) >> PIECE_BITS) as usize;
            if open > phase {
                return open;
            }
            if spins < SPINS {
                spin_loop();
            } else {
                yield_now();
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

#[cfg(all(test, not(loom)))]
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

/// Every order of what two threads do, as far as the memory model allows one to be seen: by loom (Norris and Demsky 2013). Two that
/// wait for a third go round in circles for it, so that more threads are not tested.
#[cfg(all(test, loom))]
mod model {
    use loom::cell::UnsafeCell;
    use loom::model::Builder;
    use loom::sync::Arc;

    use super::*;

    /// Work of phases whose pieces read all that the phase before has written, as layers do, without any other synchronization.
    struct Layers {
        phases: Phases,
        values: Vec<Vec<UnsafeCell<usize>>>,
    }

    // SAFETY: loom reports every access to a cell that is not ordered with another one.
    unsafe impl Sync for Layers {}
    // SAFETY: as above.
    unsafe impl Send for Layers {}

    impl Layers {
        fn new(pieces: &[usize]) -> Self {
            let cells = |&count: &usize| (0..count).map(|_| UnsafeCell::new(0)).collect();
            Self {
                phases: Phases::new(pieces.to_vec()),
                values: pieces.iter().map(cells).collect(),
            }
        }

        fn work(&self) {
            self.phases.work(|phase, piece| {
                let before = phase.checked_sub(1).map(|phase| &self.values[phase]);
                let sum: usize = before.into_iter().flatten().map(read).sum();
                self.values[phase][piece].with_mut(|value| {
                    // SAFETY: each piece is claimed once.
                    unsafe { *value += sum + 1 };
                });
            });
        }
    }

    fn read(cell: &UnsafeCell<usize>) -> usize {
        cell.with(|value| {
            // SAFETY: the phase that writes it is complete.
            unsafe { *value }
        })
    }

    fn check(pieces: &'static [usize], threads: usize, preemptions: Option<usize>) {
        let mut builder = Builder::new();
        builder.preemption_bound = preemptions;
        builder.check(move || {
            let layers = Arc::new(Layers::new(pieces));
            let others: Vec<_> = (1..threads)
                .map(|_| {
                    let layers = Arc::clone(&layers);
                    loom::thread::spawn(move || layers.work())
                })
                .collect();
            layers.work();
            // The caller reads the last layer after the scope has joined the others.
            others.into_iter().for_each(|other| other.join().unwrap());
            let mut expected = 0;
            for (phase, &count) in pieces.iter().enumerate() {
                let each = expected + 1;
                assert!(layers.values[phase].iter().all(|value| read(value) == each));
                expected = each * count;
            }
        });
    }

    #[test]
    fn two_threads_hand_over_two_phases() {
        check(&[2, 2], 2, None);
    }

    #[test]
    fn two_threads_hand_over_three_phases() {
        check(&[2, 1, 2], 2, Some(3));
    }
}
