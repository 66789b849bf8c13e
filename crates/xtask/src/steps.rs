//! Named steps with their times, printed plainly: the log is read in CI as often as on a terminal.

use std::time::{Duration, Instant};

use crate::Outcome;

/// The steps of one command, in the order in which they ran.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    title: String,
    time: Duration,
    verdict: Verdict,
}

#[derive(Clone, Copy)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Steps {
    /// Runs `work` under `title` and remembers how long it took.
    pub(crate) fn run<T>(&mut self, title: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        println!("\n=== {title}");
        let started = Instant::now();
        let outcome = work().map_err(|error| format!("{title}: {error}").into());
        let verdict = if outcome.is_ok() {
            Verdict::Passed
        } else {
            Verdict::Failed
        };
        self.remember(title, started.elapsed(), verdict);
        outcome
    }

    /// Runs `work` under `title` if it can be run: an error is printed and the step is left out.
    ///
    /// The line does not begin with `skipped:`, which [`crate::skips`] would take for a test that did not run.
    pub(crate) fn attempt<T>(
        &mut self,
        title: &str,
        work: impl FnOnce() -> Outcome<T>,
    ) -> Option<T> {
        println!("\n=== {title}");
        let started = Instant::now();
        let outcome = work();
        if let Err(reason) = &outcome {
            println!("left out: {reason}");
        }
        let verdict = if outcome.is_ok() {
            Verdict::Passed
        } else {
            Verdict::Skipped
        };
        self.remember(title, started.elapsed(), verdict);
        outcome.ok()
    }

    /// Notes a step that cannot run here, and why.
    pub(crate) fn skip(&mut self, title: &str, reason: &str) {
        println!("\n=== {title}\nleft out: {reason}");
        self.remember(title, Duration::ZERO, Verdict::Skipped);
    }

    fn remember(&mut self, title: &str, time: Duration, verdict: Verdict) {
        self.done.push(Step {
            title: title.to_owned(),
            time,
            verdict,
        });
    }

    /// Prints one line a step.
    pub(crate) fn print_summary(&self) {
        println!("\n=== summary");
        for Step {
            title,
            time,
            verdict,
        } in &self.done
        {
            let verdict = match verdict {
                Verdict::Passed => "ok",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "skipped",
            };
            println!("{verdict:>7}  {:>7.1} s  {title}", time.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_step_names_itself_in_the_error() {
        let mut steps = Steps::default();
        let error = steps
            .run("paint", || Outcome::<()>::Err("no brush".into()))
            .unwrap_err();
        assert_eq!(error.to_string(), "paint: no brush");
        assert!(matches!(steps.done[0].verdict, Verdict::Failed));
    }

    #[test]
    fn an_attempt_that_fails_is_a_step_left_out() {
        let mut steps = Steps::default();
        let none = steps.attempt("fly", || Outcome::<()>::Err("no wings".into()));
        assert_eq!(none, None);
        assert_eq!(steps.attempt("walk", || Ok(2)), Some(2));
        assert!(matches!(steps.done[0].verdict, Verdict::Skipped));
        assert!(matches!(steps.done[1].verdict, Verdict::Passed));
    }
}
