//! From pixels to predictions: preprocessing by source size, faces a second by batch size and threads, and the time from a
//! built-in model's bytes to the first answer.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fer_core::{
    Calibration, Classifier, ImageView, Model, ModelConfig, PerEmotion, PixelFormat, Preprocessing,
    Provenance, Weights,
};

fn pixels(count: usize) -> Vec<u8> {
    (0..count as u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// The default network with weights that keep activations in range; speed does not depend on what it knows.
fn model() -> fer_core::Result<Model> {
    let config = ModelConfig::default();
    let spec = config.network_spec()?;
    let parameters = pixels(spec.parameter_count());
    Ok(Model {
        weights: Weights {
            parameters: parameters
                .iter()
                .map(|&byte| (f32::from(byte) - 127.5) / 1024.0)
                .collect(),
            statistics: vec![1.0; spec.statistics_count()],
        },
        config,
        preprocessing: Preprocessing::default(),
        calibration: Calibration::default(),
        other: None,
        class_mix: PerEmotion([0.25; 4]),
        provenance: Provenance::default(),
    })
}

fn preprocess(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("preprocess");
    let preprocessing = Preprocessing::default();
    let mut face = vec![0; preprocessing.face_len()];
    let mut input = vec![0.0; preprocessing.face_len()];
    let sources = [
        (48, PixelFormat::Gray8),
        (48, PixelFormat::Rgb8),
        (224, PixelFormat::Rgb8),
        (1080, PixelFormat::Rgb8),
    ];
    for (side, format) in sources {
        let data = pixels(side * side * format.channels());
        let Ok(view) = ImageView::new(&data, side as u32, side as u32, format) else {
            continue;
        };
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{side}x{side} {format}"), |bencher| {
            bencher.iter(|| {
                let written = preprocessing.face_bytes(black_box(&view), &mut face);
                written.and_then(|()| preprocessing.normalize(&face, &mut input))
            });
        });
    }
    group.finish();
}

fn predict(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("predict");
    let data = pixels(48 * 48);
    let (Ok(view), Ok(classifier)) = (
        ImageView::new(&data, 48, 48, PixelFormat::Gray8),
        model().and_then(Classifier::from_model),
    ) else {
        return;
    };
    for threads in [1, 2] {
        let classifier = classifier.clone().with_threads(threads);
        for batch in [1, 8, 64] {
            let views = vec![view; batch];
            group.throughput(Throughput::Elements(batch as u64));
            let id = BenchmarkId::new(format!("{threads} threads"), batch);
            group.bench_function(id, |bencher| {
                bencher.iter(|| match views.as_slice() {
                    [view] => classifier
                        .predict(black_box(view))
                        .map(|prediction| vec![prediction]),
                    views => classifier.predict_batch(black_box(views)),
                });
            });
        }
    }
    group.finish();
}

/// What a program waits for before its first answer, beside starting itself.
fn cold_start(criterion: &mut Criterion) {
    let data = pixels(48 * 48);
    let Ok(view) = ImageView::new(&data, 48, 48, PixelFormat::Gray8) else {
        return;
    };
    criterion.bench_function("first prediction of a built-in model", |bencher| {
        bencher.iter(|| {
            let classifier = Classifier::pretrained()?.with_threads(1);
            classifier.predict(black_box(&view))
        });
    });
}

criterion_group!(benches, preprocess, predict, cold_start);
criterion_main!(benches);
