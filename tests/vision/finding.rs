//! The built-in detector on drawn scenes.

use fer_core::{Image, ImageView, PixelFormat};
use fer_vision::{Detection, FaceBox, FaceCrop, FaceDetector, FaceSearch, SeetaDetector};
use image::GrayImage;
use proptest::prelude::*;

use crate::scenes::{
    self, drawn_faces, empty_room, gray_example, matches, resized, scene, to_image,
};

fn detect(image: &ImageView<'_>, search: &FaceSearch) -> Vec<Detection> {
    SeetaDetector::new().unwrap().detect(image, search).unwrap()
}

fn find(image: &GrayImage) -> Vec<Detection> {
    detect(&to_image(image.clone()).view(), &FaceSearch::default())
}

fn group() -> Image {
    to_image(gray_example("photos/group.jpg"))
}

#[test]
fn faces_of_all_sizes_are_found_where_they_are() {
    const SCENES: usize = 3;
    let crops = drawn_faces();
    for (size, least_recall) in [(24, 0.85), (32, 0.95), (64, 0.98), (160, 1.0)] {
        let mut crops = crops.iter().cycle();
        let (mut faces, mut hits, mut boxes) = (0, 0, 0);
        for _ in 0..SCENES {
            let scene = scene(size, &mut crops);
            let found = find(&scene.image);
            let is_found = |truth: &&FaceBox| found.iter().any(|face| matches(&face.bounds, truth));
            faces += scene.faces.len();
            hits += scene.faces.iter().filter(is_found).count();
            boxes += found.len();
        }
        let recall = hits as f32 / faces as f32;
        assert!(recall >= least_recall, "{size} px: {hits} of {faces}");
        assert!(boxes <= hits + 1, "{size} px: {boxes} boxes, {hits} faces");
    }
}

#[test]
fn faces_too_small_for_the_memory_are_an_error() {
    let photo = GrayImage::new(4_000, 3_000);
    let search = FaceSearch {
        min_face: Some(1),
        ..FaceSearch::default()
    };
    let photo = to_image(photo);
    let detector = SeetaDetector::new().unwrap();
    let error = detector.detect(&photo.view(), &search).unwrap_err();
    assert_eq!(error.kind(), fer_core::ErrorKind::InvalidArgument);
}

#[test]
fn an_empty_room_has_no_face() {
    assert_eq!(find(&empty_room()), []);
}

/// The detector runs SeetaFace's cascade; `rustface` is the port that others use.
#[test]
fn what_rustface_finds_is_found() {
    const MODEL: &[u8] = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/models/seeta_fd_frontal_v1.0.bin"
    ));
    let mut reference = rustface::create_detector_with_model(rustface::read_model(MODEL).unwrap());
    reference.set_min_face_size(40);
    reference.set_score_thresh(2.0);
    reference.set_pyramid_scale_factor(0.8);
    reference.set_slide_window_step(4, 4);
    let crops = drawn_faces();
    let mut crops = crops.iter().cycle();
    for size in [48, 96, 160] {
        let image = scene(size, &mut crops).image;
        let found = find(&image);
        let data = rustface::ImageData::new(&image, image.width(), image.height());
        let expected = reference.detect(&data);
        assert!(!expected.is_empty());
        for face in expected {
            let bounds = face.bbox();
            let bounds = FaceBox::clamped(
                bounds.x() as f32,
                bounds.y() as f32,
                bounds.width() as f32,
                bounds.height() as f32,
                image.width(),
                image.height(),
            )
            .unwrap();
            let best = found.iter().map(|face| face.bounds.iou(&bounds));
            let best = best.fold(0.0, f32::max);
            assert!(best > 0.6, "{size} px: {bounds:?}, best overlap {best}");
        }
    }
}

/// A turned copy of such an image would have half a gigabyte.
#[test]
fn a_strip_is_searched_in_a_moment() {
    let (width, height) = (32_000, 100);
    let strip = Image::new(vec![128; 32_000 * 100], width, height, PixelFormat::Gray8).unwrap();
    let start = std::time::Instant::now();
    assert!(detect(&strip.view(), &FaceSearch::default()).is_empty());
    let seconds = start.elapsed().as_secs_f32();
    assert!(seconds < 10.0, "{seconds} s");
}

#[test]
fn the_search_is_limited_as_asked() {
    let group = group();
    let found = |search: FaceSearch| detect(&group.view(), &search);
    let all = found(FaceSearch::default());
    assert!(all.len() >= 4, "{all:?}");
    assert!(all.is_sorted_by(|a, b| a.score >= b.score));

    let best = found(FaceSearch {
        max_faces: Some(2),
        ..FaceSearch::default()
    });
    assert_eq!(best, all[..2]);

    let min_score = all[1].score;
    let sure = found(FaceSearch {
        min_score,
        ..FaceSearch::default()
    });
    assert_eq!(sure, all[..2]);

    let sides = |search: FaceSearch| -> Vec<u32> {
        found(search).iter().map(|face| face.bounds.width).collect()
    };
    let middle = 115;
    let large = sides(FaceSearch {
        min_face: Some(middle),
        ..FaceSearch::default()
    });
    let small = sides(FaceSearch {
        max_face: Some(middle),
        ..FaceSearch::default()
    });
    assert_eq!((large.len(), small.len()), (3, 2), "{large:?} {small:?}");
    assert!(large.iter().all(|&side| side >= middle), "{large:?}");
    assert!(small.iter().all(|&side| side <= middle), "{small:?}");
}

#[test]
fn boxes_grow_with_the_image() {
    let small = scenes::scene(48, &mut drawn_faces().iter()).image;
    let large = resized(&small, 2 * small.width(), 2 * small.height());
    let search = |min_face| FaceSearch {
        min_face: Some(min_face),
        ..FaceSearch::default()
    };
    let once = detect(&to_image(small).view(), &search(30));
    let twice = detect(&to_image(large).view(), &search(60));
    assert_eq!(once.len(), twice.len());
    for face in &once {
        let doubled =
            FaceBox::try_from(<[u32; 4]>::from(face.bounds).map(|side| 2 * side)).unwrap();
        let best = twice.iter().map(|face| face.bounds.iou(&doubled));
        assert!(best.fold(0.0, f32::max) > 0.6, "{doubled:?} in {twice:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Faces that the edge cuts have boxes inside the image, which crop.
    #[test]
    fn boxes_lie_inside_any_part_of_an_image(
        (x, y, width, height) in (0..900_u32, 0..500_u32)
            .prop_flat_map(|(x, y)| (Just(x), Just(y), 1..=960 - x, 1..=540 - y)),
    ) {
        let group = group();
        let part = group.view().crop(x, y, width, height).unwrap();
        for face in detect(&part, &FaceSearch::default()) {
            let FaceBox { x, y, width: columns, height: rows } = face.bounds;
            prop_assert!(columns > 0 && x + columns <= width, "{:?}", face.bounds);
            prop_assert!(rows > 0 && y + rows <= height, "{:?}", face.bounds);
            prop_assert!(FaceCrop::new(&part, &face.bounds).is_ok());
        }
    }
}
