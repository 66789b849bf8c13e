use std::fs;
use std::ops::ControlFlow;

use fer_core::Emotion::{Happy, Neutral, Sad, Surprise};
use fer_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::ScanOptions;
use crate::testing::gray_levels::{gray_levels, save};

/// `test` with 3 happy images (one looks sad), 2 sad, 1 surprise, no neutral, and a text called an image.
fn folder() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let test = root.path().join("test");
    for (path, looks_like) in [
        ("happy/1.png", Happy),
        ("happy/2.png", Happy),
        ("happy/3.png", Sad),
        ("sad/1.png", Sad),
        ("sad/2.png", Sad),
        ("surprise/1.png", Surprise),
    ] {
        save(&test, path, looks_like);
    }
    fs::write(test.join("sad/notes.jpg"), "not an image").unwrap();
    root
}

fn scan(root: &TempDir) -> ClassFolders {
    ClassFolders::scan(root.path().join("test"), ScanOptions::default()).unwrap()
}

fn evaluate_with(root: &TempDir, options: EvaluationOptions<'_>) -> Evaluation {
    evaluate(&gray_levels(), &scan(root), options, |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

#[test]
fn a_folder_is_scored_and_bad_files_are_reported() {
    let evaluation = evaluate_with(&folder(), EvaluationOptions::default());
    let metrics = &evaluation.scores.metrics;
    assert_eq!(metrics.n, 6);
    assert_eq!(
        metrics.confusion,
        [[2, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    );
    assert!((metrics.balanced_accuracy - (2.0 / 3.0 + 1.0 + 1.0) / 3.0).abs() < 1e-9);
    assert_eq!(evaluation.missing_classes, [Neutral]);
    assert_eq!(evaluation.errors.len(), 1);
    assert_eq!(
        (
            evaluation.errors[0].path.as_str(),
            evaluation.errors[0].kind.as_str()
        ),
        ("sad/notes.jpg", "unsupported_image")
    );
    let answers: Vec<(&str, Emotion)> = evaluation
        .predictions
        .iter()
        .map(|p| (p.path.as_str(), p.emotion))
        .collect();
    assert_eq!(answers[2], ("happy/3.png", Sad));
    assert_eq!((evaluation.consensus, evaluation.excluded), (None, None));
}

#[test]
fn json_holds_the_figures_and_reads_back() {
    let evaluation = evaluate_with(&folder(), EvaluationOptions::default());
    let json = serde_json::to_value(&evaluation).unwrap();
    assert_eq!(json["per_class"]["happy"]["support"], 3);
    assert_eq!(
        json["per_class"]["neutral"]["recall"],
        serde_json::Value::Null
    );
    assert_eq!(json["predictions"][0]["path"], "happy/1.png");
    assert_eq!(
        json["predictions"][0]["probabilities"]
            .as_object()
            .unwrap()
            .len(),
        4
    );
    assert!(json.get("consensus").is_none());
    assert_eq!(
        serde_json::from_value::<Evaluation>(json).unwrap(),
        evaluation
    );
}

#[test]
fn votes_add_the_figures_on_the_consensus() {
    let root = folder();
    let csv = root.path().join("votes.csv");
    let rows = [
        "file,happiness,sadness,neutral,surprise,anger",
        "test/happy/1.png,9,0,1,0,0",
        "test/happy/2.png,5,5,0,0,0",
        "test/happy/3.png,0,8,2,0,0",
        "test/sad/1.png,0,1,9,0,0",
        "test/surprise/1.png,0,0,1,2,7",
    ];
    fs::write(&csv, rows.join("\n")).unwrap();
    let votes = Votes::load(&csv).unwrap();

    let evaluation = evaluate_with(&root, EvaluationOptions::default().with_votes(&votes));
    assert_eq!(evaluation.scores.metrics.n, 6);
    // happy/1 is happy, happy/3 sad, sad/1 neutral to the crowd; the others have no majority, or for another expression.
    let consensus = evaluation.consensus.unwrap().metrics;
    assert_eq!(
        consensus.confusion,
        [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    );
    let votes: Vec<_> = evaluation.predictions.iter().map(|p| p.votes).collect();
    let last = serde_json::to_value(votes[5]).unwrap();
    assert_eq!(
        last,
        serde_json::json!({"happy": 0, "sad": 0, "neutral": 1, "surprise": 2, "other": 7})
    );
    assert_eq!(
        serde_json::from_value::<Option<EvaluatedVotes>>(last).unwrap(),
        votes[5]
    );
    assert_eq!(votes[4], None, "sad/2.png has no row");
}

#[test]
fn excluded_images_are_left_out_and_the_whole_is_scored_beside() {
    let list: ExcludeList = ["happy/3.png", "./sad/1.png", "sad/9.png"]
        .into_iter()
        .collect();
    let evaluation = evaluate_with(&folder(), EvaluationOptions::default().with_exclude(&list));
    assert_eq!(
        (
            evaluation.scores.metrics.n,
            evaluation.scores.metrics.accuracy
        ),
        (4, 1.0)
    );
    assert_eq!(evaluation.predictions.len(), 4);
    let excluded = evaluation.excluded.unwrap();
    assert_eq!((excluded.n, excluded.whole.metrics.n), (2, 6));
    assert_eq!(excluded.not_found, ["sad/9.png"]);
}

#[test]
fn faces_are_found_by_the_function_given() {
    let classifier = gray_levels();
    let preprocessing = &classifier.model().preprocessing;
    let whole = whole_image(preprocessing);
    // Finds no face in dark images, fails on the brightest.
    let find_face = |image: &fer_core::ImageView<'_>| {
        let face = whole(image)?;
        match face[0] {
            220.. => Err(FaceError {
                kind: ErrorKind::Detector,
                message: "too bright".to_owned(),
            }),
            ..=60 => Ok(Vec::new()),
            // Several views of a face count as one image.
            _ => Ok(face.repeat(3)),
        }
    };
    let root = folder();
    let evaluation = evaluate(
        &classifier,
        &scan(&root),
        EvaluationOptions::default().with_find_face(&find_face),
        |_, _| ControlFlow::Continue(()),
    )
    .unwrap();
    assert_eq!((evaluation.scores.metrics.n, evaluation.no_face), (3, 2));
    assert!(
        evaluation
            .errors
            .iter()
            .any(|error| error.kind == ErrorKind::Detector && error.path == "surprise/1.png")
    );
}

#[test]
fn nothing_left_to_score_is_an_error_that_says_why() {
    let root = folder();
    let none = |_: &fer_core::ImageView<'_>| Ok(Vec::new());
    let error = evaluate(
        &gray_levels(),
        &scan(&root),
        EvaluationOptions::default().with_find_face(&none),
        |_, _| ControlFlow::Continue(()),
    )
    .unwrap_err();
    assert!(
        matches!(
            error,
            Error::NothingScored {
                unreadable: 1,
                no_face: 6,
                excluded: 0,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn progress_goes_from_none_to_all() {
    let mut seen = Vec::new();
    let root = folder();
    evaluate(
        &gray_levels(),
        &scan(&root),
        EvaluationOptions::default(),
        |done, all| {
            seen.push((done, all));
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    assert_eq!(seen, [(0, 7), (7, 7)]);
}

#[test]
fn whoever_watches_may_stop_it() {
    let stop = |_, _| ControlFlow::Break(());
    let error = evaluate(
        &gray_levels(),
        &scan(&folder()),
        EvaluationOptions::default(),
        stop,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Interrupted), "{error}");
}

#[test]
fn label_sets_are_measured() {
    let evaluation = evaluate_with(&folder(), EvaluationOptions::default());
    let conformal = evaluation.scores.conformal;
    // The image at the level of another class is missed with certainty.
    assert!((conformal.coverage - 5.0 / 6.0).abs() < 1e-9);
    assert!((0.0..=4.0).contains(&conformal.mean_set_size));
    assert!(
        conformal.coverage_ci95[0] < conformal.coverage
            && conformal.coverage < conformal.coverage_ci95[1]
    );
}
