//! Measures how often shares by labels of one's own hold the truth, and how wide their intervals are beside those of the
//! labels alone: fields of 5,000 badly read faces, 14 % of them unclear, one person's answer a label.
//!
//! `cargo run --release -p fer-insight --example own_labels [REPETITIONS [EVALUATION.json]]`, 200 repetitions by default.
//! With the JSON that `fer evaluate --votes` wrote of an image folder, the faces are drawn from there; without it, from the
//! reference of the tests, a third of the faces answered like any other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;
#[path = "../tests/simulation/voted.rs"]
mod voted;

use std::fmt::Write;

use fer_insight::{Columns, Csv, Label, ShareOptions, Sheet, shares_by_labels, tally_labeled};
use simulation::{MIXES, World, answer};
use voted::Voted;

const FACES: usize = 5000;
const UNCLEAR: f64 = 0.14;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let repetitions = arguments.next().map_or(200, |text| text.parse().unwrap());
    let images = arguments.next().map(|file| Images::read(&file));
    println!("labels  coverage  worst cell    RMSE   width  of labels alone  ratio");
    for labels in [50, 100, 200, 400] {
        let mut score = Score::default();
        for (index, mix) in [MIXES[0], MIXES[2], MIXES[4]].iter().enumerate() {
            let mut world = World::new(index as u64 + 11);
            let (strata, truth) = world.strata(mix, UNCLEAR);
            let truth = images
                .as_ref()
                .map_or(truth, |images| images.truth(&strata));
            for _ in 0..repetitions {
                let field: Vec<Face> = (0..FACES)
                    .map(|_| match &images {
                        Some(images) => images.draw(&mut world, &strata),
                        None => misread(&mut world, &strata),
                    })
                    .collect();
                score.add(&field, labels, truth);
            }
            score.next_mix();
        }
        score.print(labels);
    }
}

/// The model's probabilities of a face, and one person's answer.
type Face = ([f64; 4], usize);

/// Draws a face that the model answers like any other with probability 0.35.
fn misread(world: &mut World, strata: &[f64; 5]) -> Face {
    let stratum = world.pick(strata);
    let any = world.uniform() < 0.35;
    let seen = if any {
        world.pick(&[0.2, 0.3, 0.3, 0.1, 0.1])
    } else {
        stratum
    };
    (answer(world.bin(seen)), world.vote(stratum))
}

/// Images with votes, by the label of most voters, the unclear ones last.
struct Images([Vec<Voted>; 5]);

impl Images {
    fn read(file: &str) -> Self {
        let mut strata = Self(Default::default());
        for image in voted::read(file) {
            strata.0[image.majority.unwrap_or(4)].push(image);
        }
        strata
    }

    fn draw(&self, world: &mut World, strata: &[f64; 5]) -> Face {
        let images = &self.0[world.pick(strata)];
        let image = &images[(world.uniform() * images.len() as f64) as usize];
        (image.probabilities, world.pick(&image.votes))
    }

    fn truth(&self, strata: &[f64; 5]) -> [f64; 4] {
        std::array::from_fn(|label| {
            let mean = |images: &Vec<Voted>| {
                let votes = images.iter().map(|image| image.votes[label]);
                votes.sum::<f64>() / images.len() as f64
            };
            strata
                .iter()
                .zip(&self.0)
                .map(|(share, images)| share * mean(images))
                .sum()
        })
    }
}

#[derive(Default)]
struct Score {
    held: [f64; 4],
    runs: f64,
    cells: Vec<f64>,
    squares: f64,
    width: f64,
    alone: f64,
    figures: f64,
}

impl Score {
    fn add(&mut self, field: &[Face], labels: usize, truth: [f64; 4]) {
        let mut table = String::from("path,happy,sad,neutral,surprise\n");
        let mut sheet = String::from("path,label\n");
        let mut said = [0.0; 4];
        for (index, ([a, b, c, d], label)) in field.iter().enumerate() {
            writeln!(table, "{index}.jpg,{a},{b},{c},{d}").unwrap();
            if index < labels {
                writeln!(sheet, "{index}.jpg,{}", Label::ALL[*label]).unwrap();
                said[*label] += 1.0 / labels as f64;
            }
        }
        let sheet = Sheet::read(sheet.as_bytes()).unwrap();
        let columns = Columns::default();
        let (tally, _, found) = tally_labeled(Csv(table.as_bytes()), &columns, &sheet).unwrap();
        let options = ShareOptions {
            draws: 1000,
            ..Default::default()
        };
        let figures = shares_by_labels(&tally, &found, &options)
            .unwrap()
            .total
            .estimates
            .unwrap();
        for (k, share) in figures.shares.0.iter().enumerate() {
            self.held[k] += f64::from(u8::from(share.low <= truth[k] && truth[k] <= share.high));
            self.squares += (share.estimate - truth[k]).powi(2);
            self.width += share.high - share.low;
            self.alone += wilson_width(said[k], labels as f64);
            self.figures += 1.0;
        }
        self.runs += 1.0;
    }

    fn next_mix(&mut self) {
        self.cells.extend(self.held.map(|held| held / self.runs));
        self.held = [0.0; 4];
        self.runs = 0.0;
    }

    fn print(&self, labels: usize) {
        let coverage = self.cells.iter().sum::<f64>() / self.cells.len() as f64;
        let worst = self.cells.iter().copied().fold(1.0, f64::min);
        let (width, alone) = (self.width / self.figures, self.alone / self.figures);
        let rmse = (self.squares / self.figures).sqrt();
        println!(
            "{labels:6}  {coverage:8.3}  {worst:10.3}  {rmse:6.4}  {width:6.4}  {alone:15.4}  {:5.2}",
            width / alone
        );
    }
}

/// Returns the width of the 95 % score interval of a share of labels.
fn wilson_width(share: f64, labels: f64) -> f64 {
    const Z: f64 = 1.959_963_984_540_054;
    let [low, high] = fer_core::wilson(share * labels, labels, Z);
    high - low
}
