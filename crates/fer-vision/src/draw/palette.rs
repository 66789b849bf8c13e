//! Colors of drawings.

use fer_core::Emotion;

/// Red, green and blue.
pub(super) type Color = [u8; 3];

/// The ground of labels, and the edge of lines, which shows a light box on a light wall.
pub(super) const DARK: Color = [24, 24, 28];
/// The ground of bars.
pub(super) const BAR_GROUND: Color = [92, 92, 96];
/// Text that is of no emotion.
pub(super) const LIGHT: Color = [235, 235, 235];

/// Returns the color of an emotion: of those that people with any color vision tell apart (Okabe and Ito, 2008), light enough for a
/// dark ground. The notebooks' (`_html.py`) are of the same hues.
pub(super) const fn color(emotion: Emotion) -> Color {
    match emotion {
        Emotion::Happy => [230, 159, 0],
        Emotion::Sad => [86, 180, 233],
        Emotion::Neutral => [235, 235, 235],
        Emotion::Surprise => [222, 150, 190],
    }
}
