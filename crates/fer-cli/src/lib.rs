//! The `fer` command: arguments, tables and progress. The binary and the wheel's console script both call [`run`];
//! the work itself is done by [`fer_kit`].

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod args;
mod audit;
mod compare;
mod demo;
mod error;
mod evaluate;
mod export;
mod files;
mod format;
mod info;
mod insight;
mod numbers;
mod predict;
mod progress;
mod targets;
mod terminal;
mod train;

use std::ffi::OsString;
use std::io;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use error::{Error, Result};

/// Exit statuses of a command whose arguments were understood, in rising order of severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// All of it worked.
    Success,
    /// Some of it failed and was reported.
    Failure,
}

/// Runs the command line, its name first, and gives the exit code: 0 for success, 1 for a failure, 2 for arguments that are not
/// understood or that ask for what must not be shown.
///
/// Results go to stdout, everything else to stderr.
///
/// ```
/// assert_eq!(fer_cli::run(["fer", "--version"]), 0);
/// assert_eq!(fer_cli::run(["fer", "guess"]), 2);
/// ```
pub fn run<T: Into<OsString> + Clone>(args: impl IntoIterator<Item = T>) -> i32 {
    let matches = numbers::taking_signs(Cli::command()).try_get_matches_from(args);
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed stderr or stdout changes nothing about the outcome.
            let _ = error.print();
            return error.exit_code();
        }
    };
    match execute(&cli) {
        Ok(Status::Success) => 0,
        Ok(Status::Failure) => 1,
        // The reader has what it wanted and went away, as `head` does.
        Err(Error::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            progress::say_error(&error);
            if error.is_usage() { 2 } else { 1 }
        }
    }
}

fn execute(cli: &Cli) -> Result<Status> {
    targets::check(&cli.command)?;
    match &cli.command {
        Command::Predict(args) => predict::run(args, cli.quiet),
        Command::Train(args) => train::run(args, cli.quiet),
        Command::Evaluate(args) => evaluate::run(args, cli.quiet),
        Command::Compare(args) => compare::run(args, cli.quiet),
        Command::Audit(args) => audit::run(args, cli.quiet),
        Command::Info(args) => info::run(args),
        Command::Export(args) => export::run(args),
        Command::Insight(args) => insight::run(args, cli.quiet),
        Command::Demo(args) => demo::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "fer", &mut script);
            terminal::print(String::from_utf8_lossy(&script))?;
            Ok(Status::Success)
        }
    }
}
