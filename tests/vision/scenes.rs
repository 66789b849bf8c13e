//! Scenes with drawn faces of any size at known places.

use std::path::{Path, PathBuf};

use fer_core::{Image, PixelFormat};
use fer_vision::FaceBox;
use image::GrayImage;
use image::imageops::{self, FilterType};

/// Columns and rows of a scene.
pub(crate) const SCENE: (u32, u32) = (640, 480);

/// Side of a face crop over that of the face box in it: the framing of the drawn crops.
const CROP_OVER_FACE: f32 = 1.1;

/// An image and the boxes of the faces in it.
pub(crate) struct Scene {
    pub(crate) image: GrayImage,
    pub(crate) faces: Vec<FaceBox>,
}

/// A file or folder of `examples/`.
pub(crate) fn example(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(path)
}

/// An image of `examples/` in gray.
pub(crate) fn gray_example(path: &str) -> GrayImage {
    image::open(example(path)).unwrap().into_luma8()
}

/// The drawn face crops of the test split, in the order of their paths.
pub(crate) fn drawn_faces() -> Vec<GrayImage> {
    let files = fer_vision::expand_inputs([example("faces/test")]).unwrap();
    files
        .iter()
        .map(|file| image::open(file).unwrap().into_luma8())
        .collect()
}

/// An empty room of [`SCENE`] size.
pub(crate) fn empty_room() -> GrayImage {
    let (width, height) = SCENE;
    resized(&gray_example("photos/empty_room.jpg"), width, height)
}

/// The empty room with a grid of faces, whose boxes have sides of `size` pixels; faces are taken in turn from `crops`.
pub(crate) fn scene<'a>(size: u32, crops: &mut impl Iterator<Item = &'a GrayImage>) -> Scene {
    let cells = |length: u32| (length / (2 * size)).clamp(1, 6);
    let (columns, rows) = (cells(SCENE.0), cells(SCENE.1));
    let (width, height) = (SCENE.0 / columns, SCENE.1 / rows);
    let centers = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| (column * width + width / 2, row * height + height / 2));
    let mut image = empty_room();
    let faces = centers
        .zip(crops)
        .map(|(center, crop)| put_face(&mut image, crop, center, size))
        .collect();
    Scene { image, faces }
}

/// Puts a face crop into an image so that its face box has sides of `size` pixels around `center`; gives that box.
pub(crate) fn put_face(
    image: &mut GrayImage,
    crop: &GrayImage,
    center: (u32, u32),
    size: u32,
) -> FaceBox {
    let side = (size as f32 * CROP_OVER_FACE).round() as u32;
    let corner = |side: u32| (center.0 - side / 2, center.1 - side / 2);
    let (left, top) = corner(side);
    // The crop fades over a sixteenth of its side at the edges.
    let fade = (side as f32 / 16.0).max(1.0);
    for (x, y, pixel) in resized(crop, side, side).enumerate_pixels() {
        let edge = x.min(y).min(side - 1 - x).min(side - 1 - y);
        let opacity = ((edge as f32 + 0.5) / fade).min(1.0);
        let old = &mut image.get_pixel_mut(left + x, top + y)[0];
        *old = (f32::from(*old) + opacity * (f32::from(pixel[0]) - f32::from(*old))) as u8;
    }
    let (x, y) = corner(size);
    FaceBox::try_from([x, y, size, size]).unwrap()
}

/// Returns `true` if `found` is the face in `truth`: centers within 0.4 sides of it, and sides within a factor of 2.
pub(crate) fn matches(found: &FaceBox, truth: &FaceBox) -> bool {
    let side = truth.width as f32;
    let ((x, y), (true_x, true_y)) = (found.center(), truth.center());
    let near = |a: f32, b: f32| (a - b).abs() <= 0.4 * side;
    let ratio = found.width.max(found.height) as f32 / side;
    near(x, true_x) && near(y, true_y) && (0.5..=2.0).contains(&ratio)
}

/// A copy of another size.
pub(crate) fn resized(image: &GrayImage, width: u32, height: u32) -> GrayImage {
    imageops::resize(image, width, height, FilterType::Triangle)
}

/// The image as the library takes it.
pub(crate) fn to_image(image: GrayImage) -> Image {
    let (width, height) = image.dimensions();
    Image::new(image.into_raw(), width, height, PixelFormat::Gray8).unwrap()
}
