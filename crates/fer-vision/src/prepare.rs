//! From the places of an image's faces to the network's input, and from its answers to faces.

use fer_core::framing::{Framing, FramingChange, GrayPatch};
use fer_core::{ImageView, Prediction, Preprocessing};

use crate::crop::bounds_of;
use crate::framer::Framer;
use crate::{Detection, Error, Face, FaceBox, GivenBox, Result};

/// Crops of a face whose place a detector or the caller gives, seen from its framing: the mean of what the network says of them
/// counts. Measured: `examples/measure_photos steady`, docs/photos.md.
const VIEWS: [FramingChange; 3] = [zoomed(0.0), zoomed(0.08), zoomed(-0.08)];

const fn zoomed(growth: f32) -> FramingChange {
    FramingChange {
        right: 0.0,
        down: 0.0,
        growth,
        turn: 0.0,
    }
}

/// Place of a face, and who says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// `None` for the whole image.
    bounds: Option<FaceBox>,
    /// The detector's, if it was asked.
    score: Option<f32>,
}

impl From<Option<Detection>> for Place {
    fn from(found: Option<Detection>) -> Self {
        Self {
            bounds: found.map(|face| face.bounds),
            score: found.map(|face| face.score),
        }
    }
}

/// The parts inside an image of boxes that the caller gives.
pub(crate) fn places(image: &ImageView<'_>, boxes: &[GivenBox]) -> Result<Vec<Place>> {
    let (width, height) = (image.width(), image.height());
    let place = |&found: &GivenBox| {
        let [x, y, columns, rows] = found;
        let bounds = FaceBox::clamped(x, y, columns, rows, width, height);
        let outside = Error::BoxOutside {
            found,
            width,
            height,
        };
        Ok(Place {
            bounds: Some(bounds.ok_or(outside)?),
            score: None,
        })
    };
    boxes.iter().map(place).collect()
}

/// Pixels per side of a crop before it becomes the network's input: enough that turning does not blur it.
pub(crate) fn resolution(preprocessing: &Preprocessing) -> u32 {
    3 * preprocessing.input_size as u32
}

/// Frames faces and cuts out what the network sees of them.
#[derive(Debug)]
pub(crate) struct Preparer {
    framer: Framer,
}

impl Preparer {
    pub(crate) fn embedded() -> Result<Self> {
        Ok(Self {
            framer: Framer::embedded()?,
        })
    }

    /// Returns the box of the framing around the face in `bounds`, which noise moves less.
    pub(crate) fn settle(&self, image: &ImageView<'_>, bounds: &FaceBox) -> Result<FaceBox> {
        let framing = self.framer.frame(image, bounds)?;
        Ok(bounds_of(&framing, image.width(), image.height()).unwrap_or(*bounds))
    }

    pub(crate) fn prepare(
        &self,
        image: &ImageView<'_>,
        places: &[Place],
        preprocessing: &Preprocessing,
    ) -> Result<PreparedImage> {
        let mut prepared = PreparedImage::default();
        for &place in places {
            let framing = place
                .bounds
                .map(|bounds| self.framer.frame(image, &bounds))
                .transpose()?;
            let views = write_views(image, framing.as_ref(), preprocessing, &mut prepared.pixels)?;
            prepared.faces.push(PreparedFace {
                place,
                framing,
                views,
            });
        }
        Ok(prepared)
    }
}

/// Appends the network's input for a face: one view of the whole image, or several around a framing. Returns how many.
fn write_views(
    image: &ImageView<'_>,
    framing: Option<&Framing>,
    preprocessing: &Preprocessing,
    pixels: &mut Vec<u8>,
) -> Result<usize> {
    let mut add = |crop: &ImageView<'_>| {
        let start = pixels.len();
        pixels.resize(start + preprocessing.face_len(), 0);
        preprocessing.face_bytes(crop, &mut pixels[start..])
    };
    let Some(framing) = framing else {
        add(image)?;
        return Ok(1);
    };
    let resolution = resolution(preprocessing);
    let patch = GrayPatch::around(image, framing, resolution)?;
    for view in &VIEWS {
        let crop = patch.cut(&framing.changed(view), resolution)?;
        add(&crop.view())?;
    }
    Ok(VIEWS.len())
}

/// The faces of an image, ready for the network; the image itself is dropped.
#[derive(Debug, Default)]
pub(crate) struct PreparedImage {
    faces: Vec<PreparedFace>,
    /// `[views of all faces, input_size, input_size]`
    pub(crate) pixels: Vec<u8>,
}

/// A face that waits for its prediction.
#[derive(Debug)]
struct PreparedFace {
    place: Place,
    framing: Option<Framing>,
    views: usize,
}

impl PreparedImage {
    /// The number of views of each face.
    pub(crate) fn views(&self) -> Vec<usize> {
        self.faces.iter().map(|face| face.views).collect()
    }

    /// Joins the image's faces with as many of the predictions to come.
    pub(crate) fn into_faces(
        self,
        predictions: &mut impl Iterator<Item = Prediction>,
    ) -> Vec<Face> {
        let faces = self.faces.into_iter().zip(predictions);
        faces
            .map(|(face, prediction)| Face {
                bounds: face.place.bounds,
                score: face.place.score,
                framing: face.framing,
                prediction,
            })
            .collect()
    }
}

/// The pixels of all images, and the number of views of each of their faces.
pub(crate) fn joined<'a>(
    images: impl IntoIterator<Item = &'a PreparedImage>,
) -> (Vec<u8>, Vec<usize>) {
    let (mut pixels, mut views) = (Vec::new(), Vec::new());
    for image in images {
        pixels.extend_from_slice(&image.pixels);
        views.extend(image.views());
    }
    (pixels, views)
}
