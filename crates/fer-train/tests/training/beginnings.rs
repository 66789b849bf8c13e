//! Trainings with images beside the dataset, and trainings that start from a model.

use std::fs;
use std::path::Path;

use fer_core::{Emotion, ErrorKind, Model};
use fer_train::{StartConfig, TrainConfig};
use tempfile::TempDir;

use crate::images::{config, dataset, image, options, train_into};

/// Images without class folders: of each class, six to train on and two to validate on, and as many that their voters call angry.
fn extra() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let mut csv = String::from("file,happy,sad,neutral,surprise,anger\n");
    for (split, count) in [("train", 6), ("validation", 2)] {
        fs::create_dir_all(root.path().join(split).join("found")).unwrap();
        for emotion in Emotion::ALL {
            for (number, angry) in (0..count).flat_map(|number| [(number, false), (number, true)]) {
                let path = format!("{split}/found/{emotion}_{number}_{angry}.png");
                let seed = 5000 + 10 * number + u32::from(angry) + split.len() as u32;
                image(emotion, seed).save(root.path().join(&path)).unwrap();
                let mut votes = [0; 5];
                votes[if angry { 4 } else { emotion.index() }] = 10;
                csv.push_str(&format!(
                    "{path},{}\n",
                    votes.map(|n| n.to_string()).join(",")
                ));
            }
        }
    }
    fs::write(root.path().join("votes.csv"), csv).unwrap();
    root
}

fn with_extra(extra: &Path) -> TrainConfig {
    let mut config = config();
    config.extra.folder = Some(extra.to_owned());
    config.extra.votes = Some(extra.join("votes.csv"));
    config
}

#[test]
fn extra_images_are_trained_on_by_their_votes_and_keep_the_class_mix() {
    let (data, extra, folder) = (dataset(), extra(), tempfile::tempdir().unwrap());
    // Without the happy ones, happy is rarer in all that is trained on than in the dataset.
    for number in 0..6 {
        fs::remove_file(
            extra
                .path()
                .join(format!("train/found/happy_{number}_false.png")),
        )
        .unwrap();
    }
    let run = train_into(&data, folder.path(), with_extra(extra.path()), &options()).unwrap();
    let counts = run.data.extra.as_ref().unwrap();
    assert_eq!((run.data.trained_on, counts.trained_on), (96 + 18, 18));
    assert_eq!(
        counts.without_votes, 24,
        "anger is none of the four classes"
    );
    assert_eq!(counts.validation_images.0, [2; 4]);
    assert_eq!(run.data.validation_images.0, [8; 4]);
    assert!(
        run.history
            .iter()
            .all(|epoch| epoch.extra_validation.is_some())
    );
    assert_eq!(Model::load(&run.model).unwrap().class_mix.0, [0.25; 4]);
}

#[test]
fn votes_for_other_expressions_on_extra_images_are_learned() {
    let (data, extra, folder) = (dataset(), extra(), tempfile::tempdir().unwrap());
    let mut config = with_extra(extra.path());
    config.votes.others = true;
    let run = train_into(&data, folder.path(), config, &options()).unwrap();
    let counts = run.data.extra.as_ref().unwrap();
    assert_eq!((counts.trained_on, counts.without_votes), (48, 0));
    assert!(Model::load(&run.model).unwrap().other.is_some());
}

#[test]
fn copies_of_held_out_images_among_the_extra_ones_are_left_out_and_counted() {
    let (data, extra, folder) = (dataset(), extra(), tempfile::tempdir().unwrap());
    let mut config = with_extra(extra.path());
    config.remove_copies = true;
    let before = train_into(&data, folder.path(), config.clone(), &options()).unwrap();
    let to = extra.path().join("train/found/sad_0_false.png");
    fs::copy(data.path().join("test/happy/01.png"), &to).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let after = train_into(&data, folder.path(), config, &options()).unwrap();
    let removed = |run: &fer_train::TrainingRun| run.data.extra.as_ref().unwrap().copies_removed;
    assert_eq!(removed(&after), removed(&before) + 1);
    assert_eq!(after.data.copies_removed, before.data.copies_removed);
}

#[test]
fn votes_on_other_images_and_a_folder_without_train_are_refused() {
    let (data, extra, folder) = (dataset(), extra(), tempfile::tempdir().unwrap());
    let run = folder.path().join("run");
    let config = with_extra(extra.path());
    fs::rename(extra.path().join("train"), extra.path().join("training")).unwrap();
    let error = train_into(&data, &run, config.clone(), &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MissingSplit);
    fs::rename(extra.path().join("training"), extra.path().join("train")).unwrap();
    let votes = "file,happy,sad,neutral,surprise\nelsewhere.png,1,0,0,0\n";
    fs::write(extra.path().join("votes.csv"), votes).unwrap();
    let error = train_into(&data, &run, config, &options()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NothingListed);
    assert!(!run.exists());
}

fn trained(data: &TempDir, run: &Path) -> std::path::PathBuf {
    let config = TrainConfig {
        epochs: 12,
        ..config()
    };
    train_into(data, run, config, &options()).unwrap().model
}

#[test]
fn a_training_that_starts_from_a_model_begins_with_what_it_knows() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let start = trained(&data, &folder.path().join("first"));
    let config = TrainConfig {
        epochs: 1,
        learning_rate: 1e-6,
        model: fer_train::ModelSection::default(),
        ..config()
    };
    let config = TrainConfig {
        start: StartConfig {
            model: Some(start),
            freeze: 0,
        },
        ..config
    };
    let run = folder.path().join("second");
    let second = train_into(&data, &run, config.clone(), &options()).unwrap();
    assert!(second.history[0].validation.accuracy >= 0.95);
    let gain = second.gain.unwrap();
    assert_eq!((gain.n, gain.gained, gain.lost), (32, 0, 0));
    let resumed = train_into(&data, &run, config, &options().with_resume(true)).unwrap();
    assert_eq!(resumed.history, second.history);
}

#[test]
fn frozen_stages_keep_their_weights_and_length_follows_the_number_of_images() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let start = trained(&data, &folder.path().join("first"));
    let config = TrainConfig {
        epochs: 0,
        batch_size: 0,
        learning_rate: 0.0,
        start: StartConfig {
            model: Some(start.clone()),
            freeze: 1,
        },
        ..config()
    };
    let second = train_into(&data, &folder.path().join("second"), config, &options()).unwrap();
    assert_eq!(second.config.epochs, 40);
    assert_eq!(second.config.batch_size, 32);
    let (before, after) = (
        Model::load(start).unwrap(),
        Model::load(second.model).unwrap(),
    );
    let spec = before.config.network_spec().unwrap();
    // The convolution of the first stage, its scale and its shift; then those of the second.
    let (frozen, trained) = (0..3, 3..6);
    for (slots, same) in [(frozen, true), (trained, false)] {
        for slot in &spec.parameters()[slots] {
            let range = slot.range.clone();
            let equal = before.weights.parameters[range.clone()] == after.weights.parameters[range];
            assert_eq!(equal, same, "{}", slot.name);
        }
    }
}

#[test]
fn a_start_that_is_another_model_now_is_not_resumed_from() {
    let (data, folder) = (dataset(), tempfile::tempdir().unwrap());
    let start = trained(&data, &folder.path().join("first"));
    let mut config = config();
    config.start.model = Some(start.clone());
    let run = folder.path().join("second");
    train_into(&data, &run, config.clone(), &options()).unwrap();
    let mut model = Model::load(&start).unwrap();
    model.weights.parameters[0] += 1.0;
    model.save(&start, fer_core::WeightStorage::F32).unwrap();
    let error = train_into(&data, &run, config, &options().with_resume(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResumeMismatch);
}
