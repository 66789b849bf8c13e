//! The built-in face detector: SeetaFace's funnel-structured cascade.

mod contrast;
mod lab;
mod mlp;
mod model;
mod pyramid;
mod surf;
mod vectorized;
mod window;

use std::sync::{Mutex, PoisonError};

use fer_core::ImageView;

use self::contrast::ContrastMap;
use self::lab::{FeatureMap, Survivor};
use self::mlp::Activations;
use self::model::Cascade;
use self::pyramid::Pyramid;
use self::surf::GradientMap;
use self::window::{STEP, WINDOW, Window, keep_best, merge_duplicates, merge_faces};
use super::gray::GrayCopy;
use super::{Detection, FaceDetector, FaceSearch};
use crate::{Error, FaceBox};

/// The smallest windows scanned, over the smallest faces asked for: a face is found best by a window a little smaller, which grows.
const SMALLEST_WINDOW: f32 = 0.9;
/// Windows that overlap more than this count as one between the stages.
const SAME_WINDOW: f32 = 0.8;
/// Windows that overlap more than this show the same face at the end.
const SAME_FACE: f32 = 0.3;
/// Windows that overlap the best of a face more than this say together where it is.
const SAME_PLACE: f32 = 0.6;

/// Tilts that heads are looked for at where no upright one is found, in radians: 35 degrees either way.
const TILTS: [f32; 2] = [0.61, -0.61];
/// The score of a tilted face over that of an upright one, at the least: with less, images without a face get boxes.
const TILTED_SCORE: f32 = 2.0;
/// The smallest tilted face that is looked for, over the image's shorter side: less would take longer than the search itself.
const LEAST_TILTED: f32 = 1.0 / 12.0;
/// The longer side over the shorter of an image that is turned, at the most: around a strip, most of a turned copy is empty.
const LONGEST_TURNED: usize = 8;

/// Pixels of the largest level of a pyramid; the buffers of a search take a few bytes for each.
const MAX_LEVEL_PIXELS: u64 = 1 << 28;

/// Finds upright, roughly frontal faces with the cascade of Wu, Kan, He, Shan and Chen, "Funnel-structured cascade for multi-view
/// face detection with alignment awareness", Neurocomputing 221 (2017).
///
/// The trained cascade is SeetaFace's, embedded in this crate. This is an implementation of its own, in safe code: windows come
/// from an anti-aliased pyramid whose levels repeat the image's edge, so that faces cut by it are found, and the face sizes
/// searched are free. Scores count agreeing windows: 2 is a sound threshold, clear faces reach 10 and more.
///
/// One detector serves any number of threads.
pub struct SeetaDetector {
    cascade: Cascade,
    workspaces: Mutex<Vec<Workspace>>,
}

/// Buffers of one running search, kept for the next.
#[derive(Default)]
struct Workspace {
    gray: GrayCopy,
    pyramid: Pyramid,
    contrast: ContrastMap,
    features: FeatureMap,
    windows: Vec<u32>,
    survivors: Vec<Survivor>,
    gradients: GradientMap,
    activations: Activations,
}

impl SeetaDetector {
    /// Reads the embedded cascade, which takes about a millisecond.
    ///
    /// # Errors
    /// [`Error::Detector`] if the embedded model does not read, which a correct build rules out.
    pub fn new() -> Result<Self, Error> {
        let cascade = Cascade::embedded().map_err(Error::detector)?;
        Ok(Self {
            cascade,
            workspaces: Mutex::default(),
        })
    }

    fn search(
        &self,
        workspace: &mut Workspace,
        image: &ImageView<'_>,
        search: &FaceSearch,
    ) -> Result<Vec<Detection>, Error> {
        let min_face = search.min_face_for(image.width(), image.height());
        let smallest = SMALLEST_WINDOW * min_face;
        let largest_scale = WINDOW as f32 / smallest;
        refuse_huge_search(image, min_face, largest_scale)?;
        let (plane, scale) = workspace.gray.copy(image, largest_scale)?;
        let shorter_side = plane.size.0.min(plane.size.1) as f32;
        let max_face = search.max_face.map_or(f32::MAX, |side| side as f32 * scale);
        workspace.pyramid.build(plane, smallest * scale, max_face)?;

        let mut faces = self.find_windows(workspace);
        let is_found = faces.iter().any(|face| face.score >= search.min_score);
        if search.tilted && !is_found {
            let least = (min_face * scale).max(LEAST_TILTED * shorter_side);
            faces = self.find_tilted(workspace, least, max_face)?;
            faces.retain(|face| face.score >= TILTED_SCORE * search.min_score);
        }
        // The cascade moves windows onto faces, which may take them out of the range that was scanned.
        let fits = |side: f32| {
            search.min_face.is_none_or(|least| side >= least as f32)
                && search.max_face.is_none_or(|most| side <= most as f32)
        };
        faces.retain(|face| face.score >= search.min_score && fits((face.side / scale).round()));
        let (width, height) = (image.width(), image.height());
        Ok(faces
            .iter()
            .filter_map(|face| {
                let [x, y, side] = [face.x, face.y, face.side].map(|pixels| pixels / scale);
                let bounds = FaceBox::clamped(x, y, side, side, width, height)?;
                Some(Detection {
                    bounds,
                    score: face.score,
                })
            })
            .take(search.max_faces.unwrap_or(usize::MAX))
            .collect())
    }

    /// The windows of faces that stand upright in turned copies of the workspace's image, best first, as upright squares of the
    /// image itself; sides are in its pixels.
    fn find_tilted(
        &self,
        workspace: &mut Workspace,
        min_face: f32,
        max_face: f32,
    ) -> Result<Vec<Window>, Error> {
        let (width, height) = workspace.gray.size();
        if width.max(height) > LONGEST_TURNED * width.min(height) {
            return Ok(Vec::new());
        }
        let smallest = SMALLEST_WINDOW * min_face;
        let scale = (WINDOW as f32 / smallest).min(1.0);
        let mut found = Vec::new();
        for tilt in TILTS {
            let (plane, turn) = workspace.gray.turn(tilt, scale);
            workspace
                .pyramid
                .build(plane, smallest * scale, max_face * scale)?;
            found.extend(self.find_windows(workspace).into_iter().map(|face| {
                let half = face.side / 2.0;
                let (x, y) = turn.source(face.x + half, face.y + half);
                let side = turn.length(face.side);
                Window {
                    x: x - side / 2.0,
                    y: y - side / 2.0,
                    side,
                    score: face.score,
                }
            }));
        }
        keep_best(&mut found, SAME_FACE);
        Ok(found)
    }

    /// The face windows of the workspace's pyramid, best first.
    fn find_windows(&self, workspace: &mut Workspace) -> Vec<Window> {
        let mut windows = self.propose(workspace);
        let Workspace {
            pyramid,
            gradients,
            activations,
            ..
        } = workspace;
        let mut pixels = [[0; WINDOW]; WINDOW];
        for (number, refiner) in (1..).zip(&self.cascade.refiners) {
            windows = windows
                .iter()
                .filter_map(|window| {
                    pyramid.sample(window, &mut pixels);
                    gradients.compute(&pixels);
                    refiner
                        .judge(gradients, activations)
                        .map(|opinion| window.aligned(opinion))
                })
                .collect();
            if number < self.cascade.first_group {
                merge_duplicates(&mut windows, SAME_WINDOW);
            }
        }
        merge_faces(&mut windows, SAME_FACE, SAME_PLACE);
        windows.sort_by(|a, b| b.score.total_cmp(&a.score));
        windows
    }

    /// Windows that are not flat and pass one of the boosted classifiers, duplicates removed for each.
    fn propose(&self, workspace: &mut Workspace) -> Vec<Window> {
        let Workspace {
            pyramid,
            contrast,
            features,
            windows,
            survivors,
            ..
        } = workspace;
        let mut proposals = Vec::new();
        let mut found = vec![Vec::new(); self.cascade.proposers.len()];
        for level in pyramid.levels() {
            contrast.compute(&level.pixels, level.width);
            features.compute(&level.pixels, level.width);
            for y in (0..=level.height - WINDOW).step_by(STEP) {
                contrast.windows_in_row(y / STEP, windows);
                for (proposer, found) in self.cascade.proposers.iter().zip(&mut found) {
                    proposer.scan_row(features, y, windows, survivors);
                    found.extend(survivors.iter().map(|survivor| Window {
                        score: survivor.score,
                        ..level.window(survivor.x as usize, y)
                    }));
                }
            }
            // Windows of different levels differ too much in size to be the same.
            for found in &mut found {
                merge_duplicates(found, SAME_WINDOW);
                proposals.append(found);
            }
        }
        proposals
    }
}

fn refuse_huge_search(image: &ImageView<'_>, min_face: f32, scale: f32) -> Result<(), Error> {
    let side = |pixels: u32| f64::from(pixels) * f64::from(scale);
    let pixels = (side(image.width()) * side(image.height())) as u64;
    if pixels > MAX_LEVEL_PIXELS {
        return Err(Error::SearchTooLarge {
            min_face,
            pixels,
            limit: MAX_LEVEL_PIXELS,
        });
    }
    Ok(())
}

impl FaceDetector for SeetaDetector {
    fn detect(&self, image: &ImageView<'_>, search: &FaceSearch) -> Result<Vec<Detection>, Error> {
        let pool = || {
            self.workspaces
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let mut workspace = pool().pop().unwrap_or_default();
        let detections = self.search(&mut workspace, image, search);
        pool().push(workspace);
        detections
    }
}

impl std::fmt::Debug for SeetaDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeetaDetector").finish_non_exhaustive()
    }
}
