//! Pictures that show what was found.

mod canvas;

use std::path::Path;

use fer_core::{Emotion, Image};
use image::{ExtendedColorType, ImageFormat};

use self::canvas::{Area, Canvas, Color};
use crate::{Error, Face, FaceBox, Result};

/// Pictures whose longer side is below this are enlarged, so that text fits.
const MIN_SIDE: u32 = 320;
/// Text height over the longer side of the picture.
const TEXT_SHARE: f32 = 1.0 / 45.0;
/// The least text height that reads well, in pixels.
const MIN_TEXT: f32 = 15.0;
const PANEL: Color = [24, 24, 28];
const PANEL_OPACITY: f32 = 0.72;
const BAR_GROUND: Color = [92, 92, 96];

/// Colors that people with any color vision tell apart (Okabe and Ito, 2008), light enough for a dark ground. The notebooks'
/// (`_html.py`) are of the same hues.
const fn color(emotion: Emotion) -> Color {
    match emotion {
        Emotion::Happy => [230, 159, 0],
        Emotion::Sad => [86, 180, 233],
        Emotion::Neutral => [235, 235, 235],
        Emotion::Surprise => [222, 150, 190],
    }
}

/// Draws each face's box, its emotion with the confidence, and a bar for each probability (happy, sad, neutral, surprise).
///
/// The image becomes RGB; one below 320 pixels is enlarged by a whole factor.
pub fn draw(image: &mut Image, faces: &[Face]) {
    let longer = image.width().max(image.height());
    let factor = MIN_SIDE.div_ceil(longer);
    let mut canvas = Canvas::enlarged(&image.view(), factor);
    let text = (longer * factor) as f32 * TEXT_SHARE;
    let text = text.max(MIN_TEXT);
    for face in faces {
        let whole = FaceBox {
            x: 0,
            y: 0,
            width: image.width(),
            height: image.height(),
        };
        let FaceBox {
            x,
            y,
            width,
            height,
        } = face.bounds.unwrap_or(whole);
        let [x, y, width, height] = [x, y, width, height].map(|side| i64::from(side * factor));
        draw_face(
            &mut canvas,
            face,
            Area {
                x,
                y,
                width,
                height,
            },
            text,
        );
    }
    if let Some(drawn) = canvas.into_image() {
        *image = drawn;
    }
}

fn draw_face(canvas: &mut Canvas, face: &Face, bounds: Area, text: f32) {
    let prediction = &face.prediction;
    let emotion = prediction.emotion();
    let line = ((text / 8.0).round() as i64).max(2);
    if face.bounds.is_some() {
        canvas.outline(bounds, line, color(emotion));
    }

    let label = format!("{emotion} {:.2}", prediction.confidence());
    let pad = line + 1;
    let bar = (text / 5.0).round() as i64;
    let bars_height = (bar + line) * Emotion::COUNT as i64;
    let size = (
        bounds.width.max(canvas.text_width(&label, text) + 2 * pad),
        text.ceil() as i64 + bars_height + 2 * pad,
    );
    let panel = panel_area(bounds, size, canvas.size());
    canvas.fill(panel, PANEL, PANEL_OPACITY);
    canvas.text(
        &label,
        text,
        (panel.x + pad, panel.y + pad / 2),
        color(emotion),
    );
    let full = panel.width - 2 * pad;
    let mut y = panel.y + pad + text.ceil() as i64;
    for emotion in Emotion::ALL {
        let ground = Area {
            x: panel.x + pad,
            y,
            width: full,
            height: bar,
        };
        let width = (full as f32 * prediction.probability(emotion)).round() as i64;
        canvas.fill(ground, BAR_GROUND, PANEL_OPACITY);
        canvas.fill(Area { width, ..ground }, color(emotion), 1.0);
        y += bar + line;
    }
}

/// Below the face if there is room, else above, else over its lower edge; never outside the picture if it fits at all.
fn panel_area(face: Area, (width, height): (i64, i64), picture: (i64, i64)) -> Area {
    let below = face.y + face.height;
    let y = if below + height <= picture.1 {
        below
    } else if face.y >= height {
        face.y - height
    } else {
        (below - height).min(picture.1 - height).max(0)
    };
    let centerd = face.x + (face.width - width) / 2;
    Area {
        x: centerd.min(picture.0 - width).max(0),
        y,
        width,
        height,
    }
}

/// Writes a picture, in the format that the path's extension names, so that the file is whole or not there.
///
/// # Errors
/// [`Error::Write`] if the extension names no format or the file cannot be written.
pub fn save(image: &Image, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    write(image, path).map_err(|source| Error::Write {
        path: path.to_path_buf(),
        source,
    })
}

fn write(
    image: &Image,
    path: &Path,
) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let format = ImageFormat::from_path(path)?;
    let color = match image.format().channels() {
        1 => ExtendedColorType::L8,
        4 => ExtendedColorType::Rgba8,
        _ => ExtendedColorType::Rgb8,
    };
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    let (width, height) = (image.width(), image.height());
    image::write_buffer_with_format(&mut file, image.pixels(), width, height, color, format)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use fer_core::PixelFormat;

    use super::*;

    const PICTURE: (i64, i64) = (640, 480);

    #[test]
    fn panels_go_below_or_above_or_inside() {
        let face = |x, y, width, height| Area {
            x,
            y,
            width,
            height,
        };
        assert_eq!(
            panel_area(face(100, 100, 80, 80), (90, 40), PICTURE),
            face(95, 180, 90, 40)
        );
        assert_eq!(
            panel_area(face(600, 400, 40, 70), (90, 40), PICTURE),
            face(550, 360, 90, 40)
        );
        assert_eq!(
            panel_area(face(0, 0, 640, 480), (640, 40), PICTURE),
            face(0, 440, 640, 40)
        );
    }

    #[test]
    fn a_picture_without_faces_only_turns_rgb_and_grows() {
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
            "io"
        );
        save(&image, folder.path().join("a.png")).unwrap();
        assert_eq!(Image::open(folder.path().join("a.png")).unwrap(), image);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
