//! The faces of a sheet, cut out of the images and videos that it names.

use std::path::{Path, PathBuf};

use fer_core::Image;
use fer_insight::{FaceKey, Sheet, SheetFace};
use fer_vision::{FaceBox, FaceCrop, VideoFrames};

use crate::{Error, Result};

/// Cuts out each face of `sheet`, framed as the model sees it, and hands it to `visit` with its place in the sheet.
///
/// Images and videos are found by the paths in the sheet, and read once each. Returns those that could not be read or cut, each once;
/// their faces are not visited.
///
/// # Errors
/// Those of `visit`, which end the work.
pub(crate) fn visit_crops(
    sheet: &Sheet,
    mut visit: impl FnMut(usize, FaceCrop<'_>) -> Result<()>,
) -> Result<Vec<(PathBuf, Error)>> {
    let faces = sheet.faces();
    let mut unreadable: Vec<(PathBuf, Error)> = Vec::new();
    // The faces of one image lie together, so that it is read once.
    let mut order: Vec<usize> = (0..faces.len()).collect();
    order.sort_by_key(|&index| &faces[index].key);
    let mut open: Option<Opened> = None;
    for index in order {
        let face = &faces[index];
        let frame = Frame::of(&face.key);
        if open.as_ref().is_none_or(|opened| opened.frame != frame) {
            let image = frame.read();
            open = Some(Opened { frame, image });
        }
        let cut = match open.as_mut().map(|opened| &mut opened.image) {
            Some(Ok(image)) => cut(image, face),
            // The reason is told for the first face.
            Some(Err(reason)) => match reason.take() {
                Some(error) => Err(error),
                None => continue,
            },
            None => continue,
        };
        match cut {
            Ok(crop) => visit(index, crop)?,
            Err(error) => {
                let path = Path::new(face.key.path());
                if unreadable.iter().all(|(known, _)| known != path) {
                    unreadable.push((path.into(), error));
                }
            }
        }
    }
    Ok(unreadable)
}

/// An image, or the frame of a video.
#[derive(Debug, Clone, PartialEq)]
struct Frame {
    path: PathBuf,
    time: Option<f64>,
}

struct Opened {
    frame: Frame,
    /// The pixels, or the reason why there are none until it was told.
    image: std::result::Result<Image, Option<Error>>,
}

impl Frame {
    fn of(key: &FaceKey) -> Self {
        Self {
            path: key.path().into(),
            time: key.time(),
        }
    }

    fn read(&self) -> std::result::Result<Image, Option<Error>> {
        let image = match self.time {
            Some(seconds) => VideoFrames::frame_at(&self.path, seconds).map_err(Error::from),
            None => Image::open(&self.path).map_err(Error::from),
        };
        image.map_err(Some)
    }
}

fn cut<'a>(image: &'a Image, face: &SheetFace) -> Result<FaceCrop<'a>> {
    let bounds = face.bounds.map(FaceBox::try_from).transpose()?;
    Ok(FaceCrop::of(&image.view(), bounds)?)
}
