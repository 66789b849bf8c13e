//! Tests that passed without testing: found in the output of the test runners, counted, and refused in CI.
//!
//! A Rust test that cannot run here prints a line `skipped: REASON`; pytest prints `SKIPPED [1] FILE:LINE: REASON`.

use crate::Outcome;

/// Beginnings of reasons that no usual setup removes: data that only some machines have, a root user that may read and write all files,
/// PyTorch's five gigabytes.
const ACCEPTED: [&str; 3] = ["no dataset", "this user may", "no torch"];

/// A test that did not run, and why.
#[derive(Debug, PartialEq)]
struct Skip {
    test: String,
    reason: String,
}

/// The skipped tests of one run, read line by line.
#[derive(Default)]
pub(crate) struct Skips {
    current: String,
    found: Vec<Skip>,
    accepted: Vec<&'static str>,
}

impl Skips {
    /// Reads one line of a test runner's output.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(name) = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"))
        {
            name.clone_into(&mut self.current);
        } else if let Some(reason) = line.strip_prefix("skipped: ") {
            self.add(self.current.clone(), reason);
        } else if let Some(rest) = line.strip_prefix("SKIPPED [") {
            let place = rest.split_once("] ").map_or(rest, |(_, place)| place);
            let (test, reason) = place.split_once(": ").unwrap_or(("", place));
            self.add(test.to_owned(), reason);
        }
    }

    /// Accepts skips for a reason that begins so, on a machine that cannot remove it.
    pub(crate) fn accept(&mut self, reason: &'static str) {
        self.accepted.push(reason);
    }

    fn add(&mut self, test: String, reason: &str) {
        self.found.push(Skip {
            test,
            reason: reason.to_owned(),
        });
    }

    /// Prints the skipped tests with their reasons. In CI, a skip that a better setup would remove is an error.
    pub(crate) fn report(&self, in_ci: bool) -> Outcome {
        println!("{} tests skipped", self.found.len());
        for Skip { test, reason } in &self.found {
            println!("  {test}: {reason}");
        }
        let refused = self
            .found
            .iter()
            .filter(|skip| {
                let mut accepted = ACCEPTED.iter().chain(&self.accepted);
                !accepted.any(|start| skip.reason.starts_with(start))
            })
            .count();
        if in_ci && refused > 0 {
            return Err(format!("{refused} tests were skipped that CI must run").into());
        }
        Ok(())
    }
}

/// Returns `true` if the environment says that this is CI.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(output: &str) -> Skips {
        let mut skips = Skips::default();
        output.lines().for_each(|line| skips.read(line));
        skips
    }

    #[test]
    fn skipped_rust_tests_are_found_with_their_names() {
        let skips = read(
            "test a ... ok\n\nsuccesses:\n\n---- video::plays stdout ----\nskipped: ffmpeg does not start\n\n\
             ---- other stdout ----\nsomething was skipped: no\n",
        );
        assert_eq!(
            skips.found,
            [Skip {
                test: "video::plays".to_owned(),
                reason: "ffmpeg does not start".to_owned()
            }]
        );
    }

    #[test]
    fn skipped_python_tests_are_found_with_their_places() {
        let skips = read("..s\nSKIPPED [2] tests/python/test_video.py:9: needs av: install it\n");
        assert_eq!(skips.found[0].test, "tests/python/test_video.py:9");
        assert_eq!(skips.found[0].reason, "needs av: install it");
    }

    #[test]
    fn ci_refuses_what_a_better_setup_would_run() {
        let ffmpeg = read("---- a stdout ----\nskipped: ffmpeg does not start\n");
        assert!(ffmpeg.report(true).is_err());
        assert!(ffmpeg.report(false).is_ok());
        let data = read("---- a stdout ----\nskipped: no dataset in /data\n");
        assert!(data.report(true).is_ok());
    }

    #[test]
    fn ci_refuses_tests_without_an_engine_unless_there_can_be_none() {
        let mut engine = read("SKIPPED [1] tests/python/test_engines.py:9: no engine: pyspark\n");
        assert!(engine.report(true).is_err());
        engine.accept("no engine");
        assert!(engine.report(true).is_ok());
    }
}
