//! Agreement of raters, against Python's figures.

use std::fmt::Write;

use fer_core::Emotion;
use fer_insight::{AgreementOptions, Label, Sheet, agreement};
use serde_json::Value;

use super::{assert_near, golden, numbers};

/// A sheet whose faces are numbered.
fn sheet(labels: &[Option<&str>]) -> Sheet {
    let mut text = String::from("path,face,label\n");
    for (index, label) in labels.iter().enumerate() {
        writeln!(text, "{index}.jpg,0,{}", label.unwrap_or_default()).unwrap();
    }
    Sheet::read(text.as_bytes()).unwrap()
}

#[test]
fn agreement_is_that_of_krippendorff_and_scipy() {
    for case in golden("agreement") {
        let sheets: Vec<Sheet> = case["ratings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let row = row.as_array().unwrap().iter();
                sheet(&row.map(Value::as_str).collect::<Vec<_>>())
            })
            .collect();
        let raters: Vec<(&str, &Sheet)> = ["a", "b", "c", "d"].into_iter().zip(&sheets).collect();
        let result = agreement(&raters, &AgreementOptions::default()).unwrap();
        let alpha = result.alpha.unwrap();
        assert_near(alpha.estimate, case["alpha"].as_f64().unwrap(), 1e-9);
        let interval = numbers(&case["interval"]);
        assert_near(alpha.low, interval[0], 0.02);
        assert_near(alpha.high, interval[1], 0.02);
        let pair = &result.pairs[0];
        let share = pair.agreement.unwrap();
        assert_eq!(pair.faces as u64, case["both"].as_u64().unwrap());
        let (same, both) = (case["same"].as_f64().unwrap(), pair.faces as f64);
        assert_near(share.estimate, same / both, 1e-12);
        assert_near(share.low, numbers(&case["wilson"])[0], 1e-9);
        assert_near(share.high, numbers(&case["wilson"])[1], 1e-9);
        assert_eq!(result.pairs.len(), raters.len() * (raters.len() - 1) / 2);
    }
}

#[test]
fn raters_who_cannot_tell_are_left_out_and_counted() {
    let one = sheet(&[Some("happy"), Some("6"), Some("sad"), None, Some("other")]);
    let two = sheet(&[
        Some("happy"),
        Some("sad"),
        Some("sad"),
        Some("sad"),
        Some("happy"),
    ]);
    let result = agreement(
        &[("one", &one), ("two", &two)],
        &AgreementOptions::default(),
    )
    .unwrap();
    assert_eq!((result.faces, result.compared), (5, 3));
    assert_eq!(
        (result.raters[0].answered, result.raters[0].cannot_tell),
        (3, 1)
    );
    assert_eq!(result.raters[0].unlabeled, 1);
    let confusion = result.pairs[0].confusion.0;
    let at = |a: Label, b: Label| confusion[a.index()][b.index()];
    assert_eq!(at(Label::CannotTell, Label::Emotion(Emotion::Sad)), 1);
    assert_eq!(at(Label::Other, Label::Emotion(Emotion::Happy)), 1);
    let json = serde_json::to_value(&result).unwrap();
    assert_eq!(json["pairs"][0]["confusion"]["cannot_tell"]["sad"], 1);
    let all_same = sheet(&[Some("sad"); 4]);
    let result = agreement(
        &[("a", &all_same), ("b", &all_same)],
        &AgreementOptions::default(),
    );
    assert_eq!(result.unwrap().alpha, None);
}

#[test]
fn raters_of_other_faces_are_refused() {
    let one = sheet(&[Some("happy")]);
    let other = Sheet::read("path,face,label\nelse.jpg,0,happy\n".as_bytes()).unwrap();
    let error = agreement(&[("a", &one), ("b", &other)], &AgreementOptions::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no face was answered by two raters"),
        "{error}"
    );
    let alone = agreement(&[("a", &one)], &AgreementOptions::default()).unwrap_err();
    assert_eq!(alone.to_string(), "raters is 1: expected two or more");
}
