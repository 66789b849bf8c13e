//! One conversation over time: the expression at each step, its episodes, and reactions at markers.

use fer_core::{Emotion, PerEmotion};
use serde::Serialize;

use crate::answer::EMOTIONS;
use crate::hmm::Chain;
use crate::random::Random;

/// Length of a step in seconds.
pub(crate) const STEP: f64 = 0.2;

/// Independent looks that a second of frames is worth: successive frames repeat their errors.
const LOOKS_PER_SECOND: f64 = 2.5;

/// Mean time in seconds for which an expression stays.
const DWELL: f64 = 2.0;

/// Longest gap in seconds between frames that the frames beside it tell about.
const MAX_GAP: f64 = 1.0;

/// Shortest episode in seconds.
const MIN_EPISODE: f64 = 0.5;

/// Seconds before and after a marker that are compared.
const AROUND: f64 = 5.0;

/// Circular shifts that a reaction is held against.
const SHIFTS: usize = 999;

/// Least probability of a class that evidence is computed from.
const FLOOR: f64 = 1e-9;

/// A face at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Look {
    /// Time in seconds.
    pub(crate) time: f64,
    /// The model's probabilities.
    pub(crate) probabilities: [f64; EMOTIONS],
}

/// A stretch of one expression.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Episode {
    /// Start in seconds.
    pub start: f64,
    /// End in seconds.
    pub end: f64,
    /// The expression.
    pub emotion: Emotion,
    /// Its mean probability.
    pub probability: f64,
}

/// A change at a marker: the mean of 5 s after it minus the mean of 5 s before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reaction {
    /// The change.
    pub estimate: f64,
    /// Share of circular shifts of the conversation with a change as large.
    pub p: f64,
}

/// The reactions at one marker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MarkerReaction {
    /// Time of the marker in seconds.
    pub time: f64,
    /// Text of the marker.
    pub label: String,
    /// Reaction of each expression; absent without a look within 5 s before and after.
    pub reactions: Option<PerEmotion<Reaction>>,
    /// Reaction of happy minus sad; absent with the others.
    pub net: Option<Reaction>,
}

/// The probabilities of each expression at each step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// Time of the first step's center in seconds.
    pub start: f64,
    /// Probabilities at each step of 0.2 s.
    pub probabilities: Vec<[f64; EMOTIONS]>,
    /// `true` at steps with evidence: a face within half a second.
    pub seen: Vec<bool>,
}

impl Course {
    /// Computes the course of looks ordered by time: forward-backward over steps of 0.2 s, the evidence of a look tempered
    /// to 2.5 independent looks a second, the probabilities taken against the class mix that the model was trained on.
    pub(crate) fn new(
        looks: &[Look],
        class_mix: &[f64; EMOTIONS],
        shares: &[f64; EMOTIONS],
    ) -> Self {
        let (Some(first), Some(last)) = (looks.first(), looks.last()) else {
            return Self::default();
        };
        let steps = ((last.time - first.time) / STEP).round() as usize + 1;
        let mut likelihoods = Vec::with_capacity(steps);
        let mut seen = Vec::with_capacity(steps);
        let mut next = 0;
        for step in 0..steps {
            let center = first.time + step as f64 * STEP;
            let from = next;
            while next < looks.len() && looks[next].time < center + STEP / 2.0 {
                next += 1;
            }
            let evidence = evidence(looks, from..next, center, class_mix);
            seen.push(evidence.is_some());
            likelihoods.push(evidence.unwrap_or([1.0; EMOTIONS]));
        }
        let chain = Chain {
            start: *shares,
            share: *shares,
            stay: 1.0 - STEP / DWELL,
        };
        Self {
            start: first.time,
            probabilities: chain.posterior(&likelihoods),
            seen,
        }
    }

    /// Returns the seconds with evidence.
    pub fn seconds_seen(&self) -> f64 {
        STEP * self.seen.iter().filter(|seen| **seen).count() as f64
    }

    /// Returns the stretches of half a second and more in which one expression is the most probable.
    pub fn episodes(&self) -> Vec<Episode> {
        let states: Vec<Option<usize>> = self
            .probabilities
            .iter()
            .zip(&self.seen)
            .map(|(p, seen)| seen.then(|| most(p)))
            .collect();
        let mut episodes = Vec::new();
        let mut at = 0;
        for run in states.chunk_by(|a, b| a == b) {
            let length = run.len() as f64 * STEP;
            if let Some(state) = run[0].filter(|_| length >= MIN_EPISODE - 1e-9) {
                let of = self.probabilities[at..at + run.len()].iter();
                let start = self.start + (at as f64 - 0.5) * STEP;
                episodes.push(Episode {
                    start: start.max(0.0),
                    end: start + length,
                    emotion: Emotion::ALL[state],
                    probability: of.map(|p| p[state]).sum::<f64>() / run.len() as f64,
                });
            }
            at += run.len();
        }
        episodes
    }

    /// Computes the reactions at a marker, held against 999 circular shifts of the conversation.
    pub(crate) fn reaction(&self, time: f64, label: &str, random: &mut Random) -> MarkerReaction {
        let whole = self.probabilities.len();
        let change = |shift: usize| -> Option<[f64; EMOTIONS + 1]> {
            let mean = |from: f64, to: f64| {
                let inside = (0..whole).filter(|&step| {
                    let at = self.start + step as f64 * STEP - time;
                    from <= at && at < to
                });
                let mut sum = [0.0; EMOTIONS];
                let mut count = 0.0;
                for step in inside.map(|step| (step + shift) % whole) {
                    if self.seen[step] {
                        count += 1.0;
                        for (sum, p) in sum.iter_mut().zip(&self.probabilities[step]) {
                            *sum += p;
                        }
                    }
                }
                (count > 0.0).then(|| sum.map(|sum| sum / count))
            };
            let (before, after) = (mean(-AROUND, 0.0)?, mean(0.0, AROUND)?);
            let d: [f64; EMOTIONS] = std::array::from_fn(|k| after[k] - before[k]);
            Some([d[0], d[1], d[2], d[3], d[0] - d[1]])
        };
        let found = change(0);
        let reactions = found.map(|found| {
            let mut larger = [0_usize; EMOTIONS + 1];
            let mut shifts = 0_usize;
            for _ in 0..SHIFTS {
                let Some(other) = change(random.below(whole)) else {
                    continue;
                };
                shifts += 1;
                for k in 0..=EMOTIONS {
                    larger[k] += usize::from(other[k].abs() >= found[k].abs() - 1e-12);
                }
            }
            std::array::from_fn::<_, { EMOTIONS + 1 }, _>(|k| Reaction {
                estimate: found[k],
                p: (larger[k] + 1) as f64 / (shifts + 1) as f64,
            })
        });
        MarkerReaction {
            time,
            label: label.to_owned(),
            reactions: reactions.map(|r| PerEmotion([r[0], r[1], r[2], r[3]])),
            net: reactions.map(|r| r[EMOTIONS]),
        }
    }
}

/// Returns the tempered likelihood at a step: of the looks inside it, or of the nearest where the gap is short.
fn evidence(
    looks: &[Look],
    inside: std::ops::Range<usize>,
    center: f64,
    class_mix: &[f64; EMOTIONS],
) -> Option<[f64; EMOTIONS]> {
    let nearest;
    let used = if inside.is_empty() {
        let (before, after) = (
            looks.get(inside.start.checked_sub(1)?)?,
            looks.get(inside.start)?,
        );
        if after.time - before.time > MAX_GAP {
            return None;
        }
        nearest = if center - before.time <= after.time - center {
            [*before]
        } else {
            [*after]
        };
        &nearest[..]
    } else {
        &looks[inside]
    };
    let weight = LOOKS_PER_SECOND * STEP / used.len() as f64;
    let mut log = [0.0; EMOTIONS];
    for look in used {
        for k in 0..EMOTIONS {
            log[k] += weight * (look.probabilities[k].max(FLOOR) / class_mix[k]).ln();
        }
    }
    let largest = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some(log.map(|log| (log - largest).exp()))
}

fn most(p: &[f64; EMOTIONS]) -> usize {
    (0..EMOTIONS).fold(0, |best, k| if p[k] > p[best] { k } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    const MIX: [f64; 4] = [0.39, 0.14, 0.35, 0.12];
    const SMILE: [f64; 4] = [0.9, 0.03, 0.04, 0.03];
    const CALM: [f64; 4] = [0.03, 0.03, 0.9, 0.04];

    fn looks(parts: &[(f64, f64, [f64; 4])]) -> Vec<Look> {
        let mut looks = Vec::new();
        for (from, to, probabilities) in parts {
            let frames = ((to - from) / STEP).round() as usize;
            looks.extend((0..frames).map(|i| Look {
                time: from + i as f64 * STEP,
                probabilities: *probabilities,
            }));
        }
        looks
    }

    fn course(parts: &[(f64, f64, [f64; 4])]) -> Course {
        Course::new(&looks(parts), &MIX, &[0.3, 0.1, 0.5, 0.1])
    }

    #[test]
    fn episodes_start_and_end_where_the_answers_do_and_a_single_error_makes_none() {
        let found = course(&[
            (0.0, 10.0, CALM),
            (10.0, 10.2, SMILE),
            (10.2, 20.0, CALM),
            (20.0, 26.0, SMILE),
            (26.0, 40.0, CALM),
        ])
        .episodes();
        let emotions: Vec<&str> = found
            .iter()
            .map(|episode| episode.emotion.label())
            .collect();
        assert_eq!(emotions, ["neutral", "happy", "neutral"]);
        assert!((found[1].start - 20.0).abs() < 0.41, "{found:?}");
        assert!((found[1].end - 26.0).abs() < 0.41, "{found:?}");
        assert!(found[1].probability > 0.9);
    }

    #[test]
    fn gaps_carry_no_evidence_and_end_episodes() {
        let with_gap = course(&[(0.0, 10.0, CALM), (15.0, 25.0, CALM)]);
        assert!(
            (with_gap.seconds_seen() - 20.0).abs() < 0.5,
            "{}",
            with_gap.seconds_seen()
        );
        assert_eq!(with_gap.episodes().len(), 2);
        // Two frames a second leave steps without a frame, but no gap.
        let slow: Vec<Look> = (0..20)
            .map(|i| Look {
                time: f64::from(i) * 0.5,
                probabilities: SMILE,
            })
            .collect();
        let slow = Course::new(&slow, &MIX, &[0.25; 4]);
        assert!(slow.seen.iter().all(|seen| *seen));
        assert_eq!(slow.episodes().len(), 1);
    }

    #[test]
    fn a_smile_at_a_marker_is_a_reaction_and_one_elsewhere_is_not() {
        let course = course(&[(0.0, 60.0, CALM), (60.0, 66.0, SMILE), (66.0, 180.0, CALM)]);
        let mut random = Random::new(0, Purpose::Permutation, 0);
        let at = course.reaction(60.0, "offer", &mut random);
        let happy = at.reactions.unwrap()[Emotion::Happy];
        assert!(happy.estimate > 0.8 && happy.p < 0.05, "{happy:?}");
        let elsewhere = course.reaction(120.0, "fee", &mut random);
        assert!(elsewhere.reactions.unwrap()[Emotion::Happy].p > 0.2);
        assert_eq!(course.reaction(500.0, "late", &mut random).reactions, None);
    }

    #[test]
    fn no_look_makes_an_empty_course_and_one_a_single_step() {
        assert!(Course::new(&[], &MIX, &[0.25; 4]).episodes().is_empty());
        let one = course(&[(3.0, 3.2, SMILE)]);
        assert_eq!(one.probabilities.len(), 1);
    }
}
