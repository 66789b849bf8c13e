//! Boxes around faces.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A box as its finder gives it, `[x, y, width, height]` in pixels of the image; it may reach over the image's edges.
pub type GivenBox = [f32; 4];

/// A box around a face in pixels of the source image; as JSON `[x, y, width, height]`.
///
/// The boxes that this crate returns are not empty and lie inside their image. A box read from elsewhere is not empty; it is compared
/// with the image when it is [cut out](crate::FaceCrop).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "[u32; 4]", try_from = "[u32; 4]")]
pub struct FaceBox {
    /// Columns left of the box.
    pub x: u32,
    /// Rows above the box.
    pub y: u32,
    /// Columns of the box.
    pub width: u32,
    /// Rows of the box.
    pub height: u32,
}

impl FaceBox {
    /// The part of a rectangle that lies inside an image, rounded to whole pixels; `None` if that is nothing.
    pub fn clamped(
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        image_width: u32,
        image_height: u32,
    ) -> Option<Self> {
        let (x, width) = clamp_side(x, width, image_width)?;
        let (y, height) = clamp_side(y, height, image_height)?;
        Some(Self {
            x,
            y,
            width,
            height,
        })
    }

    /// Pixels of the box.
    pub fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Center of the box as (x, y), in pixels.
    pub fn center(&self) -> (f32, f32) {
        (
            self.x as f32 + self.width as f32 / 2.0,
            self.y as f32 + self.height as f32 / 2.0,
        )
    }

    /// Intersection over union: 1 for the same box, 0 for disjoint ones.
    pub fn iou(&self, other: &Self) -> f32 {
        let shared = |a: u32, a_side: u32, b: u32, b_side: u32| {
            let end = (u64::from(a) + u64::from(a_side)).min(u64::from(b) + u64::from(b_side));
            end.saturating_sub(u64::from(a.max(b)))
        };
        let intersection = shared(self.x, self.width, other.x, other.width)
            * shared(self.y, self.height, other.y, other.height);
        let union = self.area() + other.area() - intersection;
        if union == 0 {
            0.0
        } else {
            (intersection as f64 / union as f64) as f32
        }
    }
}

impl From<FaceBox> for [u32; 4] {
    fn from(
        FaceBox {
            x,
            y,
            width,
            height,
        }: FaceBox,
    ) -> Self {
        [x, y, width, height]
    }
}

impl TryFrom<[u32; 4]> for FaceBox {
    type Error = Error;

    /// Refuses a box without pixels and one that no image can hold.
    fn try_from([x, y, width, height]: [u32; 4]) -> Result<Self> {
        let has_end = |start: u32, length: u32| length > 0 && start.checked_add(length).is_some();
        if has_end(x, width) && has_end(y, height) {
            Ok(Self {
                x,
                y,
                width,
                height,
            })
        } else {
            Err(Error::InvalidBox {
                found: [x, y, width, height],
            })
        }
    }
}

/// Start and length of the pixels of `start..start + length` inside `0..limit`.
fn clamp_side(start: f32, length: f32, limit: u32) -> Option<(u32, u32)> {
    let limit_f = limit as f32;
    // A float cast saturates and takes NaN to 0, so nothing leaves 0..=limit.
    let first = (start.round().clamp(0.0, limit_f) as u32).min(limit);
    let end = ((start + length).round().clamp(0.0, limit_f) as u32).min(limit);
    (end > first).then(|| (first, end - first))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn boxes() -> impl Strategy<Value = FaceBox> {
        (0..500_u32, 0..500_u32, 1..300_u32, 1..300_u32)
            .prop_map(|(x, y, w, h)| FaceBox::try_from([x, y, w, h]).unwrap())
    }

    proptest! {
        #[test]
        fn clamped_boxes_lie_inside(
            x in -1e6..1e6_f32, y in -1e6..1e6_f32, width in -10.0..1e6_f32, height in -10.0..1e6_f32,
            image_width in 1..30_000_u32, image_height in 1..30_000_u32,
        ) {
            if let Some(found) = FaceBox::clamped(x, y, width, height, image_width, image_height) {
                prop_assert!(found.width > 0 && found.x + found.width <= image_width);
                prop_assert!(found.height > 0 && found.y + found.height <= image_height);
            }
        }

        #[test]
        fn iou_is_symmetric_and_one_only_for_equal_boxes(a in boxes(), b in boxes()) {
            prop_assert_eq!(a.iou(&b), b.iou(&a));
            prop_assert!((0.0..=1.0).contains(&a.iou(&b)));
            prop_assert_eq!(a.iou(&b) == 1.0, a == b);
        }

        #[test]
        fn iou_ignores_scale_and_a_quarter_turn(a in boxes(), b in boxes(), scale in 1..20_u32) {
            let scaled = |r: FaceBox| FaceBox::try_from(<[u32; 4]>::from(r).map(|v| v * scale)).unwrap();
            prop_assert!((scaled(a).iou(&scaled(b)) - a.iou(&b)).abs() < 1e-6);
            let turned = |r: FaceBox| FaceBox::try_from([1000 - r.y - r.height, r.x, r.height, r.width]).unwrap();
            prop_assert_eq!(turned(a).iou(&turned(b)), a.iou(&b));
        }
    }

    #[test]
    fn boxes_without_pixels_or_without_an_end_are_refused() {
        for text in [
            "[0,0,0,5]",
            "[0,0,5,0]",
            "[4294967295,0,1,1]",
            "[0,9,1,4294967295]",
        ] {
            let refused = serde_json::from_str::<FaceBox>(text).unwrap_err();
            assert!(refused.to_string().contains("face box"), "{refused}");
        }
        let read: FaceBox = serde_json::from_str("[1,2,3,4]").unwrap();
        assert_eq!(<[u32; 4]>::from(read), [1, 2, 3, 4]);
    }

    #[test]
    fn not_a_number_is_no_box() {
        assert_eq!(FaceBox::clamped(f32::NAN, 0.0, 10.0, 10.0, 100, 100), None);
        assert_eq!(
            FaceBox::clamped(0.0, 0.0, f32::INFINITY, 10.0, 100, 100),
            Some(FaceBox::try_from([0, 0, 100, 10]).unwrap())
        );
    }
}
