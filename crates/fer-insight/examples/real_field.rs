//! Measures shares of fields drawn from real faces with votes, by the built-in reference, beside counting the answers.
//!
//! `cargo run --release -p fer-insight --example real_field EVALUATION.json [REPETITIONS]`, 150 by default; the JSON is that
//! of `fer evaluate --votes --json`, under natural priors. `cargo xtask model-card` writes the table into MODEL_CARD.md.
//!
//! Of each field 14 % are faces without a majority for one of the four, more of those that look like the frequent
//! expressions. The truth is the mean of the votes for the four.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;

use fer_insight::{Face, Reference, ShareOptions, Tally, shares};
use serde_json::Value;
use simulation::{MIXES, World};

const LABELS: [&str; 4] = ["happy", "sad", "neutral", "surprise"];
const UNCLEAR: f64 = 0.14;

/// A face with votes.
struct Voted {
    probabilities: [f64; 4],
    /// Shares of the votes for the four.
    votes: [f64; 4],
    /// The one with more than half of all votes.
    majority: Option<usize>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("expected EVALUATION.json");
    let repetitions = arguments.next().map_or(150, |text| text.parse().unwrap());
    let evaluation: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let images = evaluation["predictions"].as_array().unwrap();
    let faces: Vec<Voted> = images.iter().filter_map(voted).collect();
    let reference = Reference::named("crowd").unwrap();
    println!(
        "| faces | counted: bias | RMSE | corrected: bias | RMSE | 95 % intervals that hold | worst cell |"
    );
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for n in [50, 200, 2000] {
        let (mut counted, mut corrected, mut held) =
            (Errors::default(), Errors::default(), Vec::new());
        for (index, mix) in MIXES.iter().enumerate() {
            let mut world = World::new(index as u64 + 1);
            let field = Field::new(&faces, mix);
            let mut cells = [0.0; 4];
            for seed in 0..repetitions {
                let tally = field.draw(&mut world, n);
                let options = ShareOptions {
                    draws: 400,
                    seed,
                    ..ShareOptions::default()
                };
                let total = shares(&tally, &reference, &options).unwrap().total;
                let figures = total.estimates.unwrap().shares.0;
                counted.add(index, &total.counts.unwrap().counted.0, &field.truth);
                corrected.add(index, &figures.map(|figure| figure.estimate), &field.truth);
                for (k, figure) in figures.iter().enumerate() {
                    let holds = figure.low <= field.truth[k] && field.truth[k] <= figure.high;
                    cells[k] += f64::from(u8::from(holds)) / repetitions as f64;
                }
            }
            held.extend(cells);
        }
        let mean = held.iter().sum::<f64>() / held.len() as f64;
        let worst = held.iter().copied().fold(1.0, f64::min);
        let (counted, corrected) = (counted.figures(), corrected.figures());
        println!("| {n} | {counted} | {corrected} | {mean:.3} | {worst:.2} |");
    }
}

/// Reads a prediction that has votes for one of the four.
fn voted(image: &Value) -> Option<Voted> {
    let votes = image.get("votes")?;
    let numbers = |values: &Value| LABELS.map(|label| values[label].as_f64().unwrap());
    let (given, other) = (numbers(votes), votes["other"].as_f64()?);
    let four: f64 = given.iter().sum();
    let majority = given.iter().position(|vote| 2.0 * vote > four + other);
    (four > 0.0).then(|| Voted {
        probabilities: numbers(&image["probabilities"]),
        votes: given.map(|vote| vote / four),
        majority,
    })
}

/// Faces to draw from.
struct Field<'a> {
    /// The faces of each majority, then those without.
    strata: Vec<Vec<&'a Voted>>,
    shares: [f64; 5],
    /// The weight of each face without a majority.
    weights: Vec<f64>,
    truth: [f64; 4],
}

impl<'a> Field<'a> {
    fn new(faces: &'a [Voted], mix: &[f64; 4]) -> Self {
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

    fn draw(&self, world: &mut World, n: usize) -> Tally {
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

/// Errors of estimates, by mix and expression.
#[derive(Default)]
struct Errors {
    sums: [[f64; 4]; MIXES.len()],
    squares: f64,
    count: usize,
}

impl Errors {
    fn add(&mut self, mix: usize, found: &[f64; 4], truth: &[f64; 4]) {
        for ((sum, found), truth) in self.sums[mix].iter_mut().zip(found).zip(truth) {
            let error = found - truth;
            *sum += error;
            self.squares += error * error;
            self.count += 1;
        }
    }

    /// Returns the largest bias of a cell and the root of the mean squared error.
    fn figures(&self) -> String {
        let cells = self.sums.iter().flatten();
        let repetitions = self.count as f64 / (4 * self.sums.len()) as f64;
        let bias = cells
            .map(|sum| (sum / repetitions).abs())
            .fold(0.0, f64::max);
        let rmse = (self.squares / self.count as f64).sqrt();
        format!("{bias:.3} | {rmse:.3}")
    }
}
