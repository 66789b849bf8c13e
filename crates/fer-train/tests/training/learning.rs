//! Training data, and the results of learning from them.

use std::fs;
use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, Image, Model};
use fer_train::{Ending, Error, RunDirectory, TrainConfig};

use crate::images::{config, dataset, files, options, train_into};

#[test]
fn simple_images_are_learned_and_the_run_directory_is_complete() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let config = TrainConfig {
        epochs: 12,
        ..config()
    };
    let run = train_into(&data, folder.path(), config.clone(), &options()).unwrap();
    assert_eq!(run.ending, Ending::Completed);
    assert_eq!(run.history.len(), 12);
    assert!(
        run.best().unwrap().validation.accuracy >= 0.95,
        "{:?}",
        run.best()
    );
    let directory = RunDirectory::at(folder.path());
    assert_eq!(directory.history().unwrap(), run.history);
    assert_eq!(directory.load_config().unwrap(), config);
    let report = fs::read_to_string(directory.report_json()).unwrap();
    assert!(report.contains("\"validation\""), "{report}");
    let page = fs::read_to_string(directory.report_html()).unwrap();
    assert!(page.contains("</html>"), "{page}");
    let model = Model::load(directory.best()).unwrap();
    assert_eq!(model.provenance.data_digest, run.data.digest);
    assert!((model.class_mix.0.iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn early_stopping_ends_a_run_that_no_longer_improves() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    // At this rate nothing is learned, so the first epoch stays the best by accuracy or near it.
    let config = TrainConfig {
        epochs: 50,
        learning_rate: 1e-12,
        early_stopping: 2,
        ema_decay: 0.0,
        ..config()
    };
    let run = train_into(&data, folder.path(), config.clone(), &options()).unwrap();
    assert_eq!(run.ending, Ending::EarlyStopped);
    assert_eq!(run.history.len(), run.best_epoch.unwrap() + 2);
    let resumed = train_into(&data, folder.path(), config, &options().with_resume(true)).unwrap();
    assert_eq!((resumed.ending, resumed.history), (run.ending, run.history));
}

#[test]
fn copies_of_held_out_images_are_removed_unless_asked_for() {
    let data = dataset();
    let copy =
        |from: &str, to: &str| fs::copy(data.path().join(from), data.path().join(to)).unwrap();
    copy("validation/sad/03.png", "train/sad/copy_of_validation.png");
    copy("test/happy/01.png", "train/happy/copy_of_test.png");
    for (remove_copies, removed, left) in [(true, 2, 96), (false, 0, 98)] {
        let folder = tempfile::tempdir().unwrap();
        let config = TrainConfig {
            epochs: 1,
            remove_copies,
            ..config()
        };
        let run = train_into(&data, folder.path(), config, &options()).unwrap();
        assert_eq!(
            (run.data.copies_removed, run.data.trained_on),
            (removed, left)
        );
    }
}

/// Votes on the images of `data`: its folders for most, and anger for every other surprised face.
fn votes_on(data: &Path) -> PathBuf {
    let mut csv = String::from(
        "file,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF\n",
    );
    for split in ["train", "validation"] {
        for number in 0..24 {
            csv.push_str(&format!(
                "{split}/happy/{number:02}.png,0,10,0,0,0,0,0,0,0,0\n"
            ));
            csv.push_str(&format!(
                "{split}/sad/{number:02}.png,1,0,0,9,0,0,0,0,0,0\n"
            ));
            csv.push_str(&format!(
                "{split}/neutral/{number:02}.png,10,0,0,0,0,0,0,0,0,0\n"
            ));
            let angry = 10 * (number % 2);
            csv.push_str(&format!(
                "{split}/surprise/{number:02}.png,0,0,{},0,{angry},0,0,0,0,0\n",
                10 - angry
            ));
        }
    }
    let votes = data.join("votes.csv");
    fs::write(&votes, csv).unwrap();
    votes
}

#[test]
fn votes_choose_images_and_labels() {
    let data = dataset();
    let votes = votes_on(data.path());
    let folder = tempfile::tempdir().unwrap();
    let mut config = TrainConfig {
        epochs: 1,
        ..config()
    };
    config.votes.file = Some(votes);
    let run = train_into(&data, folder.path(), config, &options()).unwrap();
    assert_eq!((run.data.trained_on, run.data.without_votes), (84, 12));
    assert_eq!(run.data.validation_images[Emotion::Surprise], 4);
    let mix = Model::load(run.model).unwrap().class_mix;
    assert!(
        mix[Emotion::Happy] > 0.25 && mix[Emotion::Surprise] < 0.2,
        "{mix:?}"
    );
}

#[test]
fn what_else_people_see_is_learned_and_becomes_one_share() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let mut config = TrainConfig {
        epochs: 30,
        ..config()
    };
    config.votes.file = Some(votes_on(data.path()));
    config.votes.others = true;
    let run = train_into(&data, folder.path(), config.clone(), &options()).unwrap();
    assert_eq!((run.data.trained_on, run.data.without_votes), (96, 0));
    assert!(
        run.best().unwrap().validation.accuracy >= 0.95,
        "{:?}",
        run.best()
    );
    let model = Model::load(&run.model).unwrap();
    model
        .weights
        .check(&config.model_config().network_spec().unwrap())
        .unwrap();
    assert_eq!(model.other.as_ref().unwrap().biases.len(), 6);
    // What the voters call anger looks like surprise here, so half of the surprised faces are said to be something else.
    let classifier = Classifier::from_model(model).unwrap();
    let other = |class: &str| {
        let image = Image::open(data.path().join(format!("validation/{class}/00.png"))).unwrap();
        classifier.predict(&image.view()).unwrap().other().unwrap()
    };
    assert!(other("happy") < 0.1, "{}", other("happy"));
    assert!(
        (other("surprise") - 0.5).abs() < 0.25,
        "{}",
        other("surprise")
    );
    let resumed = train_into(&data, folder.path(), config, &options().with_resume(true)).unwrap();
    assert_eq!(resumed.history, run.history);
}

#[test]
fn a_student_learns_from_its_teacher() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let teacher = train_into(&data, &folder.path().join("teacher"), config(), &options()).unwrap();
    let mut student = config();
    student.distillation.teachers = vec![teacher.model.clone()];
    train_into(
        &data,
        &folder.path().join("student"),
        student.clone(),
        &options(),
    )
    .unwrap();
    assert_ne!(
        files(&folder.path().join("student")),
        files(&folder.path().join("teacher"))
    );

    student.model.input_size = 24;
    let error = train_into(&data, &folder.path().join("other"), student, &options()).unwrap_err();
    assert!(matches!(error, Error::Teacher { .. }), "{error}");
}
