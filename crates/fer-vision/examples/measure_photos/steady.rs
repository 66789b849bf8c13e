//! Measures what one level of noise changes, and how many tilted heads are found and named: with the detector's box alone, and framed.

use std::path::Path;

use fer_core::framing::{Framing, GrayPatch};
use fer_core::{Image, ImageView, Prediction};
use fer_vision::{Analyzer, Face, FaceBox, FaceCrop, FaceDetector, FaceSearch, SeetaDetector};

use super::crops::{bordered, searching, truth_of};
use super::scenes::{matches, to_image};

/// Noisy copies of each image.
const COPIES: u64 = 4;

/// Changes under noise, of one way to judge a face.
#[derive(Default)]
struct Changes {
    /// The largest change of a probability.
    probability: Vec<f32>,
    /// The largest shift of the judged square's center and change of its side, in its sides.
    square: Vec<f32>,
}

/// Prints what noise of one level changes on the photos, or face crops, in `folder`; of crops every `stride`-th is taken.
pub(super) fn noise(folder: &Path, stride: usize) {
    let analyzer = searching();
    let (mut faces, mut lost) = (0, 0);
    let [mut detected, mut boxed, mut framed] = std::array::from_fn(|_| Changes::default());
    let detector = SeetaDetector::new().unwrap();
    let detect = |image: &Image, face: &FaceBox| {
        let found = detector.detect(&image.view(), &FaceSearch::default());
        let mut found = found.unwrap().into_iter().map(|face| face.bounds);
        found.find(|found| matches(found, face))
    };
    for file in fer_vision::expand_inputs([folder])
        .unwrap()
        .iter()
        .step_by(stride)
    {
        let image = opened(file);
        let before = analyzer.image(&image.view()).unwrap();
        faces += before.len();
        for copy in 0..COPIES {
            let noisy = with_noise(&image.view(), copy);
            let after = analyzer.image(&noisy.view()).unwrap();
            for old in &before {
                let truth = old.bounds.unwrap();
                let near = |face: &&Face| matches(&face.bounds.unwrap(), &truth);
                let Some(new) = after.iter().find(near) else {
                    lost += 1;
                    continue;
                };
                framed.add(
                    (&old.framing.unwrap(), &old.prediction),
                    (&new.framing.unwrap(), &new.prediction),
                );
                let boxes = [(&image, old), (&noisy, new)].map(|(image, face)| {
                    let bounds = face.bounds.unwrap();
                    (image, bounds, detect(image, &bounds).unwrap_or(bounds))
                });
                let alone = boxes.map(|(image, bounds, _)| judged_by_box(&analyzer, image, bounds));
                boxed.add_pair(&alone);
                let alone = boxes.map(|(image, _, bounds)| judged_by_box(&analyzer, image, bounds));
                detected.add_pair(&alone);
            }
        }
    }
    println!(
        "{faces} faces, {COPIES} noisy copies of each: n = {}, {lost} not found again\n",
        framed.probability.len()
    );
    println!(
        "| | change of a probability, 95 % | largest | square moves, 95 %, sides | largest |\n|---|---|---|---|---|"
    );
    for (name, changes) in [
        ("the detector's box alone", detected),
        ("the box of the result alone", boxed),
        ("framed", framed),
    ] {
        let [p95, p, s95, s] = [
            (&changes.probability, 0.95),
            (&changes.probability, 1.0),
            (&changes.square, 0.95),
            (&changes.square, 1.0),
        ]
        .map(|(values, share)| quantile(values, share));
        println!("| {name} | {p95:.4} | {p:.3} | {s95:.3} | {s:.3} |");
    }
}

impl Changes {
    fn add_pair(&mut self, [old, new]: &[(Framing, Prediction); 2]) {
        self.add((&old.0, &old.1), (&new.0, &new.1));
    }

    fn add(&mut self, old: (&Framing, &Prediction), new: (&Framing, &Prediction)) {
        let probabilities = |prediction: &Prediction| prediction.probabilities();
        let changes = probabilities(old.1)
            .into_iter()
            .zip(probabilities(new.1))
            .map(|(old, new)| (old - new).abs());
        self.probability.push(changes.fold(0.0, f32::max));
        let (old, new) = (old.0, new.0);
        let moves = [old.x - new.x, old.y - new.y, old.side - new.side];
        let largest = moves.into_iter().map(f32::abs).fold(0.0, f32::max);
        self.square.push(largest / old.side);
    }
}

/// A face judged by its box alone: one crop of 1.1 sides around it. The square is that of the box.
fn judged_by_box(analyzer: &Analyzer, image: &Image, bounds: FaceBox) -> (Framing, Prediction) {
    let crop = FaceCrop::new(&image.view(), &bounds).unwrap();
    let prediction = analyzer.classifier().predict(&crop.view()).unwrap();
    let (x, y) = bounds.center();
    let side = bounds.width.max(bounds.height) as f32;
    let square = Framing {
        x,
        y,
        side,
        roll: 0.0,
    };
    (square, prediction)
}

/// Prints how many of the face crops in the class folders of `folder` are found and named when they are tilted.
pub(super) fn tilt(folder: &Path, stride: usize) {
    let analyzer = searching();
    let crops: Vec<_> = fer_vision::expand_inputs([folder])
        .unwrap()
        .into_iter()
        .step_by(stride)
        .map(|file| (to_image(bordered(&file)), truth_of(&file)))
        .collect();
    let middle_face = |image: &Image| {
        let faces = analyzer.image(&image.view()).unwrap();
        let side = image.width() / 2;
        let corner = (image.width() - side) / 2;
        let truth = FaceBox::try_from([corner, corner, side, side]).unwrap();
        faces
            .into_iter()
            .find(|face| matches(&face.bounds.unwrap(), &truth))
    };
    let upright: Vec<_> = crops
        .iter()
        .filter(|(crop, _)| middle_face(crop).is_some())
        .collect();
    println!(
        "{} of {} crops have a face when upright\n",
        upright.len(),
        crops.len()
    );
    println!(
        "| tilt | found | right, the box alone | right, framed | roll, median error |\n|---|---|---|---|---|"
    );
    for degrees in [0.0_f32, 15.0, 25.0, 35.0, -15.0, -25.0, -35.0] {
        let (mut found, mut boxed, mut framed, mut errors) = (0, 0, 0, Vec::new());
        for (crop, truth) in &upright {
            let image = tilted(crop, degrees);
            let Some(face) = middle_face(&image) else {
                continue;
            };
            found += 1;
            framed += usize::from(face.prediction.emotion() == *truth);
            let (_, alone) = judged_by_box(&analyzer, &image, face.bounds.unwrap());
            boxed += usize::from(alone.emotion() == *truth);
            errors.push((face.roll().unwrap() - degrees).abs());
        }
        let share = |count: usize, of: usize| 100.0 * count as f64 / of as f64;
        println!(
            "| {degrees}° | {:.1} % | {:.1} % | {:.1} % | {:.1}° |",
            share(found, upright.len()),
            share(boxed, found),
            share(framed, found),
            quantile(&errors, 0.5)
        );
    }
}

/// An image file; a face crop with its edges repeated around it.
fn opened(file: &Path) -> Image {
    const LARGEST_CROP: u32 = 100;
    let image = Image::open(file).unwrap();
    if image.width().max(image.height()) <= LARGEST_CROP {
        return to_image(bordered(file));
    }
    image
}

/// The image turned clockwise about its center.
fn tilted(image: &Image, degrees: f32) -> Image {
    let side = image.width();
    let square = Framing {
        x: side as f32 / 2.0,
        y: side as f32 / 2.0,
        side: side as f32,
        roll: -degrees.to_radians(),
    };
    let patch = GrayPatch::around(&image.view(), &square, side).unwrap();
    patch.cut(&square, side).unwrap()
}

/// The image with -1, 0 or 1 added to each of its values.
fn with_noise(image: &ImageView<'_>, seed: u64) -> Image {
    let mut state = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut noisy = |value: &u8| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        match state % 3 {
            0 => value.saturating_sub(1),
            1 => *value,
            _ => value.saturating_add(1),
        }
    };
    let pixels = image.rows().flatten().map(&mut noisy).collect();
    Image::new(pixels, image.width(), image.height(), image.format()).unwrap()
}

fn quantile(values: &[f32], share: f32) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let index = ((sorted.len().max(1) - 1) as f32 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f32::NAN)
}
