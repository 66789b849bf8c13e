//! Image files, one or many, the whole way from path to predictions.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use fer_core::{Emotion, ErrorKind, Image, PixelFormat};
use fer_vision::{Face, FaceBox, FaceMode};
use image::codecs::gif::GifEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageEncoder, RgbImage, imageops};

use crate::analyzer;
use crate::scenes::{
    drawn_faces, empty_room, example, gray_example, matches, put_face, resized, to_image,
};

fn group() -> DynamicImage {
    image::open(example("photos/group.jpg")).unwrap()
}

fn faces_of(path: &Path) -> Vec<Face> {
    let result = analyzer(FaceMode::Auto).path(path);
    assert_eq!(result.path, path);
    result.outcome.unwrap()
}

fn boxes(faces: &[Face]) -> Vec<FaceBox> {
    faces.iter().filter_map(|face| face.bounds).collect()
}

/// Saves the images by name and checks that all give the faces of the first.
fn assert_same_faces<const N: usize>(images: [(&str, DynamicImage); N]) {
    let folder = tempfile::tempdir().unwrap();
    let faces = images.map(|(name, image)| {
        let path = folder.path().join(name);
        image.save(&path).unwrap();
        (name, faces_of(&path))
    });
    let expected = &faces[0].1;
    assert!(expected.len() >= 4, "{expected:?}");
    for (name, faces) in &faces {
        assert_eq!(faces, expected, "{name}");
    }
}

#[test]
fn lossless_forms_of_one_photo_have_the_same_faces() {
    let photo = group();
    assert_same_faces([
        ("rgb8.png", photo.to_rgb8().into()),
        ("rgba8.png", photo.to_rgba8().into()),
        ("rgb16.png", photo.to_rgb16().into()),
        ("rgb8.bmp", photo.to_rgb8().into()),
    ]);
    let gray = DynamicImage::from(photo.to_luma8());
    assert_same_faces([
        ("gray8.png", gray.clone()),
        ("gray-alpha8.png", gray.to_luma_alpha8().into()),
        ("gray16.png", gray.to_luma16().into()),
        ("rgb8.png", gray.to_rgb8().into()),
    ]);
}

#[test]
fn a_turned_photo_that_says_so_has_the_faces_of_the_upright_one() {
    /// The EXIF block for "turn by 90 degrees clockwise".
    const TURN_RIGHT: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let folder = tempfile::tempdir().unwrap();
    let upright = folder.path().join("upright.png");
    group().save(&upright).unwrap();
    let turned = folder.path().join("turned.png");
    let mut encoder = PngEncoder::new(File::create(&turned).unwrap());
    encoder.set_exif_metadata(TURN_RIGHT.to_vec()).unwrap();
    let stored = imageops::rotate270(&group().to_rgb8());
    stored.write_with_encoder(encoder).unwrap();
    let faces = faces_of(&turned);
    assert!(faces.len() >= 4);
    assert_eq!(faces, faces_of(&upright));
}

#[test]
fn of_an_animation_the_first_frame_counts_and_the_result_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let size = (240, 240);
    let portrait = image::open(example("photos/happy.jpg")).unwrap();
    let portrait = portrait
        .resize_exact(size.0, size.1, imageops::Triangle)
        .into_rgb8();
    let blank = RgbImage::new(size.0, size.1);
    let animated = |name: &str, frames: [&RgbImage; 2]| {
        let path = folder.path().join(name);
        let mut encoder = GifEncoder::new(File::create(&path).unwrap());
        for frame in frames {
            let frame = DynamicImage::from(frame.clone()).into_rgba8();
            encoder.encode_frame(Frame::new(frame)).unwrap();
        }
        drop(encoder);
        analyzer(FaceMode::Find).path(path)
    };
    let face_first = animated("face-first.gif", [&portrait, &blank]);
    assert!(face_first.animated);
    assert_eq!(face_first.faces().len(), 1);
    let blank_first = animated("blank-first.gif", [&blank, &portrait]);
    assert!(blank_first.animated);
    assert!(blank_first.outcome.unwrap().is_empty());
}

#[test]
fn faces_are_in_the_order_of_size() {
    let faces = boxes(&faces_of(&example("photos/group.jpg")));
    let areas: Vec<u64> = faces.iter().map(FaceBox::area).collect();
    assert!(areas.len() >= 4);
    assert!(areas.is_sorted_by(|a, b| a >= b), "{areas:?}");
}

#[test]
fn a_small_image_of_one_color_has_no_face_unless_it_is_said_to_be_one() {
    for (side, color) in [(1, 0), (48, 255), (64, 127)] {
        let pixels = (0..side * side).map(|i| color - (i % 2) as u8 * (color & 1));
        let blank = Image::new(pixels.collect(), side, side, PixelFormat::Gray8).unwrap();
        assert_eq!(analyzer(FaceMode::Auto).image(&blank.view()).unwrap(), []);
        let whole = analyzer(FaceMode::Whole).image(&blank.view()).unwrap();
        assert_eq!(whole.len(), 1);
    }
}

#[test]
fn a_photo_without_a_face_has_an_empty_list() {
    let result = analyzer(FaceMode::Auto).path(example("photos/empty_room.jpg"));
    assert!(result.error().is_none());
    assert!(result.outcome.unwrap().is_empty());
}

#[test]
fn a_face_crop_is_taken_whole_unless_a_search_is_asked_for() {
    let crop = example("faces/test/happy/happy_000.jpg");
    // Larger than any crop by its size, but filled by the one face in it.
    let folder = tempfile::tempdir().unwrap();
    let close_up = folder.path().join("close-up.png");
    resized(&gray_example("faces/test/happy/happy_000.jpg"), 300, 300)
        .save(&close_up)
        .unwrap();
    for image in [&crop, &close_up] {
        let whole = faces_of(image);
        assert_eq!(whole.len(), 1, "{}", image.display());
        assert_eq!((whole[0].bounds, whole[0].score), (None, None));
    }
    let found = analyzer(FaceMode::Find).path(&close_up).outcome.unwrap();
    assert_eq!(boxes(&found).len(), 1);
    let portrait = example("photos/happy.jpg");
    assert_eq!(boxes(&faces_of(&portrait)).len(), 1);
    let whole = analyzer(FaceMode::Whole).path(&portrait).outcome.unwrap();
    assert_eq!((whole.len(), boxes(&whole)), (1, Vec::new()));
}

#[test]
fn large_photos_are_within_the_limits_and_their_faces_are_found() {
    let crops = drawn_faces();
    let room = |width, height| resized(&empty_room(), width, height);
    let check = |mut image: GrayImage, centers: [(u32, u32); 2], size| {
        let faces = [0, 1].map(|i| put_face(&mut image, &crops[i], centers[i], size));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("photo.png");
        image.save(&path).unwrap();
        let found = boxes(&faces_of(&path));
        assert_eq!(found.len(), 2, "{found:?}, not {faces:?}");
        for face in faces {
            assert!(found.iter().any(|found| matches(found, &face)), "{face:?}");
        }
    };
    check(room(4_608, 3_072), [(900, 1_500), (3_500, 1_800)], 400);
    check(room(20_000, 480), [(700, 200), (19_200, 240)], 200);
}

#[test]
fn faces_are_judged_on_the_original_pixels() {
    const CORNER: u32 = 1_000;
    // In a photo this large, faces are searched on a smaller copy, which loses the grain.
    let group = gray_example("photos/group.jpg");
    let (width, height) = group.dimensions();
    let grain = |x: u32, y: u32| if (x + y).is_multiple_of(2) { 25 } else { 0 };
    let photo = GrayImage::from_fn(4_000, 3_000, |x, y| {
        let inner = |at: u32, length: u32| at.saturating_sub(CORNER).min(length - 1);
        let level = group.get_pixel(inner(x, width), inner(y, height))[0];
        image::Luma([level.saturating_add(grain(x, y))])
    });
    let photo = to_image(photo);
    let analyzer = analyzer(FaceMode::Auto);
    let faces = analyzer.image(&photo.view()).unwrap();
    assert!(faces.len() >= 3, "{faces:?}");
    let view = photo.view();
    let part = view.crop(CORNER, CORNER, width, height).unwrap();
    for face in faces {
        let [x, y, width, height] = <[u32; 4]>::from(face.bounds.unwrap());
        let in_part = [x - CORNER, y - CORNER, width, height].map(|pixels| pixels as f32);
        let alone = analyzer.image_at(&part, &[in_part]).unwrap();
        let difference = Emotion::ALL.map(|emotion| {
            let probability = |face: &Face| face.prediction.probability(emotion);
            (probability(&alone[0]) - probability(&face)).abs()
        });
        assert!(
            difference.iter().all(|difference| *difference < 0.01),
            "{difference:?}"
        );
    }
}

#[test]
fn noise_of_one_level_moves_boxes_by_at_most_three_hundredths() {
    let image = Image::open(example("photos/group.jpg")).unwrap();
    let analyzer = analyzer(FaceMode::Find);
    let before = analyzer.image(&image.view()).unwrap();
    assert!(before.len() >= 4);
    let mut state = 5_u64;
    for _ in 0..3 {
        let mut noisy = |&level: &u8| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            match (state >> 33) % 3 {
                0 => level.saturating_sub(1),
                1 => level,
                _ => level.saturating_add(1),
            }
        };
        let pixels = image.pixels().iter().map(&mut noisy).collect();
        let noisy = Image::new(pixels, image.width(), image.height(), image.format()).unwrap();
        let after = analyzer.image(&noisy.view()).unwrap();
        for face in &before {
            let bounds = face.bounds.unwrap();
            let near = |other: &&Face| matches(&other.bounds.unwrap(), &bounds);
            let other = after.iter().find(near).unwrap().bounds.unwrap();
            let ((x, y), (other_x, other_y)) = (bounds.center(), other.center());
            let grown = bounds.width.abs_diff(other.width) as f32;
            let moved = (x - other_x).abs().max((y - other_y).abs()).max(grown);
            assert!(moved <= 0.03 * bounds.width as f32, "{bounds:?} {other:?}");
        }
    }
}

#[test]
fn faces_that_the_caller_found_are_judged_in_their_order() {
    let path = example("photos/group.jpg");
    let image = Image::open(&path).unwrap();
    let analyzer = analyzer(FaceMode::Auto);
    let mut found = faces_of(&path);
    found.reverse();
    let given: Vec<_> = found
        .iter()
        .map(|face| <[u32; 4]>::from(face.bounds.unwrap()).map(|pixels| pixels as f32))
        .collect();
    let judged = analyzer.image_at(&image.view(), &given).unwrap();
    assert_eq!(judged.len(), found.len());
    for (judged, found) in judged.iter().zip(&found) {
        assert_eq!(judged.score, None);
        assert_eq!(
            (judged.bounds, judged.framing, judged.prediction),
            (found.bounds, found.framing, found.prediction)
        );
    }
    assert_eq!(analyzer.image_at(&image.view(), &[]).unwrap(), []);
    // A box over the edge counts as far as the image goes; one beside it is an error.
    let over = analyzer
        .image_at(&image.view(), &[[-20.0, -20.0, 90.0, 90.0]])
        .unwrap();
    assert_eq!(over[0].bounds.map(<[u32; 4]>::from), Some([0, 0, 70, 70]));
    for beside in [[-90.0, 0.0, 90.0, 90.0], [0.0, 0.0, f32::NAN, 9.0]] {
        let error = analyzer.image_at(&image.view(), &[beside]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn results_keep_the_order_of_the_files_and_a_bad_file_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let jpeg = fs::read(example("photos/happy.jpg")).unwrap();
    let bad = [
        ("empty.jpg", &b""[..], ErrorKind::CorruptImage),
        (
            "text.jpg",
            b"words, not pixels",
            ErrorKind::UnsupportedImage,
        ),
        ("cut.jpg", &jpeg[..jpeg.len() / 3], ErrorKind::CorruptImage),
    ]
    .map(|(name, content, kind)| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        (path, Some(kind))
    });
    let missing = (folder.path().join("missing.jpg"), Some(ErrorKind::NotFound));
    let good =
        ["faces/test/sad/sad_000.jpg", "photos/empty_room.jpg"].map(|name| (example(name), None));
    // Several times what is read at a time.
    let files: Vec<_> = bad
        .into_iter()
        .chain([missing])
        .chain(good)
        .cycle()
        .take(150)
        .collect();
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();

    let analyzer = analyzer(FaceMode::Auto);
    let results = analyzer.paths(paths);
    assert_eq!(results.len(), files.len());
    let results: Vec<_> = results.collect();
    assert_eq!(results.len(), files.len());
    for (result, (path, kind)) in results.iter().zip(&files) {
        assert_eq!(&result.path, path);
        assert_eq!(result.error().map(fer_vision::Error::kind), *kind);
        let alone = analyzer.path(path);
        assert_eq!(result.faces(), alone.faces(), "{}", path.display());
    }
}

/// Memory stays flat because only so many files are in hand at any time.
#[test]
fn few_files_are_read_ahead_of_the_results() {
    const FILES: usize = 100_000;
    let taken = Cell::new(0);
    let paths = (0..FILES).map(|_| {
        taken.set(taken.get() + 1);
        example("faces/test/sad/sad_000.jpg")
    });
    let mut results = analyzer(FaceMode::Auto).paths(paths);
    let mut ahead = 0;
    for done in 1..=300 {
        assert_eq!(results.next().unwrap().faces().len(), 1);
        ahead = ahead.max(taken.get() - done);
    }
    assert!((1..=64).contains(&ahead), "{ahead} files");
}

#[test]
fn all_forms_of_one_image_agree() {
    let path = example("photos/group.jpg");
    let image = Image::open(&path).unwrap();
    let analyzer = analyzer(FaceMode::Auto);
    let faces = faces_of(&path);
    assert_eq!(analyzer.image(&image.view()).unwrap(), faces);
    let many = analyzer.images(&[image.view(), image.view()]).unwrap();
    assert_eq!(many, [faces.clone(), faces.clone()]);
    let located = analyzer.locate(&image.view()).unwrap();
    let located: Vec<_> = located
        .into_iter()
        .flatten()
        .map(|face| face.bounds)
        .collect();
    assert_eq!(located, boxes(&faces));
}
