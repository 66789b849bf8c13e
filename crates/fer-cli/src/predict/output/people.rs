//! The people of a video in a few words each.

use std::collections::BTreeMap;

use fer_core::{Emotion, PerEmotion};

use super::Frame;

/// Who was seen in the frames so far.
#[derive(Default)]
pub(in crate::predict) struct People {
    seen: BTreeMap<u64, Seen>,
}

struct Seen {
    first: f64,
    last: f64,
    frames: f32,
    sums: PerEmotion<f32>,
}

/// One person: when seen, and the emotion with the highest mean probability.
pub(super) struct Person {
    pub(super) place: String,
    pub(super) emotion: Emotion,
    pub(super) share: f32,
}

impl People {
    pub(super) fn add(&mut self, frame: &Frame<'_>) {
        for tracked in &frame.faces {
            let seen = self.seen.entry(tracked.person).or_insert_with(|| Seen {
                first: frame.time,
                last: frame.time,
                frames: 0.0,
                sums: PerEmotion::default(),
            });
            seen.last = frame.time;
            seen.frames += 1.0;
            for emotion in Emotion::ALL {
                seen.sums[emotion] += tracked.face.prediction.probability(emotion);
            }
        }
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = Person> {
        self.seen.into_iter().map(|(number, seen)| {
            let mean = PerEmotion::from_fn(|emotion| seen.sums[emotion] / seen.frames);
            let emotion = Emotion::ALL
                .into_iter()
                .max_by(|a, b| mean[*a].total_cmp(&mean[*b]))
                .unwrap_or(Emotion::Neutral);
            Person {
                place: format!("person {number}, {:.1} to {:.1} s", seen.first, seen.last),
                emotion,
                share: mean[emotion],
            }
        })
    }
}
