//! The figures of docs/model.md on validation faces of all seven folders: models against what most voters see, how well `other` tells
//! other expressions from the four, and the paired comparison of each model with the first.
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
    println!("| model | faces | n | accuracy [95 %] | balanced | sad found | ECE |");
    println!("|---|---|---:|---|---:|---:|---:|");
    let mut first: Option<Vec<Emotion>> = None;
    for name in models {
        let model = Classifier::from_model(Model::find(name)?)?;
        let uniform = model.clone().with_priors(Priors::Uniform)?;
        let answers = predict(&model, &ours)?;
        row(name, "consensus-4, natural priors", &ours, &answers);
        row(
            name,
            "consensus-4, uniform priors",
            &ours,
            &predict(&uniform, &ours)?,
        );
        let hard_answers = predict(&model, &hard)?;
        row(name, "hard, natural priors", &hard, &hard_answers);
        row(
            name,
            "hard, uniform priors",
            &hard,
            &predict(&uniform, &hard)?,
        );
        tell_other(&ours, &answers, &hard, &hard_answers);
        let emotions: Vec<Emotion> = chosen(&ours, &answers).map(|(_, p)| p.emotion()).collect();
        let truths: Vec<Emotion> = chosen(&ours, &answers).map(|(truth, _)| truth).collect();
        if let Some(first) = &first {
            println!("{:?}", Gain::of(&truths, first, &emotions));
        }
        first.get_or_insert(emotions);
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

fn row(name: &str, title: &str, faces: &[Face], answers: &[Prediction]) {
    let outcomes: Vec<Outcome> = chosen(faces, answers)
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
        "| {name} | {title} | {} | {:.3} [{low:.3}, {high:.3}] | {:.3} | {:.3} | {:.3} |",
        metrics.n,
        metrics.accuracy,
        metrics.balanced_accuracy,
        metrics.per_class[Emotion::Sad].recall.unwrap_or(f64::NAN),
        metrics.ece
    );
}

/// Prints how well the share of other expressions tells faces that most voters see something else in from consensus-4.
fn tell_other(ours: &[Face], answers: &[Prediction], hard: &[Face], hard_answers: &[Prediction]) {
    let of_four: Vec<f32> = chosen(ours, answers)
        .filter_map(|(_, p)| p.other())
        .collect();
    let all = ours
        .iter()
        .zip(answers)
        .chain(hard.iter().zip(hard_answers));
    let others = all.clone().filter(|(face, _)| face.other > 0.5);
    let others: Vec<f32> = others.filter_map(|(_, answer)| answer.other()).collect();
    if of_four.is_empty() || others.is_empty() {
        println!("it knows no other expressions");
        return;
    }
    let above = |shares: &[f32], threshold: f32| shares.iter().filter(|&&s| s > threshold).count();
    let below = others.iter().map(|&other| {
        let lower = of_four.iter().filter(|&&four| four < other).count() as f64;
        let ties = of_four.iter().filter(|&&four| four == other).count() as f64;
        lower + 0.5 * ties
    });
    let auroc = below.sum::<f64>() / (of_four.len() * others.len()) as f64;
    let shares: Vec<(f32, f32)> = all
        .filter_map(|(face, p)| Some((face.other, p.other()?)))
        .collect();
    let bias: f32 =
        shares.iter().map(|(voted, said)| said - voted).sum::<f32>() / shares.len() as f32;
    let threshold = answers
        .iter()
        .find_map(Prediction::other_share)
        .map_or(1.0, |o| o.threshold);
    let (alarms, found) = (above(&of_four, threshold), above(&others, threshold));
    println!(
        "other expressions (n = {}) against consensus-4 (n = {}): AUROC {auroc:.3}; above the threshold {threshold:.2}: {:.3} {:.3?} \
         of them, {:.3} of consensus-4; mean share said less voted {bias:+.3}",
        others.len(),
        of_four.len(),
        found as f64 / others.len() as f64,
        wilson(found, others.len()),
        alarms as f64 / of_four.len() as f64,
    );
}
