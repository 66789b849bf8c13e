//! Refusals of a training, and their words.

use std::fs;
use std::path::Path;

use fer_core::Emotion;
use fer_train::{Error, Optimizer, RunDirectory, TrainConfig, train};
use tempfile::TempDir;

use crate::images::{STEPS_AN_EPOCH, StopAfter, config, dataset, image, options, train_into};

#[test]
fn a_run_directory_that_is_in_use_is_refused_and_says_what_to_do() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = train_into(&data, folder.path(), config(), &options()).unwrap_err();
    assert!(matches!(error, Error::RunExists { .. }));
    assert!(error.to_string().contains("--resume"));
    let error =
        train_into(&data, folder.path(), config(), &options().with_resume(true)).unwrap_err();
    assert!(matches!(error, Error::NothingToResume { .. }));
}

#[test]
fn a_run_directory_among_the_images_is_refused() {
    let data = dataset();
    for folder in ["train/run", "validation/happy", "train/sad/../run"] {
        let error = train_into(&data, &data.path().join(folder), config(), &options());
        assert!(matches!(
            error,
            Err(Error::RunInData { .. } | Error::RunExists { .. })
        ));
    }
    assert!(!data.path().join("train/run").exists());
}

#[test]
fn a_resume_with_another_configuration_or_dataset_is_refused() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    train(
        data.path(),
        folder.path(),
        config(),
        &options(),
        &mut StopAfter(2),
    )
    .unwrap();
    let resume = options().with_resume(true);
    let mismatch = |data: &TempDir, config| match train_into(data, folder.path(), config, &resume)
        .unwrap_err()
    {
        Error::ResumeMismatch { what, found, .. } => (what, found),
        other => panic!("{other}"),
    };
    let (what, found) = mismatch(
        &data,
        TrainConfig {
            dropout: 0.5,
            ..config()
        },
    );
    assert_eq!((what, found.as_str()), ("configuration", "dropout = 0.5"));
    image(Emotion::Sad, 9999)
        .save(data.path().join("train/happy/00.png"))
        .unwrap();
    assert_eq!(mismatch(&data, config()).0, "dataset");
}

/// Replaces the only `from` of a file by `to`, of the same length.
fn edit(path: &Path, from: &str, to: &str) {
    let mut bytes = fs::read(path).unwrap();
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|&place| bytes[place..].starts_with(from.as_bytes()))
        .collect();
    assert_eq!((places.len(), from.len()), (1, to.len()), "{from}");
    bytes[places[0]..][..to.len()].copy_from_slice(to.as_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_checkpoint_from_beyond_the_end_is_refused_instead_of_trained_on_for_ever() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let mut stop = StopAfter(STEPS_AN_EPOCH + 2);
    train(data.path(), folder.path(), config(), &options(), &mut stop).unwrap();
    let run = RunDirectory::at(folder.path());
    let (whole, metrics) = (
        fs::read(run.last()).unwrap(),
        fs::read_to_string(run.metrics()).unwrap(),
    );
    // As many epochs in the metrics as the checkpoint says.
    fs::write(run.metrics(), metrics.repeat(9)).unwrap();
    for (from, to) in [
        (r#"\"epoch\":1,\"step\":2"#, r#"\"epoch\":9,\"step\":2"#),
        (r#"\"epoch\":1,\"step\":2"#, r#"\"epoch\":4,\"step\":2"#),
        (r#"\"epoch\":1,\"step\":2"#, r#"\"epoch\":1,\"step\":7"#),
        (r#"{\"epoch\":1,"#, r#"{\"epoch\":3,"#),
    ] {
        fs::write(run.last(), &whole).unwrap();
        edit(&run.last(), from, to);
        let resumed = train_into(&data, folder.path(), config(), &options().with_resume(true));
        let error = resumed.unwrap_err();
        assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
        assert!(error.to_string().contains("of 4, step"), "{error}");
    }
}

#[test]
fn a_failed_start_leaves_no_run_directory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    assert!(train("nowhere".as_ref(), &run, config(), &options(), &mut ()).is_err());
    assert!(!run.exists());
}

#[test]
fn a_learning_rate_that_is_too_high_is_told() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let config = TrainConfig {
        learning_rate: 1e30,
        optimizer: Optimizer::Sgd,
        warmup: 0.0,
        ..config()
    };
    let error = train_into(&data, folder.path(), config, &options()).unwrap_err();
    assert!(matches!(error, Error::Diverged { .. }), "{error}");
}
