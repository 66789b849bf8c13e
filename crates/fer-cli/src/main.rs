//! The `fer` command: see [`fer_cli::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let code = fer_cli::run(std::env::args_os());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
