//! Usage: help, version, and exit code 2 for what is not understood.

use super::{face, fer, run};

#[test]
fn help_and_version_go_to_stdout_and_succeed() {
    for arguments in [
        &["--help"][..],
        &["predict", "--help"],
        &["train", "--help"],
        &["evaluate", "--help"],
    ] {
        let run = run(fer().args(arguments));
        assert_eq!(run.code, 0, "{arguments:?}");
        assert!(run.stdout.contains("Usage: fer"), "{}", run.stdout);
        assert!(run.stderr.is_empty(), "{}", run.stderr);
    }
    assert_eq!(
        run(fer().arg("--version")).stdout.trim(),
        format!("fer {}", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn usage_errors_end_with_two_and_say_what_is_expected() {
    let face = face("happy");
    let face = face.to_str().unwrap();
    for (arguments, hint) in [
        (&[][..], "Usage"),
        (&["predict"], "PATH"),
        (&["predict", face, "--faces", "some"], "auto"),
        (&["predict", face, "--format", "xml"], "csv"),
        (&["predict", face, "--priors", "1,2"], "a number for each"),
        (&["predict", face, "--threads", "many"], "a whole number"),
        (&["predict", face, "--threads", "-1"], "a whole number"),
        (&["predict", face, "--priors", "-1,1,1,1"], "none negative"),
        (
            &["train", face, "--out", "run", "--seed", "-1"],
            "0 or more",
        ),
        (
            &["train", face, "--out", "run", "--epochs", "1.5"],
            "0 or more",
        ),
        (
            &[
                "train",
                face,
                "--out",
                "run",
                "--seed",
                "18446744073709551616",
            ],
            "too large",
        ),
        (&["train", face], "--out"),
        (&["train", face, "--out", "run", "--device", "tpu"], "cuda"),
        (&["guess"], "unrecognized subcommand"),
    ] {
        let run = run(fer().args(arguments));
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(hint), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{arguments:?}: {}", run.stdout);
    }
}

#[test]
fn numbers_out_of_range_say_the_range() {
    let face = face("happy");
    let face = face.to_str().unwrap();
    for (arguments, hint) in [
        (&["predict", face, "--threads", "100000"][..], "100000"),
        (&["predict", face, "--frames-per-second", "-1"], "above 0"),
        (&["predict", face, "--frames-per-second", "1e9"], "1000"),
        (
            &["train", face, "--out", "run", "--batch-size", "99999"],
            "4096",
        ),
    ] {
        let run = run(fer().args(arguments));
        assert!(matches!(run.code, 1 | 2), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(hint), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn completions_name_the_commands() {
    let run = run(fer().args(["completions", "bash"]));
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("evaluate"), "{}", run.stdout);
}
