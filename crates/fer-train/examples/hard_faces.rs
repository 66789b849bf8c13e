//! The model card's figures on validation faces of all seven folders: models against what most voters see, on faces that are easy
//! and *hard* to file, how well `other` tells other expressions from the four, and each model against the first.
//!
//! ```text
//! cargo run --release --package fer-train --example hard_faces -- DATA/fer2013 DATA/fer2013_other [MODEL...]
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, Image, ImageView, Model, Prediction, Priors};
use fer_train::Votes;
use fer_train::metrics::{Gain, Metrics, Outcome, wilson};

type Outcomes<T> = Result<T, Box<dyn Error>>;

/// An image, what its voters see, and the share of them who see another expression than the four.
struct Face {
    image: Image,
    consensus: Option<Emotion>,
    other: f32,
}

/// A model under one assumption on the class mix, and its answers to the faces of both datasets.
struct Answers {
    model: String,
    priors: &'static str,
    /// To the faces of the four folders.
    ours: Vec<Prediction>,
    /// To the faces of the other folders.
    hard: Vec<Prediction>,
}

fn main() -> Outcomes<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, extra, models @ ..] = &arguments[..] else {
        return Err("expected the folders fer2013 and fer2013_other".into());
    };
    let ours = faces(Path::new(data), "ferplus_votes.csv")?;
    let hard = faces(Path::new(extra), "votes.csv")?;
    let default = [Model::DEFAULT_NAME.to_owned()];
    let models = if models.is_empty() {
        &default[..]
    } else {
        models
    };
    let mut all = Vec::new();
    for name in models {
        let natural = Classifier::from_model(Model::find(name)?)?;
        let uniform = natural.clone().with_priors(Priors::Uniform)?;
        for (priors, model) in [("natural", natural), ("uniform", uniform)] {
            all.push(Answers {
                model: name.clone(),
                priors,
                ours: predict(&model, &ours)?,
                hard: predict(&model, &hard)?,
            });
        }
    }
    println!(
        "| model | priors | validation faces | images | accuracy [95 %] | balanced | sad found | ECE |\n\
         |---|---|---|---:|---|---:|---:|---:|"
    );
    for answers in &all {
        print_scores(answers, "consensus-4", &ours, &answers.ours);
        print_scores(answers, "hard", &hard, &answers.hard);
    }
    let natural: Vec<&Answers> = all.iter().filter(|a| a.priors == "natural").collect();
    println!(
        "\n| model | other expressions | consensus-4 | AUROC | threshold | found [95 %] | false alarms |\n\
         |---|---:|---:|---:|---:|---|---:|"
    );
    for answers in &natural {
        print_other(answers, &ours, &hard);
    }
    if let [first, rest @ ..] = &natural[..] {
        for other in rest {
            print_gain(first, other, &ours);
        }
    }
    Ok(())
}

/// The validation images of a dataset on which somebody voted.
fn faces(root: &Path, votes: &str) -> Outcomes<Vec<Face>> {
    let votes = Votes::load(&root.join(votes))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for class in std::fs::read_dir(root.join("validation"))? {
        for file in std::fs::read_dir(class?.path())? {
            paths.push(file?.path());
        }
    }
    paths.sort();
    let mut faces = Vec::new();
    for path in paths {
        let ballot = votes.of(path.strip_prefix(root)?);
        let other = ballot.and_then(|ballot| ballot.other_share());
        if let (Some(ballot), Some(other)) = (ballot, other) {
            faces.push(Face {
                image: Image::open(&path)?,
                consensus: ballot.consensus(),
                other,
            });
        }
    }
    Ok(faces)
}

fn predict(model: &Classifier, faces: &[Face]) -> Outcomes<Vec<Prediction>> {
    let views: Vec<ImageView<'_>> = faces.iter().map(|face| face.image.view()).collect();
    Ok(model.predict_batch(&views)?)
}

/// The faces that most voters see one of the four in.
fn chosen<'a>(
    faces: &'a [Face],
    answers: &'a [Prediction],
) -> impl Iterator<Item = (Emotion, &'a Prediction)> {
    let pairs = faces.iter().zip(answers);
    pairs.filter_map(|(face, answer)| Some((face.consensus?, answer)))
}

fn print_scores(answers: &Answers, title: &str, faces: &[Face], of_faces: &[Prediction]) {
    let outcomes: Vec<Outcome> = chosen(faces, of_faces)
        .map(|(truth, answer)| Outcome {
            truth,
            probabilities: answer.probabilities(),
        })
        .collect();
    let Some(metrics) = Metrics::of(&outcomes) else {
        return;
    };
    let [low, high] = metrics.accuracy_ci95;
    println!(
        "| `{}` | {} | {title} | {} | {:.3} [{low:.3}, {high:.3}] | {:.3} | {:.3} | {:.3} |",
        answers.model,
        answers.priors,
        metrics.n,
        metrics.accuracy,
        metrics.balanced_accuracy,
        metrics.per_class[Emotion::Sad].recall.unwrap_or(f64::NAN),
        metrics.ece
    );
}

/// Prints how well the share of other expressions tells faces that most voters see something else in from consensus-4.
fn print_other(answers: &Answers, ours: &[Face], hard: &[Face]) {
    let four: Vec<f32> = chosen(ours, &answers.ours)
        .filter_map(|(_, answer)| answer.other())
        .collect();
    let all = (ours.iter().zip(&answers.ours)).chain(hard.iter().zip(&answers.hard));
    let others: Vec<f32> = all
        .filter(|(face, _)| face.other > 0.5)
        .filter_map(|(_, answer)| answer.other())
        .collect();
    let threshold = answers.ours.iter().find_map(Prediction::other_share);
    let (Some(threshold), Some(auroc)) = (threshold, auroc(&four, &others)) else {
        println!("| `{}` | | | none | | | |", answers.model);
        return;
    };
    let above = |shares: &[f32]| shares.iter().filter(|&&s| s > threshold.threshold).count();
    let found = wilson(above(&others), others.len());
    println!(
        "| `{}` | {} | {} | {auroc:.3} | {:.2} | {:.3} [{:.3}, {:.3}] | {:.3} |",
        answers.model,
        others.len(),
        four.len(),
        threshold.threshold,
        above(&others) as f64 / others.len() as f64,
        found[0],
        found[1],
        above(&four) as f64 / four.len() as f64,
    );
}

/// The probability that one of `others` lies above one of `four`, ties counted half.
fn auroc(four: &[f32], others: &[f32]) -> Option<f64> {
    let below = others.iter().map(|&other| {
        let lower = four.iter().filter(|&&share| share < other).count() as f64;
        let ties = four.iter().filter(|&&share| share == other).count() as f64;
        lower + 0.5 * ties
    });
    let pairs = four.len() * others.len();
    (pairs > 0).then(|| below.sum::<f64>() / pairs as f64)
}

/// Prints on how many faces `other` is right and `first` is not, and the other way round.
fn print_gain(first: &Answers, other: &Answers, ours: &[Face]) {
    let emotions = |answers: &Answers| -> Vec<Emotion> {
        let all = chosen(ours, &answers.ours);
        all.map(|(_, answer)| answer.emotion()).collect()
    };
    let truths: Vec<Emotion> = chosen(ours, &first.ours).map(|(truth, _)| truth).collect();
    let gain = Gain::of(&truths, &emotions(first), &emotions(other));
    println!("\n{} against {}: {gain:?}", other.model, first.model);
}
