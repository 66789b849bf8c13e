//! Steps made in turn, or one ahead in the background.

use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Result;

/// Batches that wait for the step.
const BATCHES_AHEAD: usize = 1;

/// Calls `visit` with what `make` returns for each of `steps` and with the time that this took, on the calling thread.
pub(super) fn visit_made_in_turn<T>(
    steps: Range<usize>,
    make: impl Fn(usize) -> Result<T>,
    mut visit: impl FnMut(usize, T, Duration) -> Result<bool>,
) -> Result<()> {
    for step in steps {
        let asked = Instant::now();
        let made = make(step)?;
        if !visit(step, made, asked.elapsed())? {
            break;
        }
    }
    Ok(())
}

/// As [`visit_made_in_turn`], with `make` called ahead on a thread in the background; the time is what was waited for it.
pub(super) fn visit_made_ahead<T: Send>(
    steps: Range<usize>,
    make: impl Fn(usize) -> Result<T> + Send,
    mut visit: impl FnMut(usize, T, Duration) -> Result<bool>,
) -> Result<()> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(BATCHES_AHEAD);
        let to_make = steps.clone();
        scope.spawn(move || {
            for step in to_make {
                // Nobody receives any more once the run stops.
                if sender.send(make(step)).is_err() {
                    return;
                }
            }
        });
        let mut asked = Instant::now();
        for (step, made) in steps.zip(receiver) {
            if !visit(step, made?, asked.elapsed())? {
                break;
            }
            asked = Instant::now();
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_visit_the_same_steps_and_stop_when_told() {
        let ahead = |stop, seen: &mut Vec<usize>| {
            visit_made_ahead(
                2..7,
                |step| Ok(10 * step),
                |step, made, _| {
                    seen.push(made);
                    Ok(step != stop)
                },
            )
        };
        let in_turn = |stop, seen: &mut Vec<usize>| {
            visit_made_in_turn(
                2..7,
                |step| Ok(10 * step),
                |step, made, _| {
                    seen.push(made);
                    Ok(step != stop)
                },
            )
        };
        for (stop, expected) in [(4, &[20, 30, 40][..]), (9, &[20, 30, 40, 50, 60])] {
            let (mut first, mut second) = (Vec::new(), Vec::new());
            ahead(stop, &mut first).unwrap();
            in_turn(stop, &mut second).unwrap();
            assert_eq!((&first[..], &second[..]), (expected, expected));
        }
    }

    #[test]
    fn one_thread_makes_its_batches_on_the_calling_thread() {
        let caller = thread::current().id();
        let make = |_| Ok(thread::current().id());
        let visit = |_, maker, _| {
            assert_eq!(maker, caller);
            Ok(true)
        };
        visit_made_in_turn(0..3, make, visit).unwrap();
    }
}
