//! Tables read in parts by several threads.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::parallel::in_parallel;
use crate::{Error, Result};

/// Shares the parts of a table out among at most `threads` threads, and returns what each thread has made of its parts.
///
/// Each thread works on what `start` gives. `take` fetches the next part, for one thread at a time, and returns `false` if
/// there is none; `read` reads it and returns its number of rows, which count from 1 in each part.
///
/// # Errors
/// Those of the three; of several, that of the part that comes first, with the row counted from the table's first.
pub(crate) fn share_out<W: Send>(
    threads: NonZeroUsize,
    start: impl FnMut() -> Result<W>,
    take: impl FnMut(&mut W) -> Result<bool> + Send,
    read: impl Fn(&mut W) -> Result<u64> + Sync,
) -> Result<Vec<W>> {
    let workers: Result<Vec<W>> = std::iter::repeat_with(start).take(threads.get()).collect();
    let source = Mutex::new(Source {
        take,
        taken: 0,
        failed: false,
    });
    let shares = in_parallel(workers?, threads, |worker| work(&source, &read, worker));
    let mut rows: Vec<(usize, u64)> = shares.iter().flat_map(|share| share.rows.clone()).collect();
    rows.sort_unstable();
    let mut workers = Vec::new();
    let mut errors = Vec::new();
    for share in shares {
        workers.push(share.worker);
        errors.extend(share.error);
    }
    match errors.into_iter().min_by_key(|(part, _)| *part) {
        Some((failed, error)) => {
            let before = rows.iter().take_while(|(part, _)| *part < failed);
            Err(error.after_rows(before.map(|(_, rows)| rows).sum()))
        }
        None => Ok(workers),
    }
}

/// Parts that threads take in turn.
struct Source<T> {
    take: T,
    taken: usize,
    /// `true` if a part has an error: then no more are taken.
    failed: bool,
}

/// The share of one thread.
struct Share<W> {
    worker: W,
    /// The rows of each part.
    rows: Vec<(usize, u64)>,
    /// The error, with its part. All parts before it were taken, and are read to their ends.
    error: Option<(usize, Error)>,
}

fn work<W>(
    source: &Mutex<Source<impl FnMut(&mut W) -> Result<bool>>>,
    read: &impl Fn(&mut W) -> Result<u64>,
    worker: W,
) -> Share<W> {
    let mut share = Share {
        worker,
        rows: Vec::new(),
        error: None,
    };
    loop {
        let mut shared = source.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.failed {
            return share;
        }
        let part = shared.taken;
        let taken = (shared.take)(&mut share.worker);
        shared.taken += 1;
        shared.failed = taken.is_err();
        drop(shared);
        let rows = match taken {
            Ok(false) => return share,
            Ok(true) => read(&mut share.worker),
            Err(error) => Err(error),
        };
        match rows {
            Ok(rows) => share.rows.push((part, rows)),
            Err(error) => {
                source.lock().unwrap_or_else(PoisonError::into_inner).failed = true;
                share.error = Some((part, error));
                return share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads 100 parts of 3 rows, of which some have an error in their second row.
    fn read(threads: usize, bad: &[usize]) -> Result<usize> {
        let mut next = 0;
        let threads = NonZeroUsize::new(threads).unwrap();
        let workers = share_out(
            threads,
            || Ok((0, 0)),
            |(part, _)| {
                *part = next;
                next += 1;
                Ok(*part < 100)
            },
            |(part, sum)| {
                *sum += *part;
                match bad.contains(part) {
                    true => Err(Error::InvalidRow {
                        row: 2,
                        what: "bad".into(),
                        found: "worse".into(),
                    }),
                    false => Ok(3),
                }
            },
        );
        Ok(workers?.iter().map(|(_, sum)| sum).sum())
    }

    #[test]
    fn every_part_is_read_once_and_the_first_error_is_returned() {
        for threads in [1, 2, 7] {
            assert_eq!(read(threads, &[]).unwrap(), 99 * 50);
            let error = read(threads, &[90, 20, 21]).unwrap_err();
            assert_eq!(error.to_string(), "row 62: bad; found worse");
        }
    }
}
