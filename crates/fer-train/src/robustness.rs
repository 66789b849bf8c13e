//! Accuracy of a classifier on bad images: blur, noise, compression, light, rotation, occlusion, small faces.
//!
//! Every image is brought to 48x48 gray pixels first, so that a level of corruption means the same for every dataset.

use std::fmt;
use std::ops::ControlFlow;

use fer_core::{Classifier, ImageView, PixelFormat, Preprocessing};
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::copies::COMPARED_SIDE;
use crate::dataset::ClassFolders;
use crate::error::Result;
use crate::evaluation::{EvaluationOptions, FaceError, Scores, evaluate};
use crate::jpeg::recompress;
use crate::metrics::Interval;
use crate::random::{Purpose, Random};
use crate::votes::Votes;

const SIDE: u32 = COMPARED_SIDE as u32;

/// Corruption of a face of 48x48 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "level")]
pub enum Corruption {
    /// Nothing: the figure to compare with.
    None,
    /// Gaussian blur of this standard deviation, in pixels.
    Blur(f32),
    /// Gaussian noise of this standard deviation, in gray levels.
    Noise(f32),
    /// JPEG of this quality, 1 to 100.
    Jpeg(u8),
    /// This many gray levels added; what leaves 0 to 255 is clipped.
    Brightness(i32),
    /// Differences from mid-gray multiplied by this.
    Contrast(f32),
    /// Turned by this many degrees, clockwise; corners repeat the edge.
    Rotation(f32),
    /// A gray square over this share of the area, somewhere.
    Occlusion(f32),
    /// Shrunk to this many pixels a side.
    Small(u32),
}

impl Corruption {
    /// The levels of the robustness table.
    pub const TABLE: [Self; 27] = [
        Self::None,
        Self::Blur(0.7),
        Self::Blur(1.0),
        Self::Blur(1.5),
        Self::Blur(2.0),
        Self::Noise(8.0),
        Self::Noise(16.0),
        Self::Noise(32.0),
        Self::Jpeg(50),
        Self::Jpeg(20),
        Self::Jpeg(10),
        Self::Brightness(-80),
        Self::Brightness(-40),
        Self::Brightness(40),
        Self::Brightness(80),
        Self::Contrast(0.25),
        Self::Contrast(0.5),
        Self::Contrast(2.0),
        Self::Rotation(-20.0),
        Self::Rotation(10.0),
        Self::Rotation(20.0),
        Self::Occlusion(0.05),
        Self::Occlusion(0.15),
        Self::Small(12),
        Self::Small(16),
        Self::Small(24),
        Self::Small(32),
    ];

    /// Corrupts a face of 48x48 pixels. What is random depends on the pixels alone: the same face is always treated the same.
    ///
    /// # Errors
    /// [`FaceError`] if the JPEG codec fails.
    pub fn apply(self, face: &GrayImage) -> Result<GrayImage, FaceError> {
        let mid = 127.5;
        Ok(match self {
            Self::None => face.clone(),
            Self::Blur(sigma) => imageops::blur(face, sigma),
            Self::Noise(sigma) => {
                let mut random = random_for(face);
                map(face, |level| level + sigma * random.normal())
            }
            Self::Jpeg(quality) => recompress(face, quality)?,
            Self::Brightness(offset) => map(face, |level| level + offset as f32),
            Self::Contrast(gain) => map(face, |level| mid + gain * (level - mid)),
            Self::Rotation(degrees) => rotated(face, degrees),
            Self::Occlusion(share) => occluded(face, share),
            Self::Small(side) => imageops::resize(face, side, side, FilterType::Triangle),
        })
    }
}

impl fmt::Display for Corruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "as they are"),
            Self::Blur(sigma) => write!(f, "blur, standard deviation {sigma} px"),
            Self::Noise(sigma) => write!(f, "noise, standard deviation {sigma} levels"),
            Self::Jpeg(quality) => write!(f, "JPEG, quality {quality}"),
            Self::Brightness(offset) => write!(f, "brightness, {offset:+} levels"),
            Self::Contrast(gain) => write!(f, "contrast, times {gain}"),
            Self::Rotation(degrees) => write!(f, "turned by {degrees:+} degrees"),
            Self::Occlusion(share) => write!(f, "{:.0} % covered", 100.0 * share),
            Self::Small(side) => write!(f, "{side}x{side} pixels"),
        }
    }
}

/// The figures under one corruption.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RobustnessRow {
    /// Corruption of the images.
    pub corruption: Corruption,
    /// Number of images scored.
    pub n: usize,
    /// Share of right answers.
    pub accuracy: f64,
    /// 95 % Wilson interval of the accuracy.
    pub accuracy_ci95: Interval,
    /// Mean recall of the classes present.
    pub balanced_accuracy: f64,
}

/// Evaluates `classifier` on `folder` under each of `corruptions`; `progress` receives each as it begins.
///
/// With `votes`, the truth is what most voters say, on the images where most agree; without, it is the folders' labels.
///
/// # Errors
/// Those of [`evaluate`].
pub fn robustness(
    classifier: &Classifier,
    folder: &ClassFolders,
    votes: Option<&Votes>,
    corruptions: &[Corruption],
    threads: usize,
    mut progress: impl FnMut(Corruption),
) -> Result<Vec<RobustnessRow>> {
    let input = &classifier.model().preprocessing;
    let at_48 = Preprocessing {
        input_size: COMPARED_SIDE,
        ..input.clone()
    };
    let row = |&corruption: &Corruption| {
        progress(corruption);
        let find_face = |image: &ImageView<'_>| {
            let mut square = GrayImage::new(SIDE, SIDE);
            at_48.face_bytes(image, &mut square)?;
            let corrupted = corruption.apply(&square)?;
            let view = ImageView::new(
                &corrupted,
                corrupted.width(),
                corrupted.height(),
                PixelFormat::Gray8,
            )?;
            let mut face = vec![0; input.face_len()];
            input.face_bytes(&view, &mut face)?;
            Ok(face)
        };
        let options = EvaluationOptions {
            votes,
            find_face: Some(&find_face),
            threads,
            ..EvaluationOptions::default()
        };
        let evaluation = evaluate(
            classifier,
            folder,
            options,
            |_, _| ControlFlow::Continue(()),
        )?;
        let Scores { metrics, .. } = evaluation.consensus.unwrap_or(evaluation.scores);
        Ok(RobustnessRow {
            corruption,
            n: metrics.n,
            accuracy: metrics.accuracy,
            accuracy_ci95: metrics.accuracy_ci95,
            balanced_accuracy: metrics.balanced_accuracy,
        })
    };
    corruptions.iter().map(row).collect()
}

fn map(face: &GrayImage, mut change: impl FnMut(f32) -> f32) -> GrayImage {
    GrayImage::from_fn(face.width(), face.height(), |x, y| {
        let Luma([level]) = *face.get_pixel(x, y);
        Luma([change(f32::from(level)).round().clamp(0.0, 255.0) as u8])
    })
}

fn random_for(face: &GrayImage) -> Random {
    let digest = Sha256::digest(face.as_raw());
    let seed = digest
        .iter()
        .take(8)
        .fold(0, |seed, &byte| seed << 8 | u64::from(byte));
    Random::new(seed, Purpose::Corruption, 0, 0)
}

/// Turns about the center with bilinear interpolation.
fn rotated(face: &GrayImage, degrees: f32) -> GrayImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (last_x, last_y) = ((face.width() - 1) as f32, (face.height() - 1) as f32);
    let (center_x, center_y) = (last_x / 2.0, last_y / 2.0);
    GrayImage::from_fn(face.width(), face.height(), |x, y| {
        let (dx, dy) = (x as f32 - center_x, y as f32 - center_y);
        // Backwards: where the pixel came from.
        let source_x = (center_x + cos * dx + sin * dy).clamp(0.0, last_x);
        let source_y = (center_y - sin * dx + cos * dy).clamp(0.0, last_y);
        imageops::interpolate_bilinear(face, source_x, source_y).unwrap_or(Luma([0]))
    })
}

fn occluded(face: &GrayImage, share: f32) -> GrayImage {
    let side = ((share.clamp(0.0, 1.0)).sqrt() * SIDE as f32).round() as u32;
    let mut random = random_for(face);
    let mut corner = || random.below((SIDE - side + 1) as usize) as u32;
    let (left, top) = (corner(), corner());
    let mut covered = face.clone();
    for y in top..top + side {
        for x in left..left + side {
            covered.put_pixel(x, y, Luma([128]));
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScanOptions;
    use crate::testing::gray_levels::{LEVELS, gray_levels};
    use crate::testing::portraits::{plain, portrait};

    fn mean(face: &GrayImage) -> f32 {
        face.iter().map(|&level| f32::from(level)).sum::<f32>() / face.len() as f32
    }

    fn distance(a: &GrayImage, b: &GrayImage) -> f32 {
        let squares = a
            .iter()
            .zip(b.iter())
            .map(|(&a, &b)| (f32::from(a) - f32::from(b)).powi(2));
        (squares.sum::<f32>() / a.len() as f32).sqrt()
    }

    #[test]
    fn every_corruption_of_the_table_changes_the_face_and_repeats_exactly() {
        let face = plain(&portrait(3));
        for corruption in Corruption::TABLE {
            let corrupted = corruption.apply(&face).unwrap();
            assert_eq!(
                corrupted,
                corruption.apply(&face).unwrap(),
                "{corruption:?}"
            );
            assert_eq!(
                corrupted == face,
                corruption == Corruption::None,
                "{corruption:?}"
            );
        }
    }

    #[test]
    fn levels_are_what_they_say() {
        let face = plain(&portrait(3));
        let apply = |corruption: Corruption| corruption.apply(&face).unwrap();
        let gray = GrayImage::from_pixel(SIDE, SIDE, Luma([128]));
        let noisy = Corruption::Noise(16.0).apply(&gray).unwrap();
        assert!(
            (distance(&noisy, &gray) - 16.0).abs() < 1.0,
            "{}",
            distance(&noisy, &gray)
        );
        assert!((mean(&Corruption::Brightness(40).apply(&gray).unwrap()) - 168.0).abs() < 1e-3);
        assert_eq!(apply(Corruption::Small(12)).dimensions(), (12, 12));
        assert!(
            distance(&apply(Corruption::Jpeg(10)), &face)
                > distance(&apply(Corruption::Jpeg(50)), &face)
        );
        let blurred = |sigma| distance(&apply(Corruption::Blur(sigma)), &face);
        assert!(
            blurred(0.7) < blurred(1.0)
                && blurred(1.0) < blurred(1.5)
                && blurred(1.5) < blurred(2.0)
        );
        let black = GrayImage::new(SIDE, SIDE);
        let covered = Corruption::Occlusion(0.25).apply(&black).unwrap();
        assert_eq!(
            covered.iter().filter(|&&level| level == 128).count(),
            24 * 24
        );
    }

    #[test]
    fn a_turn_and_its_opposite_cancel_and_a_quarter_moves_corners() {
        let mut face = GrayImage::from_pixel(SIDE, SIDE, Luma([50]));
        face.put_pixel(0, 0, Luma([250]));
        // Clockwise: the upper left corner comes to the upper right.
        assert!(rotated(&face, 90.0).get_pixel(SIDE - 1, 0)[0] > 240);
        let portrait = plain(&portrait(4));
        let back = rotated(&rotated(&portrait, 10.0), -10.0);
        assert!(distance(&back, &portrait) < 0.5 * distance(&rotated(&portrait, 10.0), &portrait));
    }

    #[test]
    fn rows_hold_the_figures_under_each_corruption() {
        let root = tempfile::tempdir().unwrap();
        for (class, level) in ["happy", "sad", "neutral", "surprise"]
            .into_iter()
            .zip(LEVELS)
        {
            let folder = root.path().join(class);
            std::fs::create_dir_all(&folder).unwrap();
            GrayImage::from_pixel(48, 48, Luma([level]))
                .save(folder.join("a.png"))
                .unwrap();
        }
        let folder = ClassFolders::scan(root.path(), ScanOptions::default()).unwrap();
        let corruptions = [Corruption::None, Corruption::Brightness(60)];
        let mut told = Vec::new();
        let rows = robustness(
            &gray_levels(),
            &folder,
            None,
            &corruptions,
            1,
            |corruption| told.push(corruption),
        )
        .unwrap();
        assert_eq!(told, corruptions);
        assert_eq!((rows[0].n, rows[0].accuracy), (4, 1.0));
        // 60 levels brighter, three classes look like the next, and the brightest like itself.
        assert_eq!(rows[1].accuracy, 0.25);
    }
}
