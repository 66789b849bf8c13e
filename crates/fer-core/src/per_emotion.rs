//! One value for each emotion.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Emotion;

/// One value for each emotion, in the order of [`Emotion::ALL`]; as JSON `{"happy", "sad", "neutral", "surprise"}`.
///
/// ```
/// use fer_core::{Emotion, PerEmotion};
///
/// let support = PerEmotion([10, 20, 30, 40]);
/// assert_eq!(support[Emotion::Neutral], 30);
/// assert_eq!(serde_json::to_string(&support)?, r#"{"happy":10,"sad":20,"neutral":30,"surprise":40}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct PerEmotion<T>(pub [T; Emotion::COUNT]);

impl<T> PerEmotion<T> {
    /// Computes the value of each emotion.
    pub fn from_fn(mut value: impl FnMut(Emotion) -> T) -> Self {
        Self(Emotion::ALL.map(&mut value))
    }

    /// Pairs of emotion and value, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Emotion, &T)> {
        Emotion::ALL.into_iter().zip(&self.0)
    }
}

impl<T> Index<Emotion> for PerEmotion<T> {
    type Output = T;

    fn index(&self, emotion: Emotion) -> &T {
        &self.0[emotion.index()]
    }
}

impl<T> IndexMut<Emotion> for PerEmotion<T> {
    fn index_mut(&mut self, emotion: Emotion) -> &mut T {
        &mut self.0[emotion.index()]
    }
}

impl<T: Serialize> Serialize for PerEmotion<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Emotion::COUNT))?;
        for (emotion, value) in self.iter() {
            map.serialize_entry(emotion.label(), value)?;
        }
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerEmotion<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PerEmotionVisitor(PhantomData))
    }
}

struct PerEmotionVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PerEmotionVisitor<T> {
    type Value = PerEmotion<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a map with one value for each of ")?;
        f.debug_list()
            .entries(Emotion::ALL.map(Emotion::label))
            .finish()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [const { None }; Emotion::COUNT];
        while let Some(emotion) = map.next_key::<Emotion>()? {
            let value = &mut values[emotion.index()];
            if value.is_some() {
                return Err(de::Error::duplicate_field(emotion.label()));
            }
            *value = Some(map.next_value()?);
        }
        for (emotion, value) in Emotion::ALL.into_iter().zip(&values) {
            if value.is_none() {
                return Err(de::Error::missing_field(emotion.label()));
            }
        }
        let present: Vec<T> = values.into_iter().flatten().collect();
        let count = present.len();
        let array = present.try_into();
        array
            .map(PerEmotion)
            .map_err(|_| de::Error::invalid_length(count, &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trip_in_any_key_order() {
        let values: PerEmotion<f32> =
            serde_json::from_str(r#"{"surprise":4,"happy":1.5,"sad":2,"neutral":3}"#).unwrap();
        assert_eq!(values, PerEmotion([1.5, 2.0, 3.0, 4.0]));
    }

    #[test]
    fn json_must_name_each_emotion_once() {
        for json in [
            r#"{"happy":1,"sad":2,"neutral":3}"#,
            r#"{"happy":1,"sad":2,"neutral":3,"surprise":4,"happiness":5}"#,
            r#"{"happy":1,"sad":2,"neutral":3,"fear":4}"#,
            "[1,2,3,4]",
        ] {
            assert!(
                serde_json::from_str::<PerEmotion<f32>>(json).is_err(),
                "{json}"
            );
        }
    }
}
