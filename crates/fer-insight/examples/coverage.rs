//! Measures how often the intervals of `shares` hold the truth: six mixes, fresh references, independent faces and people.
//!
//! `cargo run --release -p fer-insight --example coverage [REPETITIONS]`, 150 repetitions by default.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;

use fer_insight::{ShareOptions, Tally, shares};
use simulation::{MIXES, World};

fn main() {
    let repetitions = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(150);
    println!("field                            coverage  worst cell    RMSE   width");
    let faces =
        |faces: usize| move |world: &mut World, strata: &[f64; 5]| world.faces(strata, faces);
    for unclear in [0.0, 0.14] {
        for n in [50, 200, 2000] {
            let name = format!("{n} faces, {:.0} % unclear", 100.0 * unclear);
            measure(&name, repetitions, unclear, faces(n));
        }
    }
    for people in [8, 15, 30, 100, 400] {
        let name = format!("{people} people, 14 % unclear");
        measure(&name, repetitions, 0.14, |world, strata| {
            let mut tally = Tally::new(&[], true);
            world.people(strata, people, &mut tally, &[]);
            tally
        });
    }
}

fn measure(
    name: &str,
    repetitions: usize,
    unclear: f64,
    field: impl Fn(&mut World, &[f64; 5]) -> Tally,
) {
    let (mut cells, mut squares, mut width) = (Vec::new(), 0.0, 0.0);
    let figures = (MIXES.len() * repetitions * 4) as f64;
    for (index, mix) in MIXES.iter().enumerate() {
        let mut world = World::new(index as u64 + 1);
        let (strata, truth) = world.strata(mix, unclear);
        let mut held = [0; 4];
        for seed in 0..repetitions as u64 {
            let reference = world.reference();
            let tally = field(&mut world, &strata);
            let options = ShareOptions {
                draws: 400,
                seed,
                ..Default::default()
            };
            let total = shares(&tally, &reference, &options).unwrap().total;
            for (k, figure) in total.estimates.unwrap().shares.0.iter().enumerate() {
                held[k] += usize::from(figure.low <= truth[k] && truth[k] <= figure.high);
                squares += (figure.estimate - truth[k]).powi(2) / figures;
                width += (figure.high - figure.low) / figures;
            }
        }
        cells.extend(held.map(|held| held as f64 / repetitions as f64));
    }
    let mean = cells.iter().sum::<f64>() / cells.len() as f64;
    let worst = cells.iter().copied().fold(1.0, f64::min);
    println!(
        "{name:32} {mean:8.3} {worst:11.3} {:7.4} {width:7.4}",
        squares.sqrt()
    );
}
