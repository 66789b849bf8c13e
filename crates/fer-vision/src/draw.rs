//! Images that show what was found.

mod canvas;
mod label;
mod palette;
mod placement;
mod targets;

use std::io::Cursor;
use std::path::Path;

use fer_core::{Image, PixelFormat, write_atomic};
use image::{ExtendedColorType, ImageFormat};

use self::canvas::{Area, Canvas, Frame};
use self::label::Label;
use self::palette::{LIGHT, color};
use self::placement::place_labels;
pub use self::targets::DrawingTargets;
use self::targets::is_writable;
use crate::{Error, Face, Result};

/// Images whose longer side is below this are enlarged, so that text fits.
const MIN_SIDE: u32 = 320;
/// Height of a label's text over that of its face.
const TEXT_SHARE: f32 = 0.14;
/// The least text height that reads well, in pixels.
const MIN_TEXT: f32 = 13.0;
/// The greatest text height, over the longer side of the image.
const MAX_TEXT_SHARE: f32 = 1.0 / 28.0;
/// Faces lower than this have no bars, which would hide the faces beside them.
const MIN_FACE_WITH_BARS: i64 = 60;
/// More faces than these get numbers, and a legend below the image.
const MOST_LABELS: usize = 8;

/// Draws each face's box, its emotion with the confidence, and a bar for each probability (happy, sad, neutral, surprise).
///
/// Text is as large as the face allows; small faces have no bars. An uncertain answer has a question mark and a dashed box; a face
/// that shows another expression than the four is said to, with the share of people who would see one. More than
/// eight faces carry their numbers, from 0 as in the tables, and a legend below the image says what each expresses.
///
/// The image becomes RGB; one below 320 pixels is enlarged by a whole factor.
pub fn draw(image: &mut Image, faces: &[Face]) {
    let longer = image.width().max(image.height());
    let factor = MIN_SIDE.div_ceil(longer);
    let mut canvas = Canvas::enlarged(&image.view(), factor);
    let areas: Vec<Area> = faces
        .iter()
        .map(|face| area_of(face, i64::from(factor), canvas.size()))
        .collect();
    let max_text = ((longer * factor) as f32 * MAX_TEXT_SHARE).max(MIN_TEXT);
    let with_legend = faces.len() > MOST_LABELS;

    let labels: Vec<Label> = (0..)
        .zip(faces.iter().zip(&areas))
        .map(|(number, (face, area))| {
            let height = (area.height as f32 * TEXT_SHARE).clamp(MIN_TEXT, max_text);
            let color = color(face.prediction.emotion());
            if with_legend {
                return Label::line(&canvas, format!("{number}"), height, color);
            }
            let label = Label::line(&canvas, answer(face), height, color);
            if area.height < MIN_FACE_WITH_BARS {
                label
            } else {
                label.with_bars(&face.prediction, area.width)
            }
        })
        .collect();
    let sizes: Vec<(i64, i64)> = labels.iter().map(|label| label.size).collect();
    let places = place_labels(&areas, &sizes, canvas.size());
    for (label, place) in labels.iter().zip(places) {
        label.draw(&mut canvas, place);
    }
    // After the labels, so that none hides a box.
    for (face, &area) in faces.iter().zip(&areas) {
        if face.bounds.is_some() {
            canvas.frame(area, &frame_of(face, area, max_text));
        }
    }
    if with_legend {
        draw_legend(&mut canvas, faces, max_text.min(2.0 * MIN_TEXT));
    }
    if let Some(drawn) = canvas.into_image() {
        *image = drawn;
    }
}

/// Returns the face's box on the canvas; the whole canvas for a face without one.
fn area_of(face: &Face, factor: i64, (width, height): (i64, i64)) -> Area {
    let whole = Area {
        x: 0,
        y: 0,
        width,
        height,
    };
    face.bounds.map_or(whole, |bounds| {
        let [x, y, width, height] = <[u32; 4]>::from(bounds).map(|side| i64::from(side) * factor);
        Area {
            x,
            y,
            width,
            height,
        }
    })
}

/// Returns what the face expresses, in words.
fn answer(face: &Face) -> String {
    let prediction = &face.prediction;
    if let (true, Some(share)) = (prediction.shows_other(), prediction.other()) {
        return format!("another expression {share:.2}");
    }
    let doubt = if prediction.is_uncertain() { "?" } else { "" };
    format!(
        "{}{doubt} {:.2}",
        prediction.emotion(),
        prediction.confidence()
    )
}

fn frame_of(face: &Face, area: Area, max_text: f32) -> Frame {
    let line = (area.height as f32 / 50.0).clamp(2.0, (max_text / 7.0).max(2.0));
    let line = line.round() as i64;
    Frame {
        line,
        color: color(face.prediction.emotion()),
        dash: face.prediction.is_uncertain().then_some(4 * line),
    }
}

/// Adds rows below the image that say what each numbered face expresses.
fn draw_legend(canvas: &mut Canvas, faces: &[Face], text: f32) {
    let (width, height) = canvas.size();
    let entries: Vec<Label> = (0..)
        .zip(faces)
        .map(|(number, face)| {
            let answer = format!("{number} {}", answer(face));
            let color = color(face.prediction.emotion());
            Label::line(canvas, answer, text, color)
        })
        .collect();
    let title = Label::line(canvas, format!("{} faces", faces.len()), text, LIGHT);
    let entries: Vec<Label> = std::iter::once(title).chain(entries).collect();
    let (mut column, mut row) = (1, 1);
    for entry in &entries {
        column = column.max(entry.size.0);
        row = row.max(entry.size.1);
    }
    let columns = (width / column).max(1);
    let rows = (entries.len() as i64 + columns - 1) / columns;
    canvas.extend_below(rows * row);
    for (number, entry) in (0..).zip(&entries) {
        let place = Area {
            x: number % columns * column,
            y: height + number / columns * row,
            width: column,
            height: row,
        };
        entry.draw(canvas, place);
    }
}

/// Writes an image, in the format that the path's extension names, so that the file is whole or not there.
///
/// # Errors
/// [`Error::DrawingFormat`] if the extension names no format that can be written; [`Error::Write`] or [`fer_core::Error::File`] if
/// writing fails.
pub fn save(image: &Image, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    if !is_writable(path) {
        return Err(Error::DrawingFormat {
            path: path.to_path_buf(),
        });
    }
    let bytes = encode(image, path).map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source: source.into(),
    })?;
    Ok(write_atomic(path, &bytes)?)
}

fn encode(image: &Image, path: &Path) -> image::ImageResult<Vec<u8>> {
    let format = ImageFormat::from_path(path)?;
    let rgb = (image.format() == PixelFormat::Bgr8)
        .then(|| Canvas::enlarged(&image.view(), 1).into_image())
        .flatten();
    let image = rgb.as_ref().unwrap_or(image);
    let color = match image.format().channels() {
        1 => ExtendedColorType::L8,
        4 => ExtendedColorType::Rgba8,
        _ => ExtendedColorType::Rgb8,
    };
    let mut bytes = Cursor::new(Vec::new());
    let (width, height) = (image.width(), image.height());
    image::write_buffer_with_format(&mut bytes, image.pixels(), width, height, color, format)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use fer_core::Emotion;

    use super::*;
    use crate::FaceBox;

    const WALL: [u8; 3] = [255, 255, 255];

    fn wall(width: u32, height: u32) -> Image {
        let pixels = vec![255; (width * height * 3) as usize];
        Image::new(pixels, width, height, PixelFormat::Rgb8).unwrap()
    }

    fn pixel(image: &Image, x: u32, y: u32) -> [u8; 3] {
        let start = ((y * image.width() + x) * 3) as usize;
        image.pixels()[start..start + 3].try_into().unwrap()
    }

    #[test]
    fn an_image_without_faces_only_turns_rgb_and_grows() {
        let mut image = Image::new(vec![7; 100 * 50], 100, 50, PixelFormat::Gray8).unwrap();
        draw(&mut image, &[]);
        assert_eq!(
            (image.width(), image.height(), image.format()),
            (400, 200, PixelFormat::Rgb8)
        );
        assert!(image.pixels().iter().all(|&byte| byte == 7));
    }

    #[test]
    fn saving_needs_a_known_extension_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let image = Image::new(vec![7; 12], 2, 2, PixelFormat::Rgb8).unwrap();
        assert_eq!(
            save(&image, folder.path().join("a.what"))
                .unwrap_err()
                .kind(),
            fer_core::ErrorKind::InvalidArgument
        );
        save(&image, folder.path().join("a.png")).unwrap();
        assert_eq!(Image::open(folder.path().join("a.png")).unwrap(), image);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn saving_keeps_the_colors_of_every_format() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let bgr = Image::new(vec![1, 2, 3], 1, 1, PixelFormat::Bgr8).unwrap();
        save(&bgr, &path).unwrap();
        assert_eq!(pixel(&Image::open(&path).unwrap(), 0, 0), [3, 2, 1]);
    }

    #[cfg(unix)]
    #[test]
    fn other_users_may_read_what_was_saved() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let [saved, plain] = ["a.png", "b.png"].map(|name| folder.path().join(name));
        save(&wall(2, 2), &saved).unwrap();
        std::fs::write(&plain, []).unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&saved), mode(&plain));
    }

    /// A face in `bounds` with some prediction.
    fn face(bounds: [u32; 4]) -> Face {
        let classifier = fer_core::Classifier::pretrained().unwrap();
        let pixels = vec![128; classifier.model().preprocessing.face_len()];
        let prediction = classifier.predict_faces(&pixels).unwrap().remove(0);
        Face {
            bounds: Some(FaceBox::try_from(bounds).unwrap()),
            score: None,
            framing: None,
            prediction,
        }
    }

    #[test]
    fn a_box_has_its_color_and_a_dark_edge_and_hides_no_face() {
        let face = face([200, 100, 120, 120]);
        let mut image = wall(600, 400);
        draw(&mut image, std::slice::from_ref(&face));
        assert_eq!((image.width(), image.height()), (600, 400));
        let row = |x: std::ops::Range<u32>| x.map(|x| pixel(&image, x, 104)).collect::<Vec<_>>();
        let across = row(190..215);
        assert!(
            across.contains(&color(face.prediction.emotion())),
            "{across:?}"
        );
        assert!(across.contains(&palette::DARK), "{across:?}");
        for y in 110..210 {
            assert!((210..310).all(|x| pixel(&image, x, y) == WALL), "row {y}");
        }
        // The label is below, with bars.
        let label = |y| (200..320).any(|x| pixel(&image, x, y) != WALL);
        assert!((225..250).all(label));
        assert!((300..400).all(|y| !label(y)));
    }

    #[test]
    fn small_faces_have_low_labels_without_bars() {
        let height_of_label = |side| {
            let mut image = wall(600, 400);
            draw(&mut image, &[face([200, 100, side, side])]);
            let below = 100 + side + 4..400;
            below
                .filter(|&y| (0..600).any(|x| pixel(&image, x, y) != WALL))
                .count()
        };
        assert!(height_of_label(59) < 20);
        assert!(height_of_label(60) > 24);
    }

    #[test]
    fn many_faces_are_numbered_and_a_legend_grows_below() {
        let faces: Vec<Face> = (0..9)
            .map(|i| face([20 + i % 3 * 190, 20 + i / 3 * 120, 70, 70]))
            .collect();
        let mut image = wall(600, 400);
        draw(&mut image, &faces);
        assert_eq!(image.width(), 600);
        assert!(image.height() > 420, "{}", image.height());
        for bounds in faces.iter().filter_map(|face| face.bounds) {
            let (x, y) = (bounds.x + 8, bounds.y + 8);
            assert!((0..54).all(|i| pixel(&image, x + i, y + i) == WALL));
        }
        let emotions = Emotion::ALL.map(color);
        let legend = |x: u32| (402..image.height()).map(move |y| (x, y));
        let mut pixels = (0..600).flat_map(legend);
        assert!(pixels.any(|(x, y)| emotions.contains(&pixel(&image, x, y))));
    }
}
