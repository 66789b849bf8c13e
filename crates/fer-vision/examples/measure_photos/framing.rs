//! Framing of faces in the training data: the crop around the detector's box that is most like it, and the one that is judged best.

use std::path::Path;

use fer_core::{Classifier, Emotion, ImageView, PixelFormat};
use fer_vision::{FaceBox, FaceCrop, FaceDetector, FaceSearch, SeetaDetector};
use image::GrayImage;

use super::crops::{BORDER, ENLARGED, bordered, searching, truth_of};
use super::scenes::to_image;

/// A crop of the dataset with its edges repeated, and the face found in it.
struct Sample {
    image: GrayImage,
    truth: Emotion,
    face: FaceBox,
}

/// Prints where the crops of the class folders in `folder` lie around the detector's boxes, and accuracy by the side of the crop.
pub(super) fn measure(folder: &Path) {
    let files = fer_vision::expand_inputs([folder]).unwrap();
    let samples: Vec<Sample> = files.iter().filter_map(|file| find_face(file)).collect();
    println!("{} of {} crops have a box", samples.len(), files.len());
    print_placement(&samples);
    print_accuracy(&samples);
}

fn find_face(file: &Path) -> Option<Sample> {
    let image = bordered(file);
    let search = FaceSearch {
        min_face: Some(40),
        max_faces: Some(1),
        ..FaceSearch::default()
    };
    let found = SeetaDetector::new()
        .unwrap()
        .detect(&view(&image), &search)
        .unwrap();
    Some(Sample {
        truth: truth_of(file),
        face: found.first()?.bounds,
        image,
    })
}

fn view(image: &GrayImage) -> ImageView<'_> {
    let (width, height) = image.dimensions();
    ImageView::new(image, width, height, PixelFormat::Gray8).unwrap()
}

/// Prints the places of the dataset's crops around the boxes, in sides of the box.
fn print_placement(samples: &[Sample]) {
    let middle = BORDER as f32 + ENLARGED as f32 / 2.0;
    let placement = |Sample { face, .. }: &Sample| {
        let (x, y) = face.center();
        let side = face.width.max(face.height) as f32;
        [middle - x, middle - y, ENLARGED as f32].map(|pixels| pixels / side)
    };
    let placements: Vec<[f32; 3]> = samples.iter().map(placement).collect();
    println!(
        "\n| crop, in sides of the box | 10 % | 25 % | median | 75 % | 90 % |\n|---|---|---|---|---|---|"
    );
    let names = [
        "center, right of the box's",
        "center, below the box's",
        "side",
    ];
    for (measure, name) in names.into_iter().enumerate() {
        let mut values: Vec<f32> = placements.iter().map(|values| values[measure]).collect();
        values.sort_by(f32::total_cmp);
        let quantile = |share: f32| values[((values.len() - 1) as f32 * share) as usize];
        let [a, b, c, d, e] = [0.1, 0.25, 0.5, 0.75, 0.9].map(quantile);
        println!("| {name} | {a:.3} | {b:.3} | {c:.3} | {d:.3} | {e:.3} |");
    }
}

/// Accuracy on the same faces when cropped by the detector's box, by the side of the crop.
fn print_accuracy(samples: &[Sample]) {
    let classifier = Classifier::pretrained().unwrap();
    let accuracy = |crop: &dyn Fn(&Sample) -> GrayImage| {
        let is_right = |sample: &&Sample| {
            let prediction = classifier.predict(&view(&crop(sample))).unwrap();
            prediction.emotion() == sample.truth
        };
        let right = samples.iter().filter(is_right).count();
        100.0 * right as f64 / samples.len() as f64
    };
    println!("\n| crop | accuracy |\n|---|---|");
    println!("| the dataset's own | {:.1} % |", accuracy(&whole));
    println!(
        "| learned framing, as photos are judged | {:.1} % |",
        framed(samples)
    );
    println!("| `FaceCrop` | {:.1} % |", accuracy(&built_in));
    for percent in (80..=150).step_by(5) {
        let share = percent as f32 / 100.0;
        let accuracy = accuracy(&|sample| around_box(sample, share));
        println!("| side {share:.2} of the box's | {accuracy:.1} % |");
    }
}

/// Accuracy of the whole way from box to prediction.
fn framed(samples: &[Sample]) -> f64 {
    let analyzer = searching();
    let is_right = |sample: &&Sample| {
        let given = <[u32; 4]>::from(sample.face).map(|pixels| pixels as f32);
        let faces = analyzer.image_at(&view(&sample.image), &[given]).unwrap();
        faces[0].prediction.emotion() == sample.truth
    };
    100.0 * samples.iter().filter(is_right).count() as f64 / samples.len() as f64
}

/// The dataset's crop.
fn whole(sample: &Sample) -> GrayImage {
    image::imageops::crop_imm(&sample.image, BORDER, BORDER, ENLARGED, ENLARGED).to_image()
}

/// Cuts a face by its box alone.
fn built_in(sample: &Sample) -> GrayImage {
    let image = to_image(sample.image.clone());
    let crop = FaceCrop::new(&image.view(), &sample.face).unwrap();
    let view = crop.view();
    let pixels = view.rows().flatten().copied().collect();
    GrayImage::from_raw(view.width(), view.height(), pixels).unwrap()
}

/// A square around the center of the box.
fn around_box(sample: &Sample, share: f32) -> GrayImage {
    let (x, y) = sample.face.center();
    let side = sample.face.width.max(sample.face.height) as f32 * share;
    let [left, top] = [x, y].map(|center| (center - side / 2.0).round());
    let inside = |position: f32| (position as u32).min(sample.image.width() - 1);
    let side = side.round() as u32;
    GrayImage::from_fn(side, side, |x, y| {
        *sample
            .image
            .get_pixel(inside(left + x as f32), inside(top + y as f32))
    })
}
