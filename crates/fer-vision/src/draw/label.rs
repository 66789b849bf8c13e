//! Labels of faces: the emotion in words, with a bar for each probability where the face is large enough.

use fer_core::{Emotion, Prediction};

use super::canvas::{Area, Canvas};
use super::palette::{BAR_GROUND, Color, DARK, color};

const GROUND_OPACITY: f32 = 0.72;

/// A label and its look.
#[derive(Debug)]
pub(super) struct Label {
    text: String,
    color: Color,
    /// Height of the text in pixels.
    height: f32,
    bars: Option<Bars>,
    /// Columns and rows.
    pub(super) size: (i64, i64),
}

/// Probabilities as bars.
#[derive(Debug)]
struct Bars {
    probabilities: [f32; Emotion::COUNT],
    height: i64,
    gap: i64,
}

impl Label {
    /// Returns a label of one line.
    pub(super) fn line(canvas: &Canvas, text: String, height: f32, color: Color) -> Self {
        let pad = pad(height);
        let size = (
            canvas.text_width(&text, height) + 2 * pad,
            height.ceil() as i64 + pad,
        );
        Self {
            text,
            color,
            height,
            bars: None,
            size,
        }
    }

    /// Adds a bar for each probability; the label becomes at least `width` columns wide.
    pub(super) fn with_bars(mut self, prediction: &Prediction, width: i64) -> Self {
        let bars = Bars {
            probabilities: prediction.probabilities(),
            height: ((self.height / 5.0).round() as i64).max(2),
            gap: ((self.height / 8.0).round() as i64).max(1),
        };
        self.size.0 = self.size.0.max(width);
        self.size.1 += Emotion::COUNT as i64 * (bars.height + bars.gap);
        self.bars = Some(bars);
        self
    }

    /// Draws the label on its ground, its top left corner in that of `place`.
    pub(super) fn draw(&self, canvas: &mut Canvas, place: Area) {
        let pad = pad(self.height);
        canvas.fill(place, DARK, GROUND_OPACITY);
        let origin = (place.x + pad, place.y + pad / 2);
        canvas.text(&self.text, self.height, origin, self.color);
        let Some(bars) = &self.bars else { return };
        let full = place.width - 2 * pad;
        let mut y = origin.1 + self.height.ceil() as i64;
        for (emotion, probability) in Emotion::ALL.into_iter().zip(bars.probabilities) {
            let ground = Area {
                x: origin.0,
                y,
                width: full,
                height: bars.height,
            };
            let width = (full as f32 * probability).round() as i64;
            canvas.fill(ground, BAR_GROUND, GROUND_OPACITY);
            canvas.fill(Area { width, ..ground }, color(emotion), 1.0);
            y += bars.height + bars.gap;
        }
    }
}

/// Returns the columns left and right of text of this height.
fn pad(height: f32) -> i64 {
    ((height / 6.0).round() as i64).max(2)
}
