//! Time a photo, frames a second, and memory over many photos.

use std::time::Instant;

use fer_core::{Classifier, Image};
use fer_vision::{
    Analyzer, AnalyzerOptions, FaceCrop, FaceDetector, FaceSearch, FaceStream, SeetaDetector,
    StreamOptions,
};
use image::imageops::FilterType;

use super::scenes::{drawn_faces, empty_room, example, put_face};

/// An analyzer on so many threads.
fn analyzer(threads: usize) -> Analyzer {
    let classifier = Classifier::pretrained().unwrap().with_threads(threads);
    let options = AnalyzerOptions {
        threads,
        ..AnalyzerOptions::default()
    };
    Analyzer::new(classifier, options).unwrap()
}

/// Time of each step from a JPEG of the sample group of five to its predictions, on one thread, by the size of the photo.
pub(super) fn photos() {
    let analyzer = analyzer(1);
    let detector = SeetaDetector::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let group = image::open(example("photos/group.jpg")).unwrap();
    println!(
        "| photo | megapixels | faces | decode, ms | find, ms | predict a face, ms | all, ms |\n\
         |---|---|---|---|---|---|---|"
    );
    for (width, height) in [(640, 480), (1152, 864), (4000, 3000)] {
        let path = folder.path().join("photo.jpg");
        let photo = group.resize_exact(width, height, FilterType::Triangle);
        photo.save(&path).unwrap();
        let photo = Image::open(&path).unwrap();
        let faces = analyzer.path(&path).outcome.unwrap();
        let bounds = faces[0].bounds.unwrap();

        let decode = fastest(|| drop(Image::open(&path).unwrap()));
        let search = FaceSearch::default();
        let find = fastest(|| drop(detector.detect(&photo.view(), &search).unwrap()));
        let predict = fastest(|| {
            let crop = FaceCrop::new(&photo.view(), &bounds).unwrap();
            analyzer.classifier().predict(&crop.view()).unwrap();
        });
        let all = fastest(|| drop(analyzer.path(&path).outcome.unwrap()));
        let megapixels = f64::from(width) * f64::from(height) / 1e6;
        let faces = faces.len();
        println!(
            "| {width}x{height} | {megapixels:.1} | {faces} | {decode:.1} | {find:.1} | {predict:.2} | {all:.1} |"
        );
    }
}

/// The least of several times, in milliseconds.
fn fastest(mut work: impl FnMut()) -> f64 {
    let times = (0..20).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap().as_secs_f64() * 1e3
}

/// Frames a second of 640x480 video with one moving face, on two threads.
pub(super) fn video() {
    const FRAMES: u32 = 300;
    const FRAMES_PER_SECOND: f64 = 30.0;
    let crop = &drawn_faces()[0];
    let frame = |number: u32| {
        // To and fro across the room in 5 seconds.
        let x = 120 + 5 * (number % 150).abs_diff(75);
        let mut room = empty_room();
        put_face(&mut room, crop, (x, 240), 120);
        let rgb = image::DynamicImage::from(room).into_rgb8();
        Image::new(rgb.into_raw(), 640, 480, fer_core::PixelFormat::Rgb8).unwrap()
    };
    let mut stream = FaceStream::new(analyzer(2), StreamOptions::default());
    let (mut times, mut faces) = (Vec::new(), 0);
    for number in 0..FRAMES {
        let frame = frame(number);
        let start = Instant::now();
        let seen = stream.push(f64::from(number) / FRAMES_PER_SECOND, &frame.view());
        times.push(start.elapsed().as_secs_f64());
        faces += seen.unwrap().len();
    }
    let total: f64 = times.iter().sum();
    times.sort_by(f64::total_cmp);
    println!(
        "{FRAMES} frames, {faces} faces: {:.0} frames a second; a frame takes {:.1} ms (median), {:.1} ms (worst)",
        f64::from(FRAMES) / total,
        1e3 * times[times.len() / 2],
        1e3 * times[times.len() - 1],
    );
}

/// Answers lines `COUNT PATH` with the times of predicting a photo so many times on one thread: our side of benches/photos.py.
pub(super) fn serve() {
    let analyzer = analyzer(1);
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (count, path) = line.split_once(' ').expect("COUNT PATH");
        let (mut seconds, mut faces) = (Vec::new(), 0);
        for _ in 0..count.parse().unwrap() {
            let start = Instant::now();
            faces = analyzer.path(path).outcome.unwrap().len();
            seconds.push(start.elapsed().as_secs_f64());
        }
        println!(
            "{}",
            serde_json::json!({ "seconds": seconds, "faces": faces })
        );
    }
}

/// Resident memory while many photos are read.
pub(super) fn memory(count: usize) {
    let analyzer = analyzer(0);
    let photos = fer_vision::expand_inputs([example("photos")]).unwrap();
    let paths: Vec<_> = photos.into_iter().cycle().take(count).collect();
    let start = Instant::now();
    let mut faces = 0;
    println!("| photos | faces | resident, MB | seconds |\n|---|---|---|---|");
    for (done, result) in (1..).zip(analyzer.paths(paths)) {
        faces += result.faces().len();
        if done % (count / 10).max(1) == 0 {
            let (memory, seconds) = (resident_megabytes(), start.elapsed().as_secs_f64());
            println!("| {done} | {faces} | {memory:.0} | {seconds:.0} |");
        }
    }
}

fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let mut fields = status.lines().filter_map(|line| line.split_once(':'));
    let (_, resident) = fields.find(|(name, _)| *name == "VmRSS").unwrap();
    let kilobytes: f64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes / 1024.0
}
