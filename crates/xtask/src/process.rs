//! Starting other programs.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::Outcome;

/// `cargo` with `arguments`: the one that runs this program, so that a chosen toolchain stays chosen.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Prints `command`, runs it and waits; an exit status other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("$ {}", describe(command));
    let status = command.status().map_err(|error| {
        format!(
            "cannot start `{}`: {error}",
            command.get_program().to_string_lossy()
        )
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` ended with {status}", describe(command)).into())
    }
}

/// Does what [`run`] does, and passes each line of standard output on to `read` and to the terminal.
pub(crate) fn run_reading(command: &mut Command, read: impl FnMut(&str)) -> Outcome {
    run_piped(
        command.stdout(Stdio::piped()),
        |child| child.stdout.take(),
        read,
    )
}

/// Does what [`run_reading`] does with the lines of standard error.
pub(crate) fn run_reading_errors(command: &mut Command, read: impl FnMut(&str)) -> Outcome {
    run_piped(
        command.stderr(Stdio::piped()),
        |child| child.stderr.take(),
        read,
    )
}

fn run_piped<P: Read>(
    command: &mut Command,
    take: impl FnOnce(&mut Child) -> Option<P>,
    mut read: impl FnMut(&str),
) -> Outcome {
    println!("$ {}", describe(command));
    let mut child = command
        .spawn()
        .map_err(|error| format!("cannot start `{}`: {error}", describe(command)))?;
    for line in take(&mut child)
        .into_iter()
        .flat_map(|pipe| BufReader::new(pipe).lines())
    {
        let line = line?;
        println!("{line}");
        read(&line);
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{}` ended with {status}", describe(command)).into())
    }
}

fn describe(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_status_other_than_zero_is_an_error() {
        let error = run(&mut cargo(["no-such-subcommand"])).unwrap_err();
        assert!(error.to_string().contains("no-such-subcommand"), "{error}");
    }

    #[test]
    fn lines_of_a_program_are_read() {
        let mut lines = Vec::new();
        run_reading(&mut cargo(["--version"]), |line| {
            lines.push(line.to_owned())
        })
        .unwrap();
        assert!(lines[0].starts_with("cargo "), "{lines:?}");
        let mut lines = Vec::new();
        let absent = run_reading_errors(&mut cargo(["no-such-subcommand"]), |line| {
            lines.push(line.to_owned())
        });
        assert!(absent.is_err());
        assert!(lines[0].contains("no-such-subcommand"), "{lines:?}");
    }

    #[test]
    fn missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program-of-fer")).unwrap_err();
        assert!(
            error.to_string().contains("no-such-program-of-fer"),
            "{error}"
        );
    }
}
