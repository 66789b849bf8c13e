//! From an image to its faces and their expressions.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use fer_core::{Classifier, ImageView, Threads};

use crate::crop::CropSquare;
use crate::prepare::{Place, PreparedImage, Preparer, joined, places, resolution};
use crate::{
    Detection, Error, Face, FaceBox, FaceCrop, FaceDetector, FaceSearch, GivenBox, Result,
    SeetaDetector,
};

/// Which parts of an image are taken as faces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FaceMode {
    /// An image that is itself a face crop is taken whole; any other is searched. An image counts as a face crop if it is at most
    /// twice as wide and as high as the network's input and roughly square, or if a single face is found and fills it.
    #[default]
    Auto,
    /// The image is searched, whatever its size.
    Find,
    /// The whole image is one face.
    Whole,
}

impl FaceMode {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Find, Self::Whole];

    /// The word for it in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Find => "find",
            Self::Whole => "whole",
        }
    }
}

impl fmt::Display for FaceMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for FaceMode {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|faces| faces.name() == name);
        known.ok_or_else(|| Error::UnknownFaceMode { name: name.into() })
    }
}

/// Options of the search for faces of an [`Analyzer`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AnalyzerOptions {
    /// Which parts of an image are taken as faces.
    pub faces: FaceMode,
    /// Which faces the detector searches for.
    pub search: FaceSearch,
    /// Faces of image files that were found before: the detector is not asked for these files, and a file without a row is an error.
    #[cfg(feature = "files")]
    pub boxes: Option<Arc<crate::GivenBoxes>>,
    /// Threads that read and search images; 0 for all cores. The classifier has its own setting.
    pub threads: usize,
}

/// Finds the faces of images and predicts their expressions. Cheap to clone; serves any number of threads.
#[derive(Clone)]
pub struct Analyzer {
    classifier: Classifier,
    detector: Arc<dyn FaceDetector>,
    preparer: Arc<Preparer>,
    options: AnalyzerOptions,
    threads: Threads,
}

impl Analyzer {
    /// An analyzer with the built-in detector.
    ///
    /// # Errors
    /// [`Error::Threads`] if the worker threads cannot be started.
    pub fn new(classifier: Classifier, options: AnalyzerOptions) -> Result<Self> {
        Self::with_detector(classifier, Arc::new(SeetaDetector::new()?), options)
    }

    /// An analyzer with a detector of the caller's.
    ///
    /// # Errors
    /// [`Error::Threads`] if the worker threads cannot be started.
    pub fn with_detector(
        classifier: Classifier,
        detector: Arc<dyn FaceDetector>,
        options: AnalyzerOptions,
    ) -> Result<Self> {
        let threads = Threads::new(options.threads).map_err(|source| Error::Threads { source })?;
        Ok(Self {
            classifier,
            detector,
            preparer: Arc::new(Preparer::embedded()?),
            options,
            threads,
        })
    }

    /// The classifier that judges the faces.
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// The options given at construction.
    pub fn options(&self) -> &AnalyzerOptions {
        &self.options
    }

    /// Returns the threads that read and search images.
    pub fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Returns the faces of one image, in the order of [`locate`](Self::locate).
    ///
    /// # Errors
    /// Those of the detector and the classifier.
    pub fn image(&self, image: &ImageView<'_>) -> Result<Vec<Face>> {
        self.predict_one(self.prepare(image)?)
    }

    /// Returns the faces of one image that the caller has found, in the order of their boxes, which may reach over its edges.
    ///
    /// # Errors
    /// [`Error::BoxOutside`] if a box has no pixel of the image; those of the classifier.
    pub fn image_at(&self, image: &ImageView<'_>, boxes: &[GivenBox]) -> Result<Vec<Face>> {
        self.predict_one(self.prepare_places(image, &places(image, boxes)?)?)
    }

    /// The faces of several images, searched on all threads and predicted as one batch.
    ///
    /// # Errors
    /// The first error in the order of the images.
    pub fn images(&self, images: &[ImageView<'_>]) -> Result<Vec<Vec<Face>>> {
        let prepared = self.threads.map(images, |image| self.prepare(image));
        self.predict(prepared.into_iter().collect::<Result<_>>()?)
    }

    /// Returns the places of an image's faces, without predicting; an entry of `None` is the whole image.
    ///
    /// A detector's box says where a face is, roughly: the box here is that of the learned framing around it, upright. The
    /// largest face comes first; of equally large ones the upper, then the left.
    ///
    /// # Errors
    /// Those of the detector.
    pub fn locate(&self, image: &ImageView<'_>) -> Result<Vec<Option<Detection>>> {
        let (width, height) = (image.width(), image.height());
        let face_crop_by_size = || {
            let limit = 2 * self.classifier.model().preprocessing.input_size as u32;
            let (shorter, longer) = (width.min(height), width.max(height));
            longer <= limit && 2 * longer <= 3 * shorter
        };
        match self.options.faces {
            FaceMode::Whole => return Ok(vec![None]),
            FaceMode::Auto if face_crop_by_size() => {
                return Ok(if is_blank(image) { vec![] } else { vec![None] });
            }
            FaceMode::Auto | FaceMode::Find => {}
        }
        let mut found = self.detect(image, &self.options.search)?;
        if let (FaceMode::Auto, [face]) = (self.options.faces, found.as_slice())
            && fills(&face.bounds, width, height)
        {
            return Ok(vec![None]);
        }
        for face in &mut found {
            face.bounds = self.preparer.settle(image, &face.bounds)?;
        }
        found.sort_by_key(|face| {
            let FaceBox { x, y, .. } = face.bounds;
            (Reverse(face.bounds.area()), y, x)
        });
        Ok(found.into_iter().map(Some).collect())
    }

    /// The faces that the detector finds.
    pub(crate) fn detect(
        &self,
        image: &ImageView<'_>,
        search: &FaceSearch,
    ) -> Result<Vec<Detection>> {
        self.detector.detect(image, search)
    }

    pub(crate) fn prepare(&self, image: &ImageView<'_>) -> Result<PreparedImage> {
        let found = self.locate(image)?;
        let places: Vec<Place> = found.into_iter().map(Place::from).collect();
        self.prepare_places(image, &places)
    }

    /// Frames the faces of an image and cuts out what the network sees of them.
    pub(crate) fn prepare_places(
        &self,
        image: &ImageView<'_>,
        places: &[Place],
    ) -> Result<PreparedImage> {
        let preprocessing = &self.classifier.model().preprocessing;
        self.preparer.prepare(image, places, preprocessing)
    }

    /// Returns what the network is to judge of the largest face of an image: one or more views of it, each of `[input_size,
    /// input_size]` bytes, for [`Classifier::predict_views`]; nothing if there is no face.
    ///
    /// # Errors
    /// Those of the detector.
    pub fn views_of_largest(&self, image: &ImageView<'_>) -> Result<Vec<u8>> {
        let found = self.locate(image)?;
        let largest: Vec<Place> = found.into_iter().take(1).map(Place::from).collect();
        Ok(self.prepare_places(image, &largest)?.pixels)
    }

    /// Cuts out the square of an image that was judged as `face`: the first of the views, or the whole image.
    ///
    /// # Errors
    /// [`Error::Core`] if the square cannot be cut, which a correct build rules out.
    pub fn crop<'a>(&self, image: &ImageView<'a>, face: &Face) -> Result<FaceCrop<'a>> {
        let resolution = resolution(&self.classifier.model().preprocessing);
        match &face.framing {
            Some(framing) => FaceCrop::framed(image, framing, resolution),
            None => FaceCrop::of(image, None),
        }
    }

    pub(crate) fn predict_one(&self, image: PreparedImage) -> Result<Vec<Face>> {
        let predictions = self
            .classifier
            .predict_views(&image.pixels, &image.views())?;
        Ok(image.into_faces(&mut predictions.into_iter()))
    }

    /// Predicts the faces of several prepared images as one batch.
    pub(crate) fn predict(&self, images: Vec<PreparedImage>) -> Result<Vec<Vec<Face>>> {
        let (pixels, views) = joined(&images);
        let mut predictions = self.classifier.predict_views(&pixels, &views)?.into_iter();
        Ok(images
            .into_iter()
            .map(|image| image.into_faces(&mut predictions))
            .collect())
    }
}

impl fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analyzer")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Returns `true` if all pixels are of one color, or nearly.
fn is_blank(image: &ImageView<'_>) -> bool {
    /// Gray levels that noise and compression may add to an image of one color.
    const MAX_DIFFERENCE: u8 = 2;
    let channels = image.format().channels();
    (0..channels).all(|channel| {
        let values = || {
            image
                .rows()
                .flat_map(|row| row.iter().skip(channel).step_by(channels))
        };
        let (least, most) = (values().min(), values().max());
        least
            .zip(most)
            .is_none_or(|(least, most)| most - least <= MAX_DIFFERENCE)
    })
}

/// Returns `true` if the training data's framing of a face takes in most of its image.
fn fills(bounds: &FaceBox, width: u32, height: u32) -> bool {
    /// An image of 1.27 sides of the face box: between the 75th and the 90th of a hundred training crops (docs/photos.md).
    const MIN_COVERAGE: f64 = 0.75;
    CropSquare::around(bounds, width, height).coverage(width, height) >= MIN_COVERAGE
}
