//! Scores the answers of other packages on the images of an evaluation, against its labels and against the votes.
//!
//! ```sh
//! fer evaluate DIR/test --faces whole --votes DIR/ferplus_votes.csv --exclude copies.txt --json evaluation.json
//! cargo run -p fer-train --example score_answers -- evaluation.json benches/peer_answers.csv
//! ```
//!
//! The table has a column `path` and one column of answers per package (`benches/accuracy.py` writes it). Prints JSON: per package
//! the accuracy with its interval.

use std::collections::HashMap;
use std::error::Error;
use std::fs;

use fer_core::Emotion;
use fer_train::EvaluatedImage;
use fer_train::metrics::{Metrics, Outcome};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Evaluation {
    predictions: Vec<EvaluatedImage>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [evaluation, answers] = &arguments[..] else {
        return Err("usage: score_answers EVALUATION.json ANSWERS.csv".into());
    };
    let images = serde_json::from_slice::<Evaluation>(&fs::read(evaluation)?)?.predictions;
    let mut table = csv::Reader::from_path(answers)?;
    let packages: Vec<String> = table.headers()?.iter().skip(1).map(str::to_owned).collect();
    let mut answers = HashMap::new();
    for row in table.records() {
        let row = row?;
        let given: Result<Vec<Emotion>, _> = row.iter().skip(1).map(str::parse).collect();
        answers.insert(row[0].to_owned(), given?);
    }
    let mut scores = Vec::new();
    for (column, package) in packages.iter().enumerate() {
        let mut labels = Vec::new();
        let mut votes = Vec::new();
        for image in &images {
            let given = answers.get(&image.path);
            let given = given.ok_or_else(|| format!("no answers to {}", image.path))?[column];
            labels.push(outcome(image.truth, given));
            let consensus = image.votes.and_then(|votes| votes.consensus());
            votes.extend(consensus.map(|truth| outcome(truth, given)));
        }
        scores.push(json!({
            "package": package,
            "folder": accuracy(&labels)?,
            "consensus": accuracy(&votes)?,
        }));
    }
    println!("{}", serde_json::to_string_pretty(&scores)?);
    Ok(())
}

/// Pairs a truth with an answer. Only who is right is scored, not how sure.
fn outcome(truth: Emotion, answer: Emotion) -> Outcome {
    let share = |emotion: Emotion| f32::from(u8::from(emotion == answer));
    Outcome {
        truth,
        probabilities: Emotion::ALL.map(share),
    }
}

fn accuracy(outcomes: &[Outcome]) -> Result<Value, Box<dyn Error>> {
    let metrics = Metrics::of(outcomes).ok_or("no image to score")?;
    Ok(json!({
        "n": metrics.n,
        "accuracy": metrics.accuracy,
        "accuracy_ci95": metrics.accuracy_ci95,
    }))
}
