//! The four emotions: their order, their names, their aliases.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Error;

/// An apparent facial expression. The only authority on labels and their order.
///
/// ```
/// use fer_core::Emotion;
///
/// assert_eq!(Emotion::Surprise.label(), "surprise");
/// assert_eq!("Happiness".parse::<Emotion>()?, Emotion::Happy);
/// assert_eq!(Emotion::ALL[Emotion::Neutral.index()], Emotion::Neutral);
/// # Ok::<(), fer_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "Cow<'_, str>")]
pub enum Emotion {
    /// Smiling, joyful.
    Happy,
    /// Downcast, tearful.
    Sad,
    /// No marked expression.
    Neutral,
    /// Raised brows, open mouth.
    Surprise,
}

impl Emotion {
    /// Number of emotions.
    pub const COUNT: usize = Self::ALL.len();

    /// Every emotion, in the order of logits, probabilities, priors and confusion matrices.
    pub const ALL: [Self; 4] = [Self::Happy, Self::Sad, Self::Neutral, Self::Surprise];

    /// The name in files and answers: lower case, stable.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Happy => "happy",
            Self::Sad => "sad",
            Self::Neutral => "neutral",
            Self::Surprise => "surprise",
        }
    }

    /// Position in [`Emotion::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The emotion at a position of [`Emotion::ALL`], if there is one.
    pub fn from_index(index: usize) -> Option<Self> {
        Self::ALL.get(index).copied()
    }

    /// Returns all labels in one line, for messages.
    pub(crate) fn labels() -> String {
        Self::ALL.map(Self::label).join(", ")
    }

    /// Other spellings that datasets use for the label.
    const fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Happy => &["happiness"],
            Self::Sad => &["sadness"],
            Self::Neutral => &[],
            Self::Surprise => &["surprised"],
        }
    }
}

impl fmt::Display for Emotion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

impl FromStr for Emotion {
    type Err = Error;

    /// Reads a label or an alias (`happiness`, `sadness`, `surprised`) in any case.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|emotion| {
                let is_name = |known: &str| known.eq_ignore_ascii_case(name);
                is_name(emotion.label()) || emotion.aliases().iter().any(|alias| is_name(alias))
            })
            .ok_or_else(|| Error::UnknownEmotion {
                expected: Self::labels(),
                name: name.into(),
            })
    }
}

impl From<Emotion> for &'static str {
    fn from(emotion: Emotion) -> Self {
        emotion.label()
    }
}

impl TryFrom<Cow<'_, str>> for Emotion {
    type Error = Error;

    fn try_from(name: Cow<'_, str>) -> Result<Self, Error> {
        name.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn index_and_label_round_trip() {
        for (index, emotion) in Emotion::ALL.into_iter().enumerate() {
            assert_eq!(emotion.index(), index);
            assert_eq!(Emotion::from_index(index), Some(emotion));
            assert_eq!(emotion.label().parse::<Emotion>().unwrap(), emotion);
            assert_eq!(emotion.to_string(), emotion.label());
        }
        assert_eq!(Emotion::from_index(Emotion::COUNT), None);
    }

    #[test]
    fn aliases_in_any_case() {
        let cases = [
            ("HAPPY", Emotion::Happy),
            ("Happiness", Emotion::Happy),
            ("sadness", Emotion::Sad),
            ("Neutral", Emotion::Neutral),
            ("Surprised", Emotion::Surprise),
        ];
        for (name, expected) in cases {
            assert_eq!(name.parse::<Emotion>().unwrap(), expected, "{name}");
        }
        for name in ["", "anger", "happy ", "surprisé"] {
            let error = name.parse::<Emotion>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
        }
    }

    #[test]
    fn serializes_as_its_label() {
        let json = serde_json::to_string(&Emotion::ALL).unwrap();
        assert_eq!(json, r#"["happy","sad","neutral","surprise"]"#);
        let back: [Emotion; 4] = serde_json::from_str(&json).unwrap();
        assert_eq!(back, Emotion::ALL);
        assert!(serde_json::from_str::<Emotion>(r#""fear""#).is_err());
    }

    #[test]
    fn display_pads() {
        assert_eq!(format!("{:>8}|", Emotion::Sad), "     sad|");
    }
}
