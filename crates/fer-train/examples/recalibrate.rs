//! Calibrates a model again, on the images that it was validated on or on your own: fits the temperature and keeps the conformal
//! scores of its label sets. The weights stay as they are.
//!
//! ```text
//! cargo run --release --package fer-train --example recalibrate -- MODEL OUT DATA/fer2013/validation [DATA/fer2013/ferplus_votes.csv]
//! ```
//!
//! With votes, the truth is the label that most voters agree on, and images without one are left out.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use fer_core::{Calibration, Classifier, Emotion, Model, WeightStorage};
use fer_train::{ClassFolders, EvaluationOptions, ScanOptions, Votes, calibrate, evaluate};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [model, out, folder, votes @ ..] = &arguments[..] else {
        return Err("expected a model, the file to write and a folder of classes".into());
    };
    let mut model = Model::find(model.to_str().ok_or("a model's name is text")?)?;
    let votes = votes.first().map(|file| Votes::load(file)).transpose()?;
    let faces = answers(&model, folder, votes.as_ref())?;
    let temperature = model.calibration.temperature();
    // The temperature of the same images changes in the last digits only, if at all.
    let fitted = calibrate(&faces)?.temperature();
    println!(
        "{} images, temperature {temperature}, fitted {fitted}",
        faces.len()
    );
    if (fitted / temperature - 1.0).abs() > 1e-3 {
        model.calibration = calibrate(&faces)?;
    } else {
        model.calibration = Calibration::from_logits(temperature, faces)?;
    }
    model.save(out, WeightStorage::F16)?;
    Ok(())
}

/// Logits and truth of an image.
type Answer = ([f32; Emotion::COUNT], Emotion);

/// Returns logits and truth of each image of a folder.
fn answers(
    model: &Model,
    folder: &Path,
    votes: Option<&Votes>,
) -> Result<Vec<Answer>, Box<dyn Error>> {
    let temperature = model.calibration.temperature();
    let classifier = Classifier::from_model(model.clone())?;
    let folder = ClassFolders::scan(folder, ScanOptions::default())?;
    let options = EvaluationOptions::default();
    let evaluation = evaluate(&classifier, &folder, options, |_, _| {
        ControlFlow::Continue(())
    })?;
    let split = folder.root().file_name().unwrap_or_default();
    let truth = |image: &fer_train::EvaluatedImage| match votes {
        Some(votes) => votes.of(&Path::new(split).join(&image.path))?.consensus(),
        None => Some(image.truth),
    };
    // The logarithm of a probability is its logit over the temperature, up to a constant.
    let logits = |probability: f32| temperature * probability.max(f32::MIN_POSITIVE).ln();
    let answers = (evaluation.predictions.iter())
        .filter_map(|image| Some((image.probabilities.0.map(logits), truth(image)?)));
    Ok(answers.collect())
}
