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
#[path = "../tests/simulation/voted.rs"]
mod voted;

use fer_insight::{Reference, ShareOptions, shares};
use simulation::{MIXES, World};
use voted::Field;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("expected EVALUATION.json");
    let repetitions = arguments.next().map_or(150, |text| text.parse().unwrap());
    let faces = voted::read(&file);
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
