//! The same seed gives the same bytes, however the run is carried out.

use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use fer_train::{Ending, Optimizer, RunDirectory, TrainConfig, train};

use crate::images::{STEPS_AN_EPOCH, StopAfter, config, dataset, files, options, train_into};

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let (data, one, two) = (
        dataset(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    train_into(&data, one.path(), config(), &options()).unwrap();
    train_into(&data, two.path(), config(), &options().with_threads(2)).unwrap();
    assert!(files(one.path()) == files(two.path()));
}

#[test]
fn a_run_that_was_stopped_anywhere_ends_with_the_same_bytes() {
    let (data, straight) = (dataset(), tempfile::tempdir().unwrap());
    for optimizer in [Optimizer::AdamW, Optimizer::Sgd] {
        let config = TrainConfig {
            optimizer,
            ..config()
        };
        let straight = straight.path().join(format!("{optimizer:?}"));
        train_into(&data, &straight, config.clone(), &options()).unwrap();
        let stopped = tempfile::tempdir().unwrap();
        let mut options = options();
        // Within the first epoch, at its end, and across the next two.
        for steps in [2, STEPS_AN_EPOCH - 2, 3 * STEPS_AN_EPOCH / 2] {
            let run = train(
                data.path(),
                stopped.path(),
                config.clone(),
                &options,
                &mut StopAfter(steps),
            )
            .unwrap();
            assert_eq!(run.ending, Ending::Interrupted);
            options = options.with_resume(true);
        }
        let run = train_into(&data, stopped.path(), config, &options).unwrap();
        assert_eq!((run.ending, run.history.len()), (Ending::Completed, 4));
        assert!(files(&straight) == files(stopped.path()), "{optimizer:?}");
    }
}

#[test]
fn decoding_anew_each_epoch_gives_the_same_bytes() {
    let (data, kept, streamed) = (
        dataset(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    train_into(&data, kept.path(), config(), &options()).unwrap();
    train_into(
        &data,
        streamed.path(),
        config(),
        &options().with_memory_budget(0),
    )
    .unwrap();
    assert!(files(kept.path()) == files(streamed.path()));
}

/// The variables that tell the child of the next test where to work.
const CHILD_DATA: &str = "FER_TEST_DATA";
const CHILD_RUN: &str = "FER_TEST_RUN";

fn long_config() -> TrainConfig {
    TrainConfig {
        epochs: 40,
        ..config()
    }
}

#[test]
fn a_run_that_was_killed_ends_with_the_same_bytes() {
    let (data, straight, killed) = (
        dataset(),
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    train_into(&data, straight.path(), long_config(), &options()).unwrap();
    for epochs in [1, 7, 8, 20] {
        let mut child = spawn_child(data.path(), killed.path());
        while RunDirectory::at(killed.path()).history().unwrap().len() < epochs
            && child.try_wait().unwrap().is_none()
        {
            sleep(Duration::from_millis(1));
        }
        // SIGKILL: the child cannot clean up.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let run = train_into(
        &data,
        killed.path(),
        long_config(),
        &options().with_resume(true),
    )
    .unwrap();
    assert_eq!(run.ending, Ending::Completed);
    assert!(files(straight.path()) == files(killed.path()));
    let hidden = std::fs::read_dir(killed.path()).unwrap().flatten();
    assert!(
        hidden
            .map(|entry| entry.file_name())
            .all(|name| name == ".lock" || !name.as_encoded_bytes().starts_with(b"."))
    );
}

fn spawn_child(data: &Path, run: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "repeating::child", "--ignored"])
        .env(CHILD_DATA, data)
        .env(CHILD_RUN, run)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "runs in the process that the test above kills"]
fn child() {
    let (data, run) = (
        std::env::var_os(CHILD_DATA).unwrap(),
        std::env::var_os(CHILD_RUN).unwrap(),
    );
    let run = RunDirectory::at(run);
    let options = options()
        .with_resume(run.config().exists())
        .with_checkpoint_every(Duration::ZERO);
    train(data.as_ref(), run.path(), long_config(), &options, &mut ()).unwrap();
}
