use std::ops::ControlFlow;

use fer_core::Emotion::{Happy, Neutral, Sad};

use super::*;
use crate::evaluation::{EvaluationOptions, ExcludeList, evaluate};
use crate::progress::{EpochSeconds, ValidationMetrics};
use crate::testing::gray_levels::{gray_levels, save};
use crate::{ClassFolders, ScanOptions};

/// An evaluation with one confident mistake, in a file whose name is markup.
fn evaluated() -> (tempfile::TempDir, Evaluation) {
    let root = tempfile::tempdir().unwrap();
    for (path, level) in [
        ("happy/1.png", Happy),
        ("happy/<i>&.png", Sad),
        ("sad/1.png", Sad),
        ("neutral/1.png", Neutral),
    ] {
        save(root.path(), path, level);
    }
    std::fs::write(root.path().join("sad/broken.png"), "").unwrap();
    let folder = ClassFolders::scan(root.path(), ScanOptions::default()).unwrap();
    let list: ExcludeList = ["neutral/1.png", "nowhere.png"].into_iter().collect();
    let options = EvaluationOptions::default().with_exclude(&list);
    let evaluation = evaluate(&gray_levels(), &folder, options, |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap();
    (root, evaluation)
}

/// The text of a page holds nothing that a browser would load from elsewhere.
fn assert_self_contained(html: &str) {
    // Patterns of the page itself are named by their fragment.
    let html = html.replace("url(#", "(");
    for outside in ["http://", "https://", "<script", "<link", "@import", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn the_evaluation_page_shows_figures_and_mistakes_and_escapes_names() {
    let (root, evaluation) = evaluated();
    let html = evaluation_html(&evaluation, root.path(), "<model>", gray_levels().model()).unwrap();
    assert_self_contained(&html);
    assert!(html.contains("66.7\u{a0}%"), "accuracy 2 of 3");
    assert!(html.contains("labeled <b>happy</b>, predicted <b>sad</b>"));
    assert!(html.contains("data:image/jpeg;base64,"));
    assert!(html.contains("&lt;i&gt;&amp;.png") && !html.contains("<i>&"));
    assert!(html.contains("&lt;model&gt;") && html.contains("no image of surprise"));
    assert!(html.contains("1 files could not be read"));
    assert!(html.contains("with the images left out"));
}

#[test]
fn the_training_page_shows_curves_configuration_and_data() {
    let (root, evaluation) = evaluated();
    let epoch = |epoch: usize| EpochMetrics {
        epoch,
        train_loss: 1.0 / epoch as f64,
        learning_rate: 1e-3,
        validation: ValidationMetrics {
            loss: 0.9 / epoch as f64,
            accuracy: 0.5 + 0.1 * epoch as f64,
            balanced_accuracy: 0.5,
            macro_f1: 0.5,
        },
        extra_validation: None,
        images_per_second: 1000.0,
        seconds: EpochSeconds::default(),
    };
    let run: TrainingRun = serde_json::from_value(serde_json::json!({
        "directory": "run",
        "model": "run/best.safetensors",
        "ending": "early_stopped",
        "config": crate::TrainConfig::default(),
        "data": {
            "digest": "abc",
            "train_images": {"happy": 10, "sad": 20, "neutral": 30, "surprise": 40},
            "trained_on": 93,
            "copies_removed": 7,
            "without_votes": 0,
            "validation_images": {"happy": 1, "sad": 1, "neutral": 1, "surprise": 1},
            "unreadable": [],
        },
        "history": [epoch(1), epoch(2), epoch(3)],
        "best_epoch": 2,
    }))
    .unwrap();
    let html = training_html(&run, &evaluation, root.path(), gray_levels().model()).unwrap();
    assert_self_contained(&html);
    assert_eq!(html.matches("<polyline").count(), 4);
    assert!(html.contains("7 training images were left out"));
    assert!(
        html.contains("<td>100</td>"),
        "the sum of the training images"
    );
    assert!(html.contains("batch_size = "));
    assert!(html.contains("no longer improved"));
    assert!(html.contains("errs on 1 of 3 validation images"));

    let voted = Evaluation {
        consensus: Some(evaluation.scores.clone()),
        ..evaluation
    };
    let html = training_html(&run, &voted, root.path(), gray_levels().model()).unwrap();
    assert!(html.find("the voters' consensus") < html.find("the folders' labels"));
}
