//! Progress on stderr: a bar on a terminal, a line now and then elsewhere, nothing when asked for quiet.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const LINE_EVERY: Duration = Duration::from_secs(10);

/// How far a long piece of work has come.
pub(crate) struct Progress {
    started: Instant,
    display: Display,
}

enum Display {
    Nothing,
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// Starts to show the progress of things of a kind, such as "images".
    pub(crate) fn new(things: &str, quiet: bool) -> Self {
        let started = Instant::now();
        let display = if quiet {
            Display::Nothing
        } else if io::stderr().is_terminal() {
            Display::Bar(bar(things))
        } else {
            Display::Lines { last: started }
        };
        Self { started, display }
    }

    /// Shows that `done` of `total` things are done.
    pub(crate) fn set(&mut self, done: usize, total: usize) {
        match &mut self.display {
            Display::Nothing => {}
            Display::Bar(bar) => {
                bar.set_length(total as u64);
                bar.set_position(done as u64);
            }
            Display::Lines { last } if last.elapsed() < LINE_EVERY => {}
            Display::Lines { last } => {
                *last = Instant::now();
                say(line(done, total, self.started.elapsed()));
            }
        }
    }

    /// Writes to stdout while no bar is in the way.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.display {
            Display::Bar(bar) => bar.suspend(write),
            _ => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }
}

/// How far, how fast and how long still: a rate where some are done a second, else the time of one.
fn line(done: usize, total: usize, elapsed: Duration) -> String {
    let rate = done as f64 / elapsed.as_secs_f64();
    let left = total.saturating_sub(done) as f64 / rate;
    let speed = if rate >= 1.0 {
        format!("{rate:.0}/s")
    } else {
        format!("{:.0} s each", rate.recip())
    };
    format!("{done}/{total}, {speed}, {left:.0} s left")
}

/// An empty bar with rate and time left.
fn bar(things: &str) -> ProgressBar {
    let template = "{wide_bar:.cyan/dim} {pos}/{len} {msg}, {per_sec}, {eta} left";
    // The template is a constant: if it did not parse, the default style would do.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0)
        .with_style(style)
        .with_message(things.to_owned())
}

/// Writes a line to stderr. Where even that is closed, nobody is left to tell.
pub(crate) fn say(text: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_rate_or_time_of_one_and_time_left() {
        let line = |done, seconds| line(done, 48, Duration::from_secs(seconds));
        assert_eq!(line(24, 4), "24/48, 6/s, 4 s left");
        assert_eq!(line(12, 240), "12/48, 20 s each, 720 s left");
    }
}
