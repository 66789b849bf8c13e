//! Explanations: maps of the right form, which mark what the answer depends on.

use std::path::{Path, PathBuf};

use fer_core::{Classifier, Emotion, Image};

use crate::deletion::losses;

/// The network's input for the images of a folder, at most `count`, in the order of their names.
fn faces(classifier: &Classifier, folder: &Path, count: usize) -> Vec<Vec<u8>> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let preprocessing = &classifier.model().preprocessing;
    let face = |file: &PathBuf| {
        let mut face = vec![0; preprocessing.face_len()];
        let image = Image::open(file).unwrap();
        preprocessing.face_bytes(&image.view(), &mut face).unwrap();
        face
    };
    files.iter().take(count).map(face).collect()
}

/// Asserts that covering what the maps mark costs more than twice as much as covering anything else.
fn assert_passes(folder: &Path, count: usize) {
    let classifier = Classifier::pretrained().unwrap().with_threads(2);
    for emotion in Emotion::ALL {
        let faces = faces(&classifier, &folder.join(emotion.label()), count);
        let losses = losses(&classifier, &faces, emotion, 0.5);
        assert!(losses.faces >= 8, "{emotion}: {losses:?}");
        assert!(
            losses.own > 2.0 * losses.random + 0.05 && losses.own > 1.2 * losses.other,
            "{emotion}: {losses:?}"
        );
    }
}

#[test]
fn drawn_faces_pass_the_deletion_test() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    assert_passes(&examples.join("faces/test"), 20);
}

#[test]
fn photographed_faces_pass_the_deletion_test() {
    let data = std::env::var_os("FER_DATA")
        .map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
            PathBuf::from,
        )
        .join("fer2013/validation");
    if !data.is_dir() {
        println!("skipped: no dataset in {}", data.display());
        return;
    }
    assert_passes(&data, 80);
}
