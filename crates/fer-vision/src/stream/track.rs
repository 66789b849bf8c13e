//! One person's way through the frames.

use fer_core::{Emotion, PerEmotion};

use crate::FaceBox;

type Probabilities = [f32; Emotion::COUNT];

/// Last place of a person, and the course of their expression.
#[derive(Debug, Clone)]
pub(super) struct Track {
    person: u64,
    bounds: FaceBox,
    last_seen: f64,
    visible: bool,
    smoothed: Probabilities,
}

impl Track {
    pub(super) fn new(
        person: u64,
        time: f64,
        bounds: FaceBox,
        probabilities: Probabilities,
    ) -> Self {
        Self {
            person,
            bounds,
            last_seen: time,
            visible: true,
            smoothed: probabilities,
        }
    }

    /// Takes in the person's face of another frame.
    pub(super) fn update(
        &mut self,
        time: f64,
        bounds: FaceBox,
        probabilities: Probabilities,
        time_constant: f64,
    ) {
        let elapsed = time - self.last_seen;
        // A time constant of 0 or less smooths nothing.
        let weight = if time_constant > 0.0 {
            1.0 - (-elapsed / time_constant).exp()
        } else {
            1.0
        };
        for (smoothed, new) in self.smoothed.iter_mut().zip(probabilities) {
            *smoothed += weight as f32 * (new - *smoothed);
        }
        self.bounds = bounds;
        self.last_seen = time;
        self.visible = true;
    }

    pub(super) fn person(&self) -> u64 {
        self.person
    }

    pub(super) fn bounds(&self) -> FaceBox {
        self.bounds
    }

    pub(super) fn last_seen(&self) -> f64 {
        self.last_seen
    }

    pub(super) fn smoothed(&self) -> PerEmotion<f32> {
        PerEmotion(self.smoothed)
    }

    /// Returns `true` if the person was in the last frame.
    pub(super) fn is_visible(&self) -> bool {
        self.visible
    }

    pub(super) fn set_visible(&mut self, visible: bool) {
        self.visible = visible;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_depends_on_time_not_on_the_number_of_frames() {
        let bounds = FaceBox::try_from([0, 0, 10, 10]).unwrap();
        let (sad, happy) = ([0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]);
        let mut slow = Track::new(0, 0.0, bounds, sad);
        slow.update(0.3, bounds, happy, 0.3);
        let mut fast = Track::new(0, 0.0, bounds, sad);
        for frame in 1..=30 {
            fast.update(f64::from(frame) * 0.01, bounds, happy, 0.3);
        }
        let [slow, fast] = [slow, fast].map(|track| track.smoothed()[Emotion::Happy]);
        assert!(
            (slow - 0.632).abs() < 1e-3 && (slow - fast).abs() < 1e-4,
            "{slow} {fast}"
        );
    }

    #[test]
    fn without_a_time_constant_nothing_is_smoothed() {
        let bounds = FaceBox::try_from([0, 0, 10, 10]).unwrap();
        let mut track = Track::new(0, 0.0, bounds, [0.0, 1.0, 0.0, 0.0]);
        track.update(0.1, bounds, [1.0, 0.0, 0.0, 0.0], 0.0);
        assert_eq!(track.smoothed(), PerEmotion([1.0, 0.0, 0.0, 0.0]));
    }
}
