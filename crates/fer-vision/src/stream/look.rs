//! Searches of parts of a frame.

use fer_core::ImageView;

use crate::{Analyzer, Detection, FaceBox, FaceSearch, Result};

/// A search of a part of a frame, for faces of some sizes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    /// The part of the frame that is searched.
    pub(super) area: FaceBox,
    /// The area that the centers of its faces lie in; other looks find the other faces.
    pub(super) centers: FaceBox,
    /// The sizes and tilts of the faces that are searched for.
    pub(super) search: FaceSearch,
}

impl Look {
    /// Around a face, for faces of about its size; `None` if that is outside the frame.
    pub(super) fn near(
        bounds: &FaceBox,
        (width, height): (u32, u32),
        search: &FaceSearch,
    ) -> Option<Self> {
        let area = neighborhood(bounds, width, height)?;
        let side = bounds.width.max(bounds.height);
        Some(Self {
            area,
            centers: area,
            search: FaceSearch {
                min_face: Some(side * 2 / 3),
                max_face: Some(side * 3 / 2),
                ..search.clone()
            },
        })
    }

    /// The same for upright faces alone, unless `also` tilted ones are asked for.
    pub(super) fn tilted(mut self, also: bool) -> Self {
        self.search.tilted &= also;
        self
    }

    /// The faces that are found, in pixels of the frame.
    pub(super) fn faces(
        &self,
        analyzer: &Analyzer,
        frame: &ImageView<'_>,
    ) -> Result<Vec<Detection>> {
        let FaceBox {
            x,
            y,
            width,
            height,
        } = self.area;
        let part = frame.crop(x, y, width, height)?;
        let mut found = analyzer.detect(&part, &self.search)?;
        for face in &mut found {
            face.bounds.x += x;
            face.bounds.y += y;
        }
        found.retain(|face| self.is_for(&face.bounds));
        Ok(found)
    }

    /// Returns `true` if the center of a face lies where this look is for.
    pub(super) fn is_for(&self, bounds: &FaceBox) -> bool {
        let (x, y) = bounds.center();
        let inside = |at: f32, start: u32, length: u32| {
            (start as f32..(start + length) as f32).contains(&at)
        };
        inside(x, self.centers.x, self.centers.width)
            && inside(y, self.centers.y, self.centers.height)
    }
}

/// The box with its own size again on each side, inside the image.
fn neighborhood(bounds: &FaceBox, width: u32, height: u32) -> Option<FaceBox> {
    let [x, y, w, h] = <[u32; 4]>::from(*bounds).map(|pixels| pixels as f32);
    FaceBox::clamped(x - w, y - h, 3.0 * w, 3.0 * h, width, height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighborhoods_stay_inside() {
        let near = |bounds: [u32; 4]| {
            neighborhood(&FaceBox::try_from(bounds).unwrap(), 100, 80).map(<[u32; 4]>::from)
        };
        assert_eq!(near([40, 30, 10, 10]), Some([30, 20, 30, 30]));
        assert_eq!(near([0, 60, 20, 20]), Some([0, 40, 40, 40]));
        assert_eq!(near([300, 60, 20, 20]), None);
    }

    #[test]
    fn only_tilted_heads_that_the_caller_wants_are_looked_for() {
        let face = FaceBox::try_from([40, 30, 12, 9]).unwrap();
        let look = |tilted| {
            let search = FaceSearch {
                tilted,
                ..FaceSearch::default()
            };
            Look::near(&face, (100, 80), &search).unwrap()
        };
        assert_eq!(look(true).search.min_face, Some(8));
        assert_eq!(look(true).search.max_face, Some(18));
        assert!(look(true).tilted(true).search.tilted);
        assert!(!look(true).tilted(false).search.tilted);
        assert!(!look(false).tilted(true).search.tilted);
    }
}
