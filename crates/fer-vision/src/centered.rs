//! Smoothing over time without lag, for frames that can wait.

use std::collections::VecDeque;

use fer_core::{Emotion, PerEmotion};

use crate::{StreamOptions, TrackedFace};

/// A frame with the people in it, and what goes with it, such as its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedFrame<T> {
    /// Time of the frame in seconds.
    pub time: f64,
    /// The people in the order of their numbers, with the smoothed probabilities of [`CenteredSmoother`].
    pub faces: Vec<TrackedFace>,
    /// The item that was pushed with the frame.
    pub item: T,
}

/// Smooths the probabilities of people over the frames before and after each frame: no change shows late.
///
/// A [`FaceStream`](crate::FaceStream) knows the past alone, and its smoothed probabilities follow a change by its time constant. Here they
/// are the mean over the same person's frames up to [`reach`](Self::reach) seconds away, with weights that fall linearly to 0 (a
/// triangular window); at the beginning and the end of a track, over those that there are. A frame waits until a frame of `reach`
/// later has come: few frames are kept, and the stream may be endless.
#[derive(Debug)]
pub struct CenteredSmoother<T> {
    reach: f64,
    /// Frames that were given back and still count for those that wait.
    before: VecDeque<Looks>,
    waiting: VecDeque<Waiting<T>>,
}

/// Whose probabilities were seen at a time.
#[derive(Debug)]
struct Looks {
    time: f64,
    people: Vec<(u64, [f32; Emotion::COUNT])>,
}

#[derive(Debug)]
struct Waiting<T> {
    looks: Looks,
    faces: Vec<TrackedFace>,
    item: T,
}

impl<T> CenteredSmoother<T> {
    /// A smoother that leaves as much of the noise of single frames as the exponential smoothing of `options`: a triangular window
    /// reaching 4/3 of a time constant has the variance of an exponential one.
    pub fn new(options: &StreamOptions) -> Self {
        Self {
            reach: options.smoothing.max(0.0) * 4.0 / 3.0,
            before: VecDeque::new(),
            waiting: VecDeque::new(),
        }
    }

    /// The distance in seconds at which a frame no longer counts.
    pub fn reach(&self) -> f64 {
        self.reach
    }

    /// Takes in the next frame of a [`FaceStream`](crate::FaceStream), and returns those that no later frame can change.
    pub fn push(&mut self, time: f64, faces: Vec<TrackedFace>, item: T) -> Vec<SmoothedFrame<T>> {
        let seen = |face: &TrackedFace| (face.person, face.face.prediction.probabilities());
        let people = faces.iter().map(seen).collect();
        self.waiting.push_back(Waiting {
            looks: Looks { time, people },
            faces,
            item,
        });
        let ready = |waiting: &Waiting<T>| time - waiting.looks.time >= self.reach;
        let count = self.waiting.iter().take_while(|frame| ready(frame)).count();
        self.give_back(count)
    }

    /// Returns the frames that still wait, at the end of the video.
    pub fn finish(&mut self) -> Vec<SmoothedFrame<T>> {
        self.give_back(self.waiting.len())
    }

    fn give_back(&mut self, count: usize) -> Vec<SmoothedFrame<T>> {
        (0..count).filter_map(|_| self.give_back_one()).collect()
    }

    fn give_back_one(&mut self) -> Option<SmoothedFrame<T>> {
        let time = self.waiting.front()?.looks.time;
        while let Some(oldest) = self.before.front()
            && time - oldest.time >= self.reach
        {
            self.before.pop_front();
        }
        let people = self.waiting.front()?.faces.iter().map(|face| face.person);
        let smoothed: Vec<_> = people.map(|person| self.mean(person, time)).collect();
        let Waiting {
            looks,
            mut faces,
            item,
        } = self.waiting.pop_front()?;
        for (face, smoothed) in faces.iter_mut().zip(smoothed) {
            face.smoothed = smoothed;
        }
        self.before.push_back(looks);
        Some(SmoothedFrame { time, faces, item })
    }

    /// The weighted mean of a person's probabilities around `time`, at which the person was seen.
    fn mean(&self, person: u64, time: f64) -> PerEmotion<f32> {
        let waiting = self.waiting.iter().map(|frame| &frame.looks);
        let (mut total, mut sums) = (0.0, [0.0; Emotion::COUNT]);
        for looks in self.before.iter().chain(waiting) {
            let weight = self.weight(looks.time - time);
            if weight <= 0.0 {
                continue;
            }
            for (_, probabilities) in looks.people.iter().filter(|(whose, _)| *whose == person) {
                total += weight;
                for (sum, probability) in sums.iter_mut().zip(probabilities) {
                    *sum += weight * f64::from(*probability);
                }
            }
        }
        PerEmotion(sums.map(|sum| (sum / total) as f32))
    }

    /// The weight of a frame so many seconds away: of the frame itself 1, also without any smoothing.
    fn weight(&self, distance: f64) -> f64 {
        if distance == 0.0 {
            1.0
        } else {
            1.0 - distance.abs() / self.reach
        }
    }
}

#[cfg(test)]
mod tests {
    use fer_core::Prediction;
    use proptest::prelude::*;

    use super::*;
    use crate::Face;

    fn face(person: u64, probabilities: [f32; Emotion::COUNT]) -> TrackedFace {
        let prediction = Prediction::from_parts(probabilities, [1.0; 4], None).unwrap();
        TrackedFace {
            person,
            face: Face {
                bounds: None,
                score: None,
                framing: None,
                prediction,
            },
            smoothed: PerEmotion(probabilities),
        }
    }

    fn smoother(smoothing: f64) -> CenteredSmoother<usize> {
        CenteredSmoother::new(&StreamOptions {
            smoothing,
            ..StreamOptions::default()
        })
    }

    /// Smooths all frames, given as times with people.
    fn smooth(smoothing: f64, frames: &[(f64, Vec<TrackedFace>)]) -> Vec<SmoothedFrame<usize>> {
        let mut smoother = smoother(smoothing);
        let mut smoothed = Vec::new();
        for (number, (time, faces)) in frames.iter().enumerate() {
            smoothed.extend(smoother.push(*time, faces.clone(), number));
        }
        smoothed.extend(smoother.finish());
        smoothed
    }

    /// The definition, in f64 and over all frames.
    fn naive(
        reach: f64,
        frames: &[(f64, Vec<TrackedFace>)],
        person: u64,
        time: f64,
    ) -> [f64; Emotion::COUNT] {
        let weight = |at: f64| (1.0 - (at - time).abs() / reach).max(0.0);
        let of_person = |faces: &[TrackedFace]| {
            let face = faces.iter().find(|face| face.person == person)?;
            Some(face.face.prediction.probabilities().map(f64::from))
        };
        let looks: Vec<(f64, [f64; 4])> = frames
            .iter()
            .filter_map(|(at, faces)| Some((weight(*at), of_person(faces)?)))
            .collect();
        let total: f64 = looks.iter().map(|(weight, _)| weight).sum();
        std::array::from_fn(|emotion| {
            let sum: f64 = looks.iter().map(|(w, p)| w * p[emotion]).sum();
            sum / total
        })
    }

    fn clip() -> impl Strategy<Value = Vec<(f64, Vec<TrackedFace>)>> {
        let person = (prop::bool::weighted(0.7), 0.0..1.0_f32, 0.0..1.0_f32);
        let frame = (0.001..0.3_f64, prop::collection::vec(person, 3));
        prop::collection::vec(frame, 1..60).prop_map(|frames| {
            let mut time = 0.0;
            let frame = |(step, people): (f64, Vec<(bool, f32, f32)>)| {
                time += step;
                let seen = (0..).zip(people).filter(|(_, (there, ..))| *there);
                let faces = seen.map(|(person, (_, a, b))| {
                    face(
                        person,
                        [a * b, a * (1.0 - b), (1.0 - a) * b, (1.0 - a) * (1.0 - b)],
                    )
                });
                (time, faces.collect())
            };
            frames.into_iter().map(frame).collect()
        })
    }

    proptest! {
        #[test]
        fn the_mean_is_that_of_its_definition(clip in clip(), smoothing in 0.05..0.5_f64) {
            let smoothed = smooth(smoothing, &clip);
            prop_assert_eq!(smoothed.len(), clip.len());
            for (number, (frame, (time, faces))) in smoothed.iter().zip(&clip).enumerate() {
                prop_assert_eq!((frame.time, frame.item), (*time, number));
                prop_assert_eq!(frame.faces.len(), faces.len());
                for (found, given) in frame.faces.iter().zip(faces) {
                    prop_assert_eq!(found.person, given.person);
                    prop_assert_eq!(&found.face, &given.face);
                    let expected = naive(smoothing * 4.0 / 3.0, &clip, found.person, *time);
                    for (found, expected) in found.smoothed.0.iter().zip(expected) {
                        prop_assert!((f64::from(*found) - expected).abs() < 1e-6);
                    }
                }
            }
        }

        #[test]
        fn a_frame_waits_for_its_reach_and_no_longer(clip in clip()) {
            let mut smoother = smoother(0.3);
            let reach = smoother.reach();
            for (number, (time, faces)) in clip.iter().enumerate() {
                let ready = smoother.push(*time, faces.clone(), number);
                prop_assert!(ready.iter().all(|frame| time - frame.time >= reach));
                let waiting = smoother.waiting.iter();
                prop_assert!(waiting.into_iter().all(|frame| time - frame.looks.time < reach));
                let span = smoother.before.front().map_or(0.0, |looks| time - looks.time);
                prop_assert!(span < 3.0 * reach + 0.3, "{span}");
            }
        }
    }

    const SAD: [f32; 4] = [0.0, 1.0, 0.0, 0.0];
    const HAPPY: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

    #[test]
    fn a_change_shows_at_its_own_time() {
        let frames: Vec<_> = (0..60)
            .map(|number| {
                let time = f64::from(number) / 30.0;
                (time, vec![face(0, if time < 1.0 { SAD } else { HAPPY })])
            })
            .collect();
        let smoothed = smooth(0.3, &frames);
        let crossing = smoothed
            .iter()
            .find(|frame| frame.faces[0].smoothed[Emotion::Happy] > 0.5);
        assert!((crossing.unwrap().time - 1.0).abs() < 0.02);
        assert_eq!(smoothed[0].faces[0].smoothed.0, SAD);
        assert_eq!(smoothed[59].faces[0].smoothed.0, HAPPY);
    }

    #[test]
    fn as_much_noise_is_left_as_by_the_exponential_smoothing() {
        let rate = 1000.0;
        let tau = 0.3;
        let reach = smoother(tau).reach();
        let triangle: Vec<f64> = (-400..=400)
            .map(|step| (1.0 - (f64::from(step) / rate / reach).abs()).max(0.0))
            .collect();
        let exponential: Vec<f64> = (0..10_000)
            .map(|step| (-f64::from(step) / rate / tau).exp())
            .collect();
        let variance = |weights: &[f64]| {
            let total: f64 = weights.iter().sum();
            weights
                .iter()
                .map(|weight| (weight / total).powi(2))
                .sum::<f64>()
        };
        let ratio = variance(&triangle) / variance(&exponential);
        assert!((ratio - 1.0).abs() < 0.01, "{ratio}");
    }

    #[test]
    fn without_a_time_constant_nothing_is_smoothed_and_nothing_waits() {
        let mut smoother = smoother(0.0);
        for (number, probabilities) in [SAD, HAPPY].into_iter().enumerate() {
            let time = number as f64 / 10.0;
            let ready = smoother.push(time, vec![face(0, probabilities)], number);
            assert_eq!(ready[0].faces[0].smoothed.0, probabilities);
        }
    }
}
