//! Views of pixels in memory, and parts of them.

use fer_core::{ErrorKind, ImageView, PixelFormat};
use proptest::prelude::*;

use crate::noisy_pixels;

#[test]
fn views_check_their_geometry() {
    let data = [0; 24];
    let kind = |view: fer_core::Result<ImageView<'_>>| view.unwrap_err().kind();
    let new = |width, height| ImageView::new(&data, width, height, PixelFormat::Rgb8);
    assert!(new(4, 2).is_ok());
    for (width, height) in [(0, 8), (8, 0), (4, 3), (4, 1), (u32::MAX, u32::MAX)] {
        assert_eq!(kind(new(width, height)), ErrorKind::InvalidImage);
    }
    let strided = |stride| ImageView::with_row_stride(&data, 3, 2, stride, PixelFormat::Rgb8);
    assert!(strided(15).is_ok());
    for stride in [0, 8, 16, usize::MAX] {
        assert_eq!(kind(strided(stride)), ErrorKind::InvalidImage, "{stride}");
    }
    let view = new(4, 2).unwrap();
    for (x, y, width, height) in [
        (0, 0, 5, 1),
        (1, 0, 4, 1),
        (0, 1, 1, 2),
        (0, 0, 0, 1),
        (u32::MAX, 0, 2, 1),
    ] {
        assert_eq!(
            kind(view.crop(x, y, width, height)),
            ErrorKind::InvalidImage
        );
    }
}

#[test]
fn parts_of_images_are_equal_by_their_pixels() {
    let bright = [9, 1, 2, 8, 9, 3, 4, 8];
    let dark = [0, 1, 2, 0, 0, 3, 4, 0];
    let view = |bytes| ImageView::new(bytes, 4, 2, PixelFormat::Gray8).unwrap();
    let part = |bytes| view(bytes).crop(1, 0, 2, 2).unwrap();
    assert!(part(&bright) == part(&dark));
    assert!(view(&bright) != view(&dark));
    assert!(part(&bright) == ImageView::new(&[1, 2, 3, 4], 2, 2, PixelFormat::Gray8).unwrap());
    assert!(part(&bright) != view(&bright).crop(0, 0, 2, 2).unwrap());
}

proptest! {
    #[test]
    fn a_crop_of_a_crop_is_a_crop(
        (width, height) in (4u32..40, 4u32..40),
        fractions in prop::array::uniform8(0.0f64..1.0),
    ) {
        let data = noisy_pixels((width * height * 3) as usize);
        let view = ImageView::new(&data, width, height, PixelFormat::Rgb8).unwrap();
        let part = |length: u32, at: f64, share: f64| {
            let start = (at * f64::from(length)) as u32;
            (start, 1 + (share * f64::from(length - start - 1)) as u32)
        };
        let ((x0, w0), (y0, h0)) = (part(width, fractions[0], fractions[1]), part(height, fractions[2], fractions[3]));
        let ((x1, w1), (y1, h1)) = (part(w0, fractions[4], fractions[5]), part(h0, fractions[6], fractions[7]));
        let twice = view.crop(x0, y0, w0, h0).unwrap().crop(x1, y1, w1, h1).unwrap();
        let once = view.crop(x0 + x1, y0 + y1, w1, h1).unwrap();
        prop_assert_eq!(twice.to_image(), once.to_image());
        for (row, y) in once.rows().zip(y0 + y1..) {
            let start = ((y * width + x0 + x1) * 3) as usize;
            prop_assert_eq!(row, &data[start..start + w1 as usize * 3]);
        }
    }
}
