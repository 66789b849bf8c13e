//! Refusals of a training, and their words.

use std::fs;

use fer_core::Emotion;
use fer_train::{Error, Optimizer, TrainConfig, train};
use tempfile::TempDir;

use crate::images::{StopAfter, config, dataset, image, options, train_into};

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
