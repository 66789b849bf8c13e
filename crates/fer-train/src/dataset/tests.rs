use std::fs;
use std::path::{Path, PathBuf};

use fer_core::{Emotion, PerEmotion};
use tempfile::TempDir;

use super::{ClassFolders, FolderDataset, ScanOptions};
use crate::Error;
use crate::folders::{add_files, folder_with};

/// One file in each class of `train` and `validation`.
fn complete() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for split in ["train", "validation"] {
        for class in ["happy", "sad", "neutral", "surprise"] {
            let folder = root.path().join(split).join(class);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("a.png"), b"").unwrap();
        }
    }
    root
}

fn scan(root: &Path) -> crate::Result<FolderDataset> {
    FolderDataset::scan(root, ScanOptions::default())
}

#[test]
fn names_in_any_case_and_aliases_are_understood() {
    let root = folder_with(&[
        "Train/Happiness/1.png",
        "Train/SAD/1.png",
        "Train/neutral/1.png",
        "Train/surprised/1.png",
        "val/happy/1.png",
        "val/Sadness/1.png",
        "val/neutral/1.png",
        "val/surprise/1.png",
    ]);
    let dataset = scan(root.path()).unwrap();
    assert_eq!(dataset.train.class_counts(), PerEmotion([1; 4]));
    assert_eq!(dataset.validation.class_counts(), PerEmotion([1; 4]));
    assert!(dataset.test.items.is_empty());
    let happy = dataset
        .train
        .items
        .iter()
        .find(|item| item.emotion == Emotion::Happy)
        .unwrap();
    assert_eq!(happy.path, Path::new("Train/Happiness/1.png"));
}

#[test]
fn items_are_sorted_by_path_and_folders_of_one_class_are_merged() {
    let root = complete();
    let added = [
        "train/happy/b.png",
        "train/happy/Z.png",
        "train/happiness/c.png",
        "train/happy/deep/er.png",
    ];
    add_files(root.path(), &added);
    let dataset = scan(root.path()).unwrap();
    let paths: Vec<PathBuf> = dataset
        .train
        .items
        .iter()
        .map(|item| item.path.clone())
        .collect();
    let mut sorted = paths.clone();
    sorted.sort_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    assert_eq!(paths, sorted);
    assert_eq!(dataset.train.class_counts()[Emotion::Happy], 5);
}

#[test]
fn hidden_files_and_folders_are_skipped() {
    let root = complete();
    fs::write(root.path().join("train/happy/.DS_Store"), b"").unwrap();
    fs::create_dir_all(root.path().join("train/.cache")).unwrap();
    assert_eq!(scan(root.path()).unwrap().train.items.len(), 4);
}

#[test]
fn class_folders_and_splits_inside_class_folders_are_reported_and_other_folders_are_read() {
    let root = complete();
    let added = [
        "happy/sad/1.png",
        "happy/Surprised/2.png",
        "happy/val/3.png",
        "happy/anna/4.png",
        "happy/happy/5.png",
    ];
    add_files(&root.path().join("train"), &added);
    let train = scan(root.path()).unwrap().train;
    assert_eq!(train.class_counts(), PerEmotion([3, 1, 1, 1]));
    let reported: Vec<_> = train
        .unreadable
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    assert_eq!(
        reported,
        [
            "train/happy/Surprised",
            "train/happy/sad",
            "train/happy/val"
        ]
    );
    assert!(train.unreadable[0].reason.contains("inside a class folder"));
}

#[test]
fn images_beside_the_class_folders_are_reported() {
    let folder = complete();
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 30]].concat();
    fs::write(folder.path().join("train/loose.png"), &png).unwrap();
    fs::write(folder.path().join("train/.hidden.png"), &png).unwrap();
    fs::write(folder.path().join("train/labels.csv"), "file,happy\n").unwrap();
    let train = scan(folder.path()).unwrap().train;
    let reported: Vec<_> = train.unreadable.iter().map(|file| &file.path).collect();
    assert_eq!(reported, [Path::new("train/loose.png")]);
    assert!(train.unreadable[0].reason.contains("no class folder"));
}

#[test]
fn a_missing_split_says_what_is_there() {
    let root = folder_with(&["train/happy/1.png", "extra/1.png"]);
    let error = scan(root.path()).unwrap_err();
    let Error::MissingSplit {
        expected, found, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(*expected, "validation");
    assert_eq!(found, &["extra", "train"]);
    let lenient = ScanOptions::default().with_allow_missing(true);
    assert_eq!(
        FolderDataset::scan(root.path(), lenient)
            .unwrap()
            .train
            .items
            .len(),
        1
    );
}

#[test]
fn two_folders_for_a_split_are_refused() {
    let root = complete();
    fs::create_dir_all(root.path().join("val")).unwrap();
    let error = scan(root.path()).unwrap_err();
    assert!(
        matches!(&error, Error::AmbiguousSplit { found, .. } if found == &["val", "validation"]),
        "{error}"
    );
}

#[test]
fn an_empty_or_missing_class_folder_is_refused() {
    let root = complete();
    fs::remove_file(root.path().join("validation/sad/a.png")).unwrap();
    let error = scan(root.path()).unwrap_err();
    assert!(
        matches!(
            &error,
            Error::MissingClass {
                expected: Emotion::Sad,
                ..
            }
        ),
        "{error}"
    );
    fs::remove_dir(root.path().join("validation/sad")).unwrap();
    let error = scan(root.path()).unwrap_err();
    let Error::MissingClass { found, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(found, &["happy", "neutral", "surprise"]);
}

#[test]
fn an_unknown_class_folder_lists_found_and_expected_and_can_be_ignored() {
    let root = complete();
    fs::create_dir_all(root.path().join("train/disgust")).unwrap();
    let error = scan(root.path()).unwrap_err();
    let Error::UnknownClasses {
        found, expected, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(found, &["disgust"]);
    assert_eq!(expected.len(), 4);
    let dataset = FolderDataset::scan(
        root.path(),
        ScanOptions::default().with_ignore_unknown_folders(true),
    )
    .unwrap();
    assert_eq!(dataset.ignored, [PathBuf::from("train/disgust")]);
}

#[test]
fn a_path_that_is_no_folder_is_refused() {
    let root = complete();
    for path in [
        root.path().join("nowhere"),
        root.path().join("train/happy/a.png"),
    ] {
        assert!(matches!(scan(&path).unwrap_err(), Error::NotAFolder { .. }));
    }
}

#[test]
fn class_folders_report_missing_classes() {
    let root = folder_with(&["happy/1.png", "Sadness/2.png", "surprise/3.png"]);
    let classes = ClassFolders::scan(root.path(), ScanOptions::default()).unwrap();
    assert_eq!(classes.missing, [Emotion::Neutral]);
    assert_eq!(classes.split.items[0].path, Path::new("Sadness/2.png"));
    let empty = folder_with(&["happy/.hidden"]);
    let error = ClassFolders::scan(empty.path(), ScanOptions::default()).unwrap_err();
    assert!(matches!(error, Error::NoImages { .. }));
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_loop_of_links_is_reported_and_ends() {
        let root = complete();
        symlink(
            root.path().join("train/happy"),
            root.path().join("train/happy/loop"),
        )
        .unwrap();
        symlink("nowhere", root.path().join("train/happy/broken.png")).unwrap();
        let dataset = scan(root.path()).unwrap();
        assert_eq!(dataset.train.items.len(), 4);
        let reported: Vec<_> = dataset
            .train
            .unreadable
            .iter()
            .map(|file| file.path.clone())
            .collect();
        assert_eq!(
            reported,
            [
                PathBuf::from("train/happy/broken.png"),
                PathBuf::from("train/happy/loop")
            ]
        );
    }

    #[test]
    fn links_out_of_a_class_folder_are_reported_and_nothing_is_taken_through_them() {
        let root = complete();
        let elsewhere = folder_with(&["pool/1.png", "pool/2.png"]);
        let link =
            |to: PathBuf, name: &str| symlink(to, root.path().join("train").join(name)).unwrap();
        link(PathBuf::from(".."), "happy/up");
        link(PathBuf::from("../sad"), "happy/others");
        link(PathBuf::from("../sad/a.png"), "happy/sad.png");
        link(elsewhere.path().join("pool"), "happy/pool");
        link(elsewhere.path().join("pool/1.png"), "happy/one.png");
        let dataset = scan(root.path()).unwrap();
        assert_eq!(dataset.train.class_counts(), PerEmotion([2, 1, 1, 1]));
        let reported = dataset.train.unreadable.iter().map(|file| {
            assert!(
                file.reason.contains("link out of its class folder"),
                "{}",
                file.reason
            );
            file.path.file_name().unwrap().to_str().unwrap()
        });
        assert_eq!(
            reported.collect::<Vec<_>>(),
            ["others", "pool", "sad.png", "up"]
        );
    }

    #[test]
    fn a_class_folder_may_itself_be_a_link() {
        let root = complete();
        let elsewhere = folder_with(&["laughing/1.png", "laughing/more/2.png"]);
        fs::remove_dir_all(root.path().join("train/happy")).unwrap();
        symlink(
            elsewhere.path().join("laughing"),
            root.path().join("train/happy"),
        )
        .unwrap();
        let dataset = scan(root.path()).unwrap();
        assert_eq!(dataset.train.class_counts()[Emotion::Happy], 2);
        assert!(dataset.train.unreadable.is_empty());
    }

    #[test]
    fn names_that_are_not_utf8_are_kept() {
        let root = complete();
        let name = OsStr::from_bytes(b"caf\xe9.png");
        fs::write(root.path().join("train/happy").join(name), b"").unwrap();
        let dataset = scan(root.path()).unwrap();
        assert!(
            dataset
                .train
                .items
                .iter()
                .any(|item| item.path.file_name() == Some(name))
        );
    }
}
