//! Measures what docs/photos.md states.
//!
//! ```text
//! cargo run --release -p fer-vision --example measure_photos -- recall
//! cargo run --release -p fer-vision --example measure_photos -- framing DATA/fer2013/validation
//! cargo run --release -p fer-vision --example measure_photos -- steady PHOTOS
//! cargo run --release -p fer-vision --example measure_photos -- tilt DATA/fer2013/validation
//! cargo run --release -p fer-vision --example measure_photos -- explain DATA/fer2013/validation
//! cargo run --release -p fer-vision --example measure_photos -- time
//! cargo run --release -p fer-vision --example measure_photos -- video
//! cargo run --release -p fer-vision --example measure_photos -- memory 10000
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crops;
#[path = "../../../../tests/core/deletion.rs"]
mod deletion;
mod explain;
mod framing;
#[path = "../../../../tests/vision/scenes.rs"]
mod scenes;
mod speed;
mod steady;

use std::path::Path;

use fer_vision::{FaceDetector, FaceSearch, SeetaDetector};

use self::scenes::{drawn_faces, empty_room, matches, scene, to_image};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["recall"] => recall(),
        ["framing", folder] => framing::measure(Path::new(folder)),
        ["steady", folder] => steady::noise(Path::new(folder), 1),
        ["steady", folder, stride] => steady::noise(Path::new(folder), number(stride)),
        ["tilt", folder] => steady::tilt(Path::new(folder), 1),
        ["tilt", folder, stride] => steady::tilt(Path::new(folder), number(stride)),
        ["explain", folder] => explain::measure(Path::new(folder)),
        ["time"] => speed::photos(),
        ["video"] => speed::video(),
        ["serve"] => speed::serve(),
        ["memory", count] => speed::memory(number(count)),
        _ => panic!("expected one of the commands that the documentation of this program lists"),
    }
}

fn number(argument: &str) -> usize {
    argument.parse().expect("a number")
}

/// Recall and false boxes on scenes of drawn faces, by the side of the face box.
fn recall() {
    const SCENES: usize = 10;
    let detector = SeetaDetector::new().unwrap();
    let find = |image| {
        let image = to_image(image);
        detector
            .detect(&image.view(), &FaceSearch::default())
            .unwrap()
    };
    let crops = drawn_faces();
    println!("| face, px | faces | recall | false boxes a scene |\n|---|---|---|---|");
    for size in [16, 20, 24, 28, 32, 40, 64, 96, 160, 240] {
        let (mut faces, mut hits, mut false_boxes) = (0, 0, 0);
        let mut crops = crops.iter().cycle();
        for _ in 0..SCENES {
            let scene = scene(size, &mut crops);
            let found = find(scene.image);
            let is_found = |truth: &&_| found.iter().any(|face| matches(&face.bounds, truth));
            let matching = scene.faces.iter().filter(is_found).count();
            faces += scene.faces.len();
            hits += matching;
            false_boxes += found.len().saturating_sub(matching);
        }
        let recall = 100.0 * hits as f64 / faces as f64;
        let false_boxes = false_boxes as f64 / SCENES as f64;
        println!("| {size} | {faces} | {recall:.1} % | {false_boxes:.2} |");
    }
    println!("empty room: {} boxes", find(empty_room()).len());
}
