//! The deletion test of explanations, and what one costs.

use std::path::Path;
use std::time::Instant;

use fer_core::{Classifier, Emotion, Image, PixelFormat};

use super::deletion::losses;

/// Faces of each class, at most.
const FACES: usize = 150;
/// The probability from which a face takes part.
const SURE: f32 = 0.7;

/// Prints what covering the marked parts costs the probability, for the class folders in `folder`.
pub(super) fn measure(folder: &Path) {
    let classifier = Classifier::pretrained().unwrap().with_threads(1);
    println!(
        "| | n | what its map marks | blocks at random | what another face's map marks |\n|---|---|---|---|---|"
    );
    for emotion in Emotion::ALL {
        let files = fer_vision::expand_inputs([folder.join(emotion.label())]).unwrap();
        let step = (files.len() / FACES).max(1);
        let faces: Vec<Vec<u8>> = files
            .iter()
            .step_by(step)
            .map(|file| input_of(&classifier, file))
            .collect();
        let losses = losses(&classifier, &faces, emotion, SURE);
        println!(
            "| {emotion} | {} | {:.3} | {:.3} | {:.3} |",
            losses.faces, losses.own, losses.random, losses.other
        );
    }
    let size = classifier.model().preprocessing.input_size as u32;
    let face = vec![100; (size * size) as usize];
    let face = Image::new(face, size, size, PixelFormat::Gray8).unwrap();
    let times = (0..10).map(|_| {
        let start = Instant::now();
        classifier
            .explain(&face.view(), Some(Emotion::Happy))
            .unwrap();
        start.elapsed().as_secs_f64() * 1e3
    });
    let fastest = times.fold(f64::MAX, f64::min);
    println!("\nAn explanation takes {fastest:.0} ms on one thread.");
}

fn input_of(classifier: &Classifier, file: &Path) -> Vec<u8> {
    let preprocessing = &classifier.model().preprocessing;
    let mut face = vec![0; preprocessing.face_len()];
    let image = Image::open(file).unwrap();
    preprocessing.face_bytes(&image.view(), &mut face).unwrap();
    face
}
