use std::fs;
use std::path::Path;

use fer_core::Emotion::{Happy, Sad};
use image::imageops;
use image::{GrayImage, Luma};
use tempfile::TempDir;

use super::*;
use crate::random::{Purpose, Random};
use crate::testing::portraits::{plain, portrait, relit};

fn save(root: &Path, path: &str, image: &GrayImage) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.save(path).unwrap();
}

/// Six portraits in `train`; copies of three of them elsewhere, one under another label; a text and a blank image.
fn dataset() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let original = |seed| plain(&portrait(seed));
    for seed in 0..3 {
        save(
            root.path(),
            &format!("train/happy/{seed}.png"),
            &original(seed),
        );
        save(
            root.path(),
            &format!("train/sad/{seed}.png"),
            &original(10 + seed),
        );
    }
    save(root.path(), "validation/happy/copy.png", &original(0));
    save(root.path(), "validation/sad/own.png", &original(20));
    save(
        root.path(),
        "test/sad/brighter.png",
        &relit(&original(1), 1.0, 25.0),
    );
    save(
        root.path(),
        "test/sad/mirrored.png",
        &imageops::flip_horizontal(&original(11)),
    );
    save(root.path(), "test/happy/own.png", &original(21));
    save(
        root.path(),
        "test/happy/blank.png",
        &GrayImage::from_pixel(48, 48, Luma([9])),
    );
    fs::write(root.path().join("train/happy/notes.jpg"), "not an image").unwrap();
    root
}

fn go_on(_: AuditStep) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run(root: &TempDir) -> Audit {
    audit(root.path(), &AuditOptions::default(), go_on).unwrap()
}

fn names(pairs: &[Duplicate]) -> Vec<(&str, &str, CopyKind)> {
    pairs
        .iter()
        .map(|pair| (pair.a.as_str(), pair.b.as_str(), pair.kind))
        .collect()
}

#[test]
fn copies_are_filed_by_kind_with_the_earlier_split_first() {
    let audit = run(&dataset());
    assert_eq!(
        names(&audit.exact),
        [(
            "train/happy/0.png",
            "validation/happy/copy.png",
            CopyKind::Exact
        )]
    );
    let near = [
        ("train/happy/1.png", "test/sad/brighter.png", CopyKind::Near),
        (
            "train/sad/1.png",
            "test/sad/mirrored.png",
            CopyKind::Mirrored,
        ),
    ];
    assert_eq!(names(&audit.near), near);
}

#[test]
fn copies_under_two_labels_are_conflicts() {
    let audit = run(&dataset());
    assert_eq!(audit.label_conflicts.len(), 1);
    let conflict = &audit.label_conflicts[0];
    assert_eq!(
        (
            conflict.duplicate.b.as_str(),
            conflict.label_a,
            conflict.label_b
        ),
        ("test/sad/brighter.png", Happy, Sad)
    );
}

#[test]
fn held_out_images_with_a_copy_in_an_earlier_split_have_leaked() {
    let leaked = run(&dataset()).leaked;
    assert_eq!(
        leaked.validation.into_iter().collect::<Vec<_>>(),
        ["validation/happy/copy.png"]
    );
    assert_eq!(
        leaked.test.into_iter().collect::<Vec<_>>(),
        ["test/sad/brighter.png", "test/sad/mirrored.png"]
    );
}

#[test]
fn bad_files_are_reported_with_what_is_wrong() {
    let audit = run(&dataset());
    let bad: Vec<(&str, BadImageKind)> = audit
        .unreadable
        .iter()
        .map(|bad| (bad.path.as_str(), bad.kind))
        .collect();
    assert_eq!(
        bad,
        [
            ("test/happy/blank.png", BadImageKind::Blank),
            ("train/happy/notes.jpg", BadImageKind::Unreadable)
        ]
    );
}

#[test]
fn files_are_counted_by_split_and_class() {
    let counts = run(&dataset()).counts;
    assert_eq!(
        (
            counts[&SplitName::Train][Happy],
            counts[&SplitName::Train][Sad]
        ),
        (4, 3)
    );
    assert_eq!(
        (
            counts[&SplitName::Test][Happy],
            counts[&SplitName::Test][Sad]
        ),
        (2, 2)
    );
}

#[test]
fn json_holds_the_findings_and_reads_back() {
    let found = run(&dataset());
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(
        serde_json::from_value::<Audit>(json.clone()).unwrap(),
        found
    );
    let pair = &json["exact"][0];
    assert_eq!(
        (&pair["a"], &pair["kind"]),
        (&"train/happy/0.png".into(), &"exact".into())
    );
    assert!(pair["b"].is_string() && pair["score"] == 1.0);
    assert_eq!(json["counts"]["train"]["happy"], 4);
    assert_eq!(json["label_conflicts"][0]["label_b"], "sad");
    assert_eq!(json["unreadable"][0]["kind"], "blank");
}

#[test]
fn steps_are_told_as_they_begin() {
    let mut steps = Vec::new();
    audit(dataset().path(), &AuditOptions::default(), |step| {
        steps.push(step);
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(steps, [AuditStep::Decoding(13), AuditStep::Comparing(12)]);
}

#[test]
fn whoever_watches_may_stop_it() {
    let stopped = audit(dataset().path(), &AuditOptions::default(), |_| {
        ControlFlow::Break(())
    });
    assert_eq!(
        stopped.unwrap_err().kind(),
        fer_core::ErrorKind::Interrupted
    );
}

/// Bright squares are happy and dark ones sad, but for one of each.
#[test]
fn swapped_labels_are_suspect() {
    let root = tempfile::tempdir().unwrap();
    let mut random = Random::new(1, Purpose::Intervals, 0, 0);
    for index in 0..60 {
        let is_bright = index % 2 == 0;
        let swapped = index < 2;
        let class = if is_bright != swapped { "happy" } else { "sad" };
        // A bright half above or below, for brightness alone is normalized away.
        let square = GrayImage::from_fn(48, 48, |_, y| {
            let level = if (y < 24) == is_bright { 190.0 } else { 70.0 };
            Luma([(level + random.symmetric(50.0)) as u8])
        });
        save(root.path(), &format!("train/{class}/{index}.png"), &square);
    }
    let options = AuditOptions::default().with_suspects(true);
    let mut epochs_told = 0;
    let found = audit(root.path(), &options, |step| {
        epochs_told += usize::from(matches!(step, AuditStep::Training { .. }));
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(epochs_told, 48);
    let mut suspects: Vec<_> = found.suspect_labels.iter().take(2).collect();
    suspects.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(suspects[0].path, "train/happy/1.png");
    assert_eq!((suspects[0].label, suspects[0].suggested), (Happy, Sad));
    assert_eq!(suspects[1].path, "train/sad/0.png");
}

/// The known facts of FER2013's four-class part, where it is at hand.
#[test]
fn fer2013_leaks_as_known() {
    let data = std::env::var_os("FER_DATA")
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
            std::path::PathBuf::from,
        )
        .join("fer2013");
    if !data.join("train").is_dir() {
        println!("skipped: no dataset in {}", data.display());
        return;
    }
    let audit = audit(&data, &AuditOptions::default(), go_on).unwrap();
    let share =
        |leaked: usize, split| leaked as f64 / audit.counts[&split].0.iter().sum::<usize>() as f64;
    let test = share(audit.leaked.test.len(), SplitName::Test);
    let validation = share(audit.leaked.validation.len(), SplitName::Validation);
    assert!((0.125..0.25).contains(&test), "{test} of test");
    assert!(
        (0.13..0.25).contains(&validation),
        "{validation} of validation"
    );
}

#[test]
fn one_folder_of_class_folders_is_audited_as_one_split() {
    let root = tempfile::tempdir().unwrap();
    for class in ["happy", "sad"] {
        std::fs::create_dir(root.path().join(class)).unwrap();
        let image = crate::testing::portraits::portrait(1);
        crate::testing::portraits::plain(&image)
            .save(root.path().join(class).join("1.png"))
            .unwrap();
    }
    let audit = |folder: &Path| {
        audit(folder, &AuditOptions::default(), |_| {
            ControlFlow::Continue(())
        })
    };
    let found = audit(root.path()).unwrap();
    assert_eq!((found.exact.len(), found.label_conflicts.len()), (1, 1));
    assert_eq!(found.counts[&SplitName::Test].0.iter().sum::<usize>(), 2);
    assert!(!found.suspects_searched);
}

#[test]
fn a_folder_without_images_is_an_error_that_says_what_was_found() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["train/happy", "faces"] {
        std::fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    let error = audit(root.path(), &AuditOptions::default(), |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert_eq!(error.kind(), fer_core::ErrorKind::NoImages);
    assert!(
        error.to_string().ends_with("found: faces, train"),
        "{error}"
    );
}
