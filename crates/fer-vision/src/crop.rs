//! Cutting a face out of an image the way the training data is cut.

use fer_core::framing::{Framing, GrayPatch};
use fer_core::{Image, ImageView};

use crate::{FaceBox, Result};

/// Side of the crop over that of the face box. Measured: `examples/measure_photos.rs framing`, docs/photos.md.
const CROP_SIDE: f32 = 1.1;
/// Distance of the crop's center below the box's center, in sides of the box. Measured likewise.
const CROP_DOWN: f32 = 0.0;

/// A square image of a face, framed as the training data is.
#[derive(Debug, Clone)]
pub enum FaceCrop<'a> {
    /// The crop lies inside the image and borrows its pixels.
    Inside(ImageView<'a>),
    /// The crop reaches over the image's edge, which is repeated there.
    Extended(Image),
    /// The crop was turned upright, and is gray.
    Upright(Image),
}

impl<'a> FaceCrop<'a> {
    /// Cuts the face in `bounds` out of `image`.
    ///
    /// # Errors
    /// [`fer_core::Error::CropOutside`] if `bounds` does not lie inside `image`.
    pub fn new(image: &ImageView<'a>, bounds: &FaceBox) -> Result<Self> {
        image.crop(bounds.x, bounds.y, bounds.width, bounds.height)?;
        let square = CropSquare::around(bounds, image.width(), image.height());
        if square.lies_inside(image) {
            let (x, y, side) = (square.x as u32, square.y as u32, square.side as u32);
            return Ok(Self::Inside(image.crop(x, y, side, side)?));
        }
        Ok(Self::Extended(square.copy_extended(image)?))
    }

    /// Cuts the face in `bounds` out of `image`, or takes the whole image as the face if there are no bounds.
    ///
    /// # Errors
    /// [`fer_core::Error::CropOutside`] if `bounds` does not lie inside `image`.
    pub fn of(image: &ImageView<'a>, bounds: Option<FaceBox>) -> Result<Self> {
        bounds.map_or(Ok(Self::Inside(*image)), |bounds| Self::new(image, &bounds))
    }

    /// Cuts the square of `framing` out of `image`, turned upright and gray, at `resolution` pixels per side; edges of the image
    /// are repeated.
    ///
    /// # Errors
    /// [`fer_core::Error::EmptyImage`] if `resolution` is 0.
    pub fn framed(image: &ImageView<'a>, framing: &Framing, resolution: u32) -> Result<Self> {
        let patch = GrayPatch::around(image, framing, resolution)?;
        Ok(Self::Upright(patch.cut(framing, resolution)?))
    }

    /// The pixels.
    pub fn view(&self) -> ImageView<'_> {
        match self {
            Self::Inside(view) => *view,
            Self::Extended(image) | Self::Upright(image) => image.view(),
        }
    }
}

/// Returns the box, upright, of a face that the training data would have cut out so; `None` if it lies outside the image.
pub(crate) fn bounds_of(framing: &Framing, image_width: u32, image_height: u32) -> Option<FaceBox> {
    let side = framing.side / CROP_SIDE;
    let (x, y) = (framing.x - side / 2.0, framing.y - side * (0.5 + CROP_DOWN));
    FaceBox::clamped(x, y, side, side, image_width, image_height)
}

/// A square of whole pixels that may reach outside the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CropSquare {
    x: i64,
    y: i64,
    side: i64,
}

impl CropSquare {
    /// The training data's framing of the face in `bounds`.
    pub(crate) fn around(bounds: &FaceBox, image_width: u32, image_height: u32) -> Self {
        let side = bounds.width.max(bounds.height);
        let center_x = unclamped_center(bounds.x, bounds.width, side, image_width);
        let center_y = unclamped_center(bounds.y, bounds.height, side, image_height);
        let side = f64::from(side);
        let crop = side * f64::from(CROP_SIDE);
        let top_left = |center: f64| (center - crop / 2.0).round() as i64;
        Self {
            x: top_left(center_x),
            y: top_left(center_y + side * f64::from(CROP_DOWN)),
            side: (crop.round() as i64).max(1),
        }
    }

    /// The square as a framing of roll 0.
    pub(crate) fn framing(&self) -> Framing {
        let half = self.side as f32 / 2.0;
        Framing {
            x: self.x as f32 + half,
            y: self.y as f32 + half,
            side: self.side as f32,
            roll: 0.0,
        }
    }

    /// The share of the image that the square covers, in [0, 1].
    pub(crate) fn coverage(&self, image_width: u32, image_height: u32) -> f64 {
        let covered = |start: i64, limit: u32| {
            let limit = i64::from(limit);
            ((start + self.side).min(limit) - start.max(0)).max(0) as f64 / limit as f64
        };
        covered(self.x, image_width) * covered(self.y, image_height)
    }

    fn lies_inside(&self, image: &ImageView<'_>) -> bool {
        let inside = |start: i64, limit: u32| start >= 0 && start + self.side <= i64::from(limit);
        inside(self.x, image.width()) && inside(self.y, image.height())
    }

    fn copy_extended(&self, image: &ImageView<'_>) -> Result<Image> {
        let channels = image.format().channels();
        let rows: Vec<&[u8]> = image.rows().collect();
        let nearest =
            |position: i64, length: u32| position.clamp(0, i64::from(length) - 1) as usize;
        let side = self.side as usize;
        let mut pixels = Vec::with_capacity(side * side * channels);
        for y in self.y..self.y + self.side {
            let row = rows[nearest(y, image.height())];
            for x in self.x..self.x + self.side {
                let start = nearest(x, image.width()) * channels;
                pixels.extend_from_slice(&row[start..start + channels]);
            }
        }
        Ok(Image::new(
            pixels,
            side as u32,
            side as u32,
            image.format(),
        )?)
    }
}

/// Center of a box that was a square of `side` before the image's edge cut it.
fn unclamped_center(start: u32, length: u32, side: u32, limit: u32) -> f64 {
    let cut = f64::from(side - length);
    let (at_start, at_end) = (start == 0, start + length == limit);
    let shift = match (at_start, at_end) {
        (true, false) => -cut / 2.0,
        (false, true) => cut / 2.0,
        _ => 0.0,
    };
    f64::from(start) + f64::from(length) / 2.0 + shift
}

#[cfg(test)]
mod tests {
    use fer_core::PixelFormat;
    use proptest::prelude::*;

    use super::*;

    fn image(width: u32, height: u32) -> Image {
        let pixels = (0..width * height).map(|i| (i % 251) as u8).collect();
        Image::new(pixels, width, height, PixelFormat::Gray8).unwrap()
    }

    proptest! {
        #[test]
        fn crops_are_square_and_centerd_on_the_box(
            (width, height, bounds) in (20..300_u32, 20..300_u32).prop_flat_map(|(width, height)| {
                (1..=width.min(height)).prop_flat_map(move |side| {
                    let corner = (0..=width - side, 0..=height - side);
                    (Just(width), Just(height), corner.prop_map(move |(x, y)| FaceBox::try_from([x, y, side, side]).unwrap()))
                })
            }),
        ) {
            let image = image(width, height);
            let crop = FaceCrop::new(&image.view(), &bounds).unwrap();
            let view = crop.view();
            prop_assert_eq!(view.width(), view.height());
            let square = CropSquare::around(&bounds, width, height);
            let center = square.x as f32 + square.side as f32 / 2.0;
            prop_assert!((center - bounds.center().0).abs() <= 1.0);
            // The pixel at the box's corner lies where it should in the crop, in either kind of crop.
            let (x, y) = (i64::from(bounds.x) - square.x, i64::from(bounds.y) - square.y);
            let row = view.rows().nth(y as usize).unwrap();
            let expected = image.pixels()[(bounds.y * width + bounds.x) as usize];
            prop_assert_eq!(row[x as usize], expected);
        }
    }

    #[test]
    fn the_box_of_a_crop_is_that_around_which_it_was_cut() {
        for bounds in [[10, 20, 40, 40], [0, 5, 33, 33], [7, 9, 200, 200]] {
            let bounds = FaceBox::try_from(bounds).unwrap();
            let framing = CropSquare::around(&bounds, 300, 400).framing();
            let found = bounds_of(&framing, 300, 400).unwrap();
            assert!(found.iou(&bounds) > 0.9, "{found:?} {bounds:?}");
        }
        let outside = Framing {
            x: -50.0,
            y: 10.0,
            side: 20.0,
            roll: 0.0,
        };
        assert_eq!(bounds_of(&outside, 300, 400), None);
    }

    #[test]
    fn over_the_edge_the_edge_repeats() {
        let image = image(30, 30);
        let crop =
            FaceCrop::new(&image.view(), &FaceBox::try_from([0, 0, 30, 30]).unwrap()).unwrap();
        assert!(matches!(crop, FaceCrop::Extended(_)));
        let first = crop.view().rows().next().unwrap().to_vec();
        assert_eq!(first[0], image.pixels()[0]);
        assert_eq!(first[first.len() - 1], image.pixels()[29]);
    }

    #[test]
    fn a_box_cut_by_the_edge_keeps_its_center() {
        let whole = CropSquare::around(&FaceBox::try_from([50, 20, 40, 40]).unwrap(), 200, 100);
        let cut_right = CropSquare::around(&FaceBox::try_from([50, 20, 30, 40]).unwrap(), 80, 100);
        assert_eq!(whole, cut_right);
    }

    #[test]
    fn a_box_outside_the_image_is_refused() {
        let image = image(30, 30);
        let empty = FaceBox {
            x: 0,
            y: 0,
            width: 0,
            height: 0,
        };
        assert!(
            FaceCrop::new(&image.view(), &FaceBox::try_from([20, 0, 11, 10]).unwrap()).is_err()
        );
        assert!(FaceCrop::new(&image.view(), &empty).is_err());
    }
}
