//! Progress on stderr: a bar on a terminal, a line now and then elsewhere, nothing when asked for quiet.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::terminal::printable;

const LINE_EVERY: Duration = Duration::from_secs(10);
const BAR_AFTER: Duration = Duration::from_millis(500);
const BAR: &str = "{wide_bar:.cyan/dim} {pos}/{len} {msg}, {per_sec}, {eta} left";
const SPINNER: &str = "{spinner} {pos} {msg}, {per_sec}";

/// A progress bar or, where there is no terminal, a line of text from time to time.
pub(crate) struct Progress {
    started: Instant,
    display: Display,
}

enum Display {
    Nothing,
    /// A terminal on which nothing is shown yet: most work is done at once.
    Waiting {
        things: String,
    },
    Bar(ProgressBar),
    Lines {
        last: Instant,
    },
}

impl Progress {
    /// Shows the progress of things of a kind, such as "images", once it takes a moment.
    pub(crate) fn new(things: &str, quiet: bool) -> Self {
        let started = Instant::now();
        let display = if quiet {
            Display::Nothing
        } else if io::stderr().is_terminal() {
            Display::Waiting {
                things: things.to_owned(),
            }
        } else {
            Display::Lines { last: started }
        };
        Self { started, display }
    }

    /// Shows that `done` of `total` things are done.
    pub(crate) fn set(&mut self, done: usize, total: usize) {
        self.show_bar(BAR, done);
        match &mut self.display {
            Display::Nothing | Display::Waiting { .. } => {}
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

    /// Shows that `done` things are done, of an unknown number.
    pub(crate) fn count(&mut self, done: usize) {
        self.show_bar(SPINNER, done);
        match &mut self.display {
            Display::Nothing | Display::Waiting { .. } => {}
            Display::Bar(bar) => bar.set_position(done as u64),
            Display::Lines { last } if last.elapsed() < LINE_EVERY => {}
            Display::Lines { last } => {
                *last = Instant::now();
                let rate = done as f64 / self.started.elapsed().as_secs_f64();
                say(format_args!("{done} done, {rate:.0}/s"));
            }
        }
    }

    /// Puts a bar on the terminal if the work has taken long enough.
    fn show_bar(&mut self, template: &str, done: usize) {
        if let Display::Waiting { things } = &self.display
            && self.started.elapsed() > BAR_AFTER
        {
            let bar = bar(template, things);
            bar.set_position(done as u64);
            self.display = Display::Bar(bar);
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

/// Formats position, rate and time left: items per second, or seconds per item where one takes longer.
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

/// Returns an empty bar.
fn bar(template: &str, things: &str) -> ProgressBar {
    // The templates are constants: if one did not parse, the default style would do.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0)
        .with_style(style)
        .with_message(things.to_owned())
}

/// Writes an error to stderr, control characters in file names escaped.
pub(crate) fn say_error(error: &dyn std::error::Error) {
    let text = fer_core::chain(error);
    let lines: Vec<String> = text.split('\n').map(printable).collect();
    say(format_args!("error: {}", lines.join("\n")));
}

/// Writes a line to stderr. Errors are ignored: stderr is closed.
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
