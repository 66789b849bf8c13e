//! Numbers on the command line: signs are part of them, and a wrong one is told what is expected.

use std::any::TypeId;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

use clap::{Arg, Command};
use fer_core::{PerEmotion, Priors};
use fer_vision::MAX_FRAMES_PER_SECOND;

/// Lets the values of all options that are numbers begin with a minus sign: they are then refused for their range, and not as
/// unknown options.
pub(crate) fn taking_signs(command: Command) -> Command {
    let numbers = [
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f64>(),
        TypeId::of::<Priors>(),
        TypeId::of::<PerEmotion<f64>>(),
    ];
    let is_number = |arg: &Arg| {
        let kind = arg.get_value_parser().type_id();
        numbers.iter().any(|number| kind == *number)
    };
    command
        .mut_args(|arg| {
            let takes_sign = is_number(&arg);
            arg.allow_hyphen_values(takes_sign)
        })
        .mut_subcommands(taking_signs)
}

/// Parses a whole number without a sign.
pub(crate) fn whole<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: ParseIntError| {
        let reason = match error.kind() {
            IntErrorKind::PosOverflow => "it is too large",
            _ => "expected a whole number, 0 or more",
        };
        reason.to_owned()
    })
}

/// Parses a number.
pub(crate) fn number(text: &str) -> Result<f64, String> {
    let parsed: Option<f64> = text.parse().ok();
    let finite = parsed.filter(|number| number.is_finite());
    finite.ok_or_else(|| "expected a number".to_owned())
}

/// Parses the number of frames to look at in a second of video.
pub(crate) fn frame_rate(text: &str) -> Result<f64, String> {
    let in_range = |rate: &f64| *rate > 0.0 && *rate <= MAX_FRAMES_PER_SECOND;
    let rate = number(text).ok().filter(in_range);
    rate.ok_or_else(|| format!("expected a number above 0 and at most {MAX_FRAMES_PER_SECOND}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

    /// Calls `check` with each option of each command that takes a number, after the names of its commands.
    fn each_number(command: &Command, names: &[String], check: &mut impl FnMut(&[String], &Arg)) {
        for arg in command.get_arguments() {
            let value = arg.get_value_names().unwrap_or_default();
            if arg.get_long().is_some() && value.iter().any(|name| *name == "N") {
                check(names, arg);
            }
        }
        for command in command.get_subcommands() {
            let names = [names, &[command.get_name().to_owned()]].concat();
            each_number(command, &names, check);
        }
    }

    #[test]
    fn a_wrong_number_of_any_option_is_told_what_is_expected() {
        let mut count = 0;
        let command = taking_signs(Cli::command());
        each_number(&command, &["fer".to_owned()], &mut |names, arg| {
            let option = format!("--{}", arg.get_long().unwrap());
            for wrong in ["-1x", "many", "", "--quiet", "1e"] {
                let words = [names, &[option.clone(), wrong.to_owned()]].concat();
                let error = command.clone().try_get_matches_from(words).unwrap_err();
                let message = error.to_string();
                assert!(
                    message.contains("expected a"),
                    "{names:?} {option} {wrong}: {message}"
                );
            }
            count += 1;
        });
        assert!(count > 20, "{count}");
    }

    #[test]
    fn whole_numbers_have_no_sign_and_fit() {
        assert_eq!(whole::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(
            whole::<u64>("18446744073709551616").unwrap_err(),
            "it is too large"
        );
        for text in ["-1", "1.5", "", " 1", "1e3", "0x10"] {
            assert!(whole::<usize>(text).unwrap_err().contains("expected"));
        }
        assert_eq!(number("-1e-3"), Ok(-1e-3));
        for text in ["nan", "inf", "-inf", "one"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
