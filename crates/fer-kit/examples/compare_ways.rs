//! Compares ways to judge a face on labeled crops, image by image: the JPEG decoder of the crate `image` with that of this
//! workspace, and crops by the detector's box alone with framed ones, as photos are judged.
//!
//! ```text
//! cargo run --release -p fer-kit --example compare_ways -- DATA/fer2013/validation
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};

use fer_core::{
    Classifier, Emotion, Image, ImageView, PerEmotion, PixelFormat, Prediction, Threads,
};
use fer_train::{Comparison, EvaluatedImage, compare};
use fer_vision::{
    Analyzer, AnalyzerOptions, FaceCrop, FaceDetector, FaceMode, FaceSearch, SeetaDetector,
};
use image::GrayImage;
use image::imageops::FilterType;

/// Crops are enlarged, and their edges repeated around them, so that the detector sees all of the face.
const ENLARGED: u32 = 96;
const BORDER: u32 = 48;

fn main() {
    let folder = std::env::args().nth(1).expect("a folder of class folders");
    let files = fer_vision::expand_inputs([&folder]).unwrap();
    let threads = Threads::new(0).unwrap();
    let ways = Ways::new();
    println!(
        "| a | b | images | a | b | difference [95 %] | only a right | only b right | p, McNemar |\n\
         |---|---|---|---|---|---|---|---|---|"
    );
    let decoded = threads.map(&files, |file| Some(ways.by_decoder(file)));
    print("decoder of `image`", "own decoder", &files, decoded);
    let cropped = threads.map(&files, |file| ways.by_crop(file));
    print("box alone", "framed", &files, cropped);
}

/// The classifier, the detector and the analyzer that the ways are made of.
struct Ways {
    classifier: Classifier,
    detector: SeetaDetector,
    analyzer: Analyzer,
}

impl Ways {
    fn new() -> Self {
        let classifier = Classifier::pretrained().unwrap().with_threads(1);
        let options = AnalyzerOptions {
            faces: FaceMode::Find,
            threads: 1,
            ..AnalyzerOptions::default()
        };
        Self {
            analyzer: Analyzer::new(classifier.clone(), options).unwrap(),
            detector: SeetaDetector::new().unwrap(),
            classifier,
        }
    }

    /// The whole crop, as either decoder reads it.
    fn by_decoder(&self, file: &Path) -> [Prediction; 2] {
        let theirs = image::open(file).unwrap().into_luma8();
        let ours = Image::open(file).unwrap();
        [view(&theirs), ours.view()].map(|image| self.classifier.predict(&image).unwrap())
    }

    /// The face found in the crop, cut by the detector's box alone, and framed; `None` if none is found.
    fn by_crop(&self, file: &Path) -> Option<[Prediction; 2]> {
        let image = bordered(file);
        let image = view(&image);
        let search = FaceSearch {
            max_faces: Some(1),
            ..FaceSearch::default()
        };
        let found = self.detector.detect(&image, &search).unwrap();
        let crop = FaceCrop::new(&image, &found.first()?.bounds).unwrap();
        let alone = self.classifier.predict(&crop.view()).unwrap();
        let framed = self.analyzer.image(&image).unwrap().into_iter().next()?;
        Some([alone, framed.prediction])
    }
}

fn view(image: &GrayImage) -> ImageView<'_> {
    ImageView::new(image, image.width(), image.height(), PixelFormat::Gray8).unwrap()
}

/// A crop, enlarged, with its edges repeated around it.
fn bordered(file: &Path) -> GrayImage {
    let ours = Image::open(file).unwrap();
    let (width, height) = (ours.width(), ours.height());
    let crop = GrayImage::from_raw(width, height, ours.pixels().to_vec()).expect("a gray crop");
    let crop = image::imageops::resize(&crop, ENLARGED, ENLARGED, FilterType::Triangle);
    let side = ENLARGED + 2 * BORDER;
    let inner = |position: u32| position.saturating_sub(BORDER).min(ENLARGED - 1);
    GrayImage::from_fn(side, side, |x, y| *crop.get_pixel(inner(x), inner(y)))
}

/// Prints the row of two ways.
fn print(a: &str, b: &str, files: &[PathBuf], answers: Vec<Option<[Prediction; 2]>>) {
    let [mut of_a, mut of_b] = [Vec::new(), Vec::new()];
    for (file, answers) in files.iter().zip(answers) {
        if let Some([a, b]) = answers {
            of_a.push(evaluated(file, &a));
            of_b.push(evaluated(file, &b));
        }
    }
    let Comparison { all, p_value, .. } = compare(&of_a, &of_b).unwrap();
    let [low, high] = all.difference_ci95;
    println!(
        "| {a} | {b} | {} | {:.4} | {:.4} | {:+.4} [{low:+.4}, {high:+.4}] | {} | {} | {p_value:.3} |",
        all.n, all.accuracy_a, all.accuracy_b, all.difference, all.only_a, all.only_b
    );
}

fn evaluated(file: &Path, prediction: &Prediction) -> EvaluatedImage {
    let class = file.parent().and_then(Path::file_name).unwrap();
    EvaluatedImage {
        path: file.display().to_string(),
        truth: class.to_str().unwrap().parse::<Emotion>().unwrap(),
        emotion: prediction.emotion(),
        probabilities: PerEmotion(prediction.probabilities()),
        other: prediction.other(),
        votes: None,
    }
}
