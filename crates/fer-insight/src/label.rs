//! The labels that people may give a face.

use std::fmt;
use std::str::FromStr;

use fer_core::Emotion;
use serde::{Serialize, Serializer};

/// The answer of one person to one face.
///
/// ```
/// use fer_core::Emotion;
/// use fer_insight::Label;
///
/// assert_eq!("Happiness".parse(), Ok(Label::Emotion(Emotion::Happy)));
/// assert_eq!("5".parse(), Ok(Label::Other));
/// assert_eq!(Label::CannotTell.name(), "cannot_tell");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// One of the four.
    Emotion(Emotion),
    /// Another expression: anger, fear, disgust, anything that is none of the four.
    Other,
    /// No answer: the face cannot be seen well enough, or is no face.
    CannotTell,
}

impl Label {
    /// Number of labels.
    pub const COUNT: usize = Self::ALL.len();

    /// Every label, in the order of the keys 1 to 6.
    pub const ALL: [Self; Emotion::COUNT + 2] = [
        Self::Emotion(Emotion::Happy),
        Self::Emotion(Emotion::Sad),
        Self::Emotion(Emotion::Neutral),
        Self::Emotion(Emotion::Surprise),
        Self::Other,
        Self::CannotTell,
    ];

    /// Returns the name in files: lower case, stable.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Emotion(emotion) => emotion.label(),
            Self::Other => "other",
            Self::CannotTell => "cannot_tell",
        }
    }

    /// Returns the name for people who label.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Emotion(Emotion::Happy) => "Happy",
            Self::Emotion(Emotion::Sad) => "Sad",
            Self::Emotion(Emotion::Neutral) => "Neutral",
            Self::Emotion(Emotion::Surprise) => "Surprised",
            Self::Other => "Another expression",
            Self::CannotTell => "Cannot tell",
        }
    }

    /// Returns the position in [`Label::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Emotion(emotion) => emotion.index(),
            Self::Other => Emotion::COUNT,
            Self::CannotTell => Emotion::COUNT + 1,
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Label {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Text that names no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label is happy, sad, neutral, surprise, other or cannot_tell, or its key, 1 to 6")]
pub struct NotALabel;

impl FromStr for Label {
    type Err = NotALabel;

    /// Reads a name, a title or a key; an emotion also by its other spellings. Case does not matter.
    fn from_str(text: &str) -> Result<Self, NotALabel> {
        let text = text.trim();
        if let Ok(emotion) = text.parse() {
            return Ok(Self::Emotion(emotion));
        }
        let plain = text.to_lowercase().replace([' ', '-'], "_");
        let named = |label: &Self| {
            let title = label.title().to_lowercase().replace(' ', "_");
            plain == label.name() || plain == title || plain == (label.index() + 1).to_string()
        };
        Self::ALL.into_iter().find(named).ok_or(NotALabel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_titles_and_keys_are_read_and_nothing_else() {
        for (index, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(label.index(), index);
            for text in [label.name(), label.title(), &(index + 1).to_string()] {
                assert_eq!(text.parse(), Ok(label), "{text}");
            }
        }
        assert_eq!(" SURPRISED ".parse(), Ok(Label::ALL[3]));
        assert_eq!("cannot-tell".parse(), Ok(Label::CannotTell));
        for text in ["", "0", "7", "angry", "1.0", "happysad"] {
            assert_eq!(text.parse::<Label>(), Err(NotALabel), "{text}");
        }
    }
}
