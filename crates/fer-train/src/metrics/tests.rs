use fer_core::Emotion::{Happy, Neutral, Sad, Surprise};
use proptest::prelude::*;

use super::*;

fn outcome(truth: Emotion, probabilities: [f32; 4]) -> Outcome {
    Outcome {
        truth,
        probabilities,
    }
}

fn assert_close(actual: f64, expected: f64) {
    assert!(
        (actual - expected).abs() < 1e-6,
        "got {actual}, expected {expected}"
    );
}

/// Happy: 3 images, 2 right, 1 called sad. Sad: 2 images, 1 right, 1 called happy. Neutral: 1 right. Surprise: absent.
fn six_faces() -> Vec<Outcome> {
    vec![
        outcome(Happy, [0.9, 0.05, 0.03, 0.02]),
        outcome(Happy, [0.6, 0.2, 0.1, 0.1]),
        outcome(Happy, [0.3, 0.4, 0.2, 0.1]),
        outcome(Sad, [0.1, 0.7, 0.1, 0.1]),
        outcome(Sad, [0.5, 0.3, 0.1, 0.1]),
        outcome(Neutral, [0.1, 0.1, 0.8, 0.0]),
    ]
}

#[test]
fn figures_of_six_faces_are_those_worked_out_by_hand() {
    let metrics = Metrics::of(&six_faces()).unwrap();

    assert_eq!(metrics.n, 6);
    assert_eq!(
        metrics.confusion,
        [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    );
    assert_close(metrics.accuracy, 4.0 / 6.0);
    // recalls 2/3, 1/2, 1
    assert_close(metrics.balanced_accuracy, (2.0 / 3.0 + 0.5 + 1.0) / 3.0);
    // F1: happy 4/6, sad 2/4, neutral 1
    assert_close(metrics.macro_f1, (2.0 / 3.0 + 0.5 + 1.0) / 3.0);
    let nll = -[0.9_f64, 0.6, 0.3, 0.7, 0.3, 0.8]
        .iter()
        .map(|p| p.ln())
        .sum::<f64>()
        / 6.0;
    assert_close(metrics.nll, nll);
}

#[test]
fn an_absent_class_has_no_recall_and_is_not_averaged_in() {
    let metrics = Metrics::of(&six_faces()).unwrap();
    let surprise = &metrics.per_class[Surprise];
    assert_eq!(
        surprise,
        &ClassMetrics {
            precision: None,
            recall: None,
            f1: None,
            recall_ci95: None,
            support: 0
        }
    );
}

#[test]
fn a_class_never_answered_has_no_precision_but_counts_as_zero() {
    let metrics = Metrics::of(&[
        outcome(Happy, [0.7, 0.1, 0.1, 0.1]),
        outcome(Sad, [0.7, 0.1, 0.1, 0.1]),
    ])
    .unwrap();
    let sad = &metrics.per_class[Sad];
    assert_eq!(
        (sad.precision, sad.recall, sad.f1),
        (None, Some(0.0), Some(0.0))
    );
    assert_close(metrics.balanced_accuracy, 0.5);
    // happy: 2 TP / (2 TP + FP + FN) = 2 / 3
    assert_close(metrics.macro_f1, (2.0 / 3.0) / 2.0);
}

#[test]
fn an_absent_class_that_is_answered_costs_recall_elsewhere_and_has_precision_zero() {
    let metrics = Metrics::of(&[
        outcome(Happy, [0.1, 0.1, 0.1, 0.7]),
        outcome(Happy, [0.7, 0.1, 0.1, 0.1]),
    ])
    .unwrap();
    let surprise = &metrics.per_class[Surprise];
    assert_eq!(
        (surprise.precision, surprise.recall, surprise.f1),
        (Some(0.0), None, Some(0.0))
    );
    assert_close(metrics.balanced_accuracy, 0.5);
    assert_close(metrics.macro_f1, 2.0 / 3.0);
}

#[test]
fn nothing_can_be_said_of_no_images() {
    assert!(Metrics::of(&[]).is_none());
}

#[test]
fn a_tie_goes_to_the_earlier_class() {
    assert_eq!(outcome(Sad, [0.25; 4]).answer(), Happy);
    assert_eq!(outcome(Sad, [0.1, 0.4, 0.1, 0.4]).answer(), Sad);
}

#[test]
fn an_impossible_label_costs_a_finite_amount() {
    let metrics = Metrics::of(&[outcome(Sad, [1.0, 0.0, 0.0, 0.0])]).unwrap();
    assert_close(metrics.nll, -MIN_PROBABILITY.ln());
}

#[test]
fn expected_calibration_error_weighs_bins_by_count() {
    // bin (0.6, 0.667]: confidences 0.61, 0.65, one right -> |0.5 - 0.63| = 0.13, weight 2/3
    // bin (0.933, 1]:   confidence 0.96, right            -> |1 - 0.96| = 0.04, weight 1/3
    let outcomes = [
        outcome(Happy, [0.61, 0.13, 0.13, 0.13]),
        outcome(Sad, [0.65, 0.15, 0.1, 0.1]),
        outcome(Happy, [0.96, 0.02, 0.01, 0.01]),
    ];
    let bins = reliability(&outcomes);
    assert_eq!(bins.len(), RELIABILITY_BINS);
    assert_eq!(
        bins.iter().map(|bin| bin.count).collect::<Vec<_>>(),
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    );
    assert_close(
        expected_calibration_error(&bins),
        0.13 * 2.0 / 3.0 + 0.04 / 3.0,
    );
}

#[test]
fn a_confidence_of_one_falls_in_the_last_bin() {
    let bins = reliability(&[outcome(Happy, [1.0, 0.0, 0.0, 0.0])]);
    assert_eq!(bins[RELIABILITY_BINS - 1].count, 1);
}

#[test]
fn the_interval_agrees_with_the_exact_spread_of_a_mean_of_recalls() {
    // Two classes, 400 images each, recall 0.8 and 0.6: standard error sqrt(0.8*0.2/400 + 0.6*0.4/400) / 2 = 0.0158.
    let right = |truth: Emotion| {
        outcome(
            truth,
            std::array::from_fn(|i| if i == truth.index() { 0.97 } else { 0.01 }),
        )
    };
    let wrong = |truth: Emotion| Outcome {
        truth,
        ..right(Neutral)
    };
    let mut outcomes = Vec::new();
    for (truth, hits) in [(Happy, 320), (Sad, 240)] {
        outcomes.extend(std::iter::repeat_n(right(truth), hits));
        outcomes.extend(std::iter::repeat_n(wrong(truth), 400 - hits));
    }
    let metrics = Metrics::of(&outcomes).unwrap();
    let [low, high] = metrics.balanced_accuracy_ci95;
    assert!(
        (low - (0.7 - 1.96 * 0.0158)).abs() < 0.004,
        "lower end {low}"
    );
    assert!(
        (high - (0.7 + 1.96 * 0.0158)).abs() < 0.004,
        "upper end {high}"
    );
    assert_eq!(
        Metrics::of(&outcomes).unwrap(),
        metrics,
        "the draws are seeded"
    );
}

#[test]
fn without_errors_the_intervals_of_the_averages_have_a_width() {
    let right = |truth: Emotion| {
        outcome(
            truth,
            std::array::from_fn(|i| if i == truth.index() { 0.97 } else { 0.01 }),
        )
    };
    let faces = |count: usize| -> Vec<Outcome> {
        let all = Emotion::ALL.into_iter();
        all.flat_map(|truth| std::iter::repeat_n(right(truth), count))
            .collect()
    };
    let few = Metrics::of(&faces(20)).unwrap();
    for [low, high] in [few.balanced_accuracy_ci95, few.macro_f1_ci95] {
        assert!(
            (0.93..0.975).contains(&low),
            "20 of 20 right, four times: {low}"
        );
        assert_eq!(high, 1.0);
    }
    let many = Metrics::of(&faces(2000)).unwrap();
    assert!(many.balanced_accuracy_ci95[0] > 0.999);
}

#[test]
fn json_has_the_documented_names() {
    let json = serde_json::to_value(Metrics::of(&six_faces()).unwrap()).unwrap();
    assert_eq!(
        json["classes"],
        serde_json::json!(["happy", "sad", "neutral", "surprise"])
    );
    assert_eq!(json["per_class"]["happy"]["support"], 3);
    assert_eq!(json["accuracy_ci95"].as_array().unwrap().len(), 2);
}

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let one = (0..Emotion::COUNT, prop::array::uniform4(0.01_f32..1.0)).prop_map(|(truth, raw)| {
        let sum: f32 = raw.iter().sum();
        outcome(Emotion::ALL[truth], raw.map(|value| value / sum))
    });
    prop::collection::vec(one, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn figures_lie_in_their_ranges_and_intervals_hold_them(outcomes in outcomes()) {
        let metrics = Metrics::of(&outcomes).unwrap();
        let counted: usize = metrics.confusion.iter().flatten().sum();
        prop_assert_eq!(counted, outcomes.len());
        prop_assert_eq!(metrics.reliability.iter().map(|bin| bin.count).sum::<usize>(), outcomes.len());
        for share in [metrics.accuracy, metrics.balanced_accuracy, metrics.macro_f1, metrics.ece] {
            prop_assert!((0.0..=1.0).contains(&share));
        }
        prop_assert!(metrics.nll >= 0.0);
        for (figure, [low, high]) in [
            (metrics.accuracy, metrics.accuracy_ci95),
            (metrics.balanced_accuracy, metrics.balanced_accuracy_ci95),
            (metrics.macro_f1, metrics.macro_f1_ci95),
        ] {
            prop_assert!(0.0 <= low && low <= figure && figure <= high && high <= 1.0);
            prop_assert!(low < high, "no number of images makes a figure certain");
        }
    }

    #[test]
    fn the_order_of_images_does_not_matter(outcomes in outcomes()) {
        let forward = Metrics::of(&outcomes).unwrap();
        let backward = Metrics::of(&outcomes.iter().rev().copied().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(&forward.confusion, &backward.confusion);
        prop_assert_eq!(forward.balanced_accuracy_ci95, backward.balanced_accuracy_ci95);
        prop_assert!((forward.ece - backward.ece).abs() < 1e-9);
    }
}
