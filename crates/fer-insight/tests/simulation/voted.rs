//! Fields drawn from real faces with votes.

// Each of the examples uses a part.
#![allow(dead_code)]

use fer_core::PerEmotion;
use fer_insight::{Face, ReferenceRow, Tally};
use serde_json::Value;

use super::simulation::{MIXES, World};

const LABELS: [&str; 4] = ["happy", "sad", "neutral", "surprise"];

/// Share of faces without a majority in a field.
const UNCLEAR: f64 = 0.14;

/// A face with votes.
#[derive(Clone)]
pub(crate) struct Voted {
    pub(crate) probabilities: [f64; 4],
    /// Shares of the votes for the four.
    pub(crate) votes: [f64; 4],
    /// The one with more than half of all votes.
    pub(crate) majority: Option<usize>,
    pub(crate) row: ReferenceRow,
}

/// Reads the faces of an evaluation that have votes for one of the four.
pub(crate) fn read(file: &str) -> Vec<Voted> {
    let evaluation: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let images = evaluation["predictions"].as_array().unwrap();
    images.iter().filter_map(voted).collect()
}

fn voted(image: &Value) -> Option<Voted> {
    let votes = image.get("votes")?;
    let numbers = |values: &Value| LABELS.map(|label| values[label].as_f64().unwrap());
    let (given, other) = (numbers(votes), votes["other"].as_f64()?);
    let four: f64 = given.iter().sum();
    let majority = given.iter().position(|vote| 2.0 * vote > four + other);
    let probabilities = numbers(&image["probabilities"]);
    (four > 0.0).then(|| Voted {
        probabilities,
        row: ReferenceRow {
            probabilities,
            votes: PerEmotion(given),
            other,
        },
        votes: given.map(|vote| vote / four),
        majority,
    })
}

/// Faces to draw from.
pub(crate) struct Field<'a> {
    /// The faces of each majority, then those without.
    strata: Vec<Vec<&'a Voted>>,
    shares: [f64; 5],
    /// The weight of each face without a majority.
    weights: Vec<f64>,
    pub(crate) truth: [f64; 4],
}

impl<'a> Field<'a> {
    pub(crate) fn new(faces: &'a [Voted], mix: &[f64; 4]) -> Self {
        let of =
            |majority: Option<usize>| faces.iter().filter(move |face| face.majority == majority);
        let strata: Vec<Vec<&Voted>> = (0..5).map(|s| of((s < 4).then_some(s)).collect()).collect();
        let shares =
            std::array::from_fn(|s| mix.get(s).map_or(UNCLEAR, |share| share * (1.0 - UNCLEAR)));
        // More of those that look like what is more frequent here than in the natural mix.
        let frequent = |face: &&Voted| (0..4).map(|k| face.votes[k] * mix[k] / MIXES[0][k]).sum();
        let weights: Vec<f64> = strata[4].iter().map(frequent).collect();
        let mut truth = [0.0; 4];
        for (s, stratum) in strata.iter().enumerate() {
            let weight = |face: usize| if s == 4 { weights[face] } else { 1.0 };
            let all: f64 = (0..stratum.len()).map(weight).sum();
            for (index, face) in stratum.iter().enumerate() {
                for (sum, vote) in truth.iter_mut().zip(face.votes) {
                    *sum += shares[s] * weight(index) / all * vote;
                }
            }
        }
        Self {
            strata,
            shares,
            weights,
            truth,
        }
    }

    pub(crate) fn draw(&self, world: &mut World, n: usize) -> Tally {
        let mut tally = Tally::new(&[], false);
        for _ in 0..n {
            let s = world.pick(&self.shares);
            let size = self.strata[s].len();
            let index = if s == 4 {
                world.pick(&self.weights)
            } else {
                (world.uniform() * size as f64) as usize
            };
            let face = Face {
                probabilities: self.strata[s][index].probabilities,
                group: &[],
                cluster: None,
            };
            tally.add(&face).unwrap();
        }
        tally
    }
}
