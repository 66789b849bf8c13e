//! The summary below the table.

use fer_core::{Emotion, PerEmotion};

/// Counts of what a table lists.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) images: usize,
    pub(super) videos: usize,
    pub(super) faces: usize,
    pub(super) people: usize,
    pub(super) emotions: PerEmotion<usize>,
    pub(super) uncertain: usize,
    pub(super) other: usize,
    pub(super) without_face: usize,
    pub(super) failed: usize,
}

impl Counts {
    /// Returns the line below the table.
    pub(super) fn summary(&self) -> String {
        let mut inputs = Vec::new();
        if self.images > 0 {
            inputs.push(number(self.images, "image", "images"));
            inputs.push(number(self.faces, "face", "faces"));
        }
        if self.videos > 0 {
            inputs.push(number(self.videos, "video", "videos"));
            inputs.push(number(self.people, "person", "people"));
        }
        let mut found: Vec<String> = Emotion::ALL
            .into_iter()
            .filter(|emotion| self.emotions[*emotion] > 0)
            .map(|emotion| format!("{} {emotion}", self.emotions[emotion]))
            .collect();
        for (count, of) in [
            (self.uncertain, "uncertain (?)"),
            (self.other, "perhaps another expression (??)"),
            (self.without_face, "without a face"),
            (self.failed, "unreadable"),
        ] {
            if count > 0 {
                found.push(format!("{count} {of}"));
            }
        }
        format!("{}: {}", inputs.join(", "), found.join(", "))
    }
}

fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
