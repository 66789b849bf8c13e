//! Measures how far one reference's coverage may be from the mean of many, and whether its intervals should be wider: the faces
//! of an evaluation are split at random, one half is the reference, and fields of 2,000 faces are drawn from the other.
//!
//! The squared errors of the estimates beside the variance that their intervals state show what no interval knows of: the
//! variance between two samples of faces beyond that of drawing them (the moment estimator of DerSimonian & Laird 1986).
//!
//! `cargo run --release -p fer-insight --example halves EVALUATION.json [SPLITS]`, 100 by default; the JSON is that of
//! `fer evaluate --votes --json` of the validation images, under natural priors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/simulation/mod.rs"]
mod simulation;
#[path = "../tests/simulation/voted.rs"]
mod voted;

use fer_insight::{Estimate, Reference, ShareOptions, shares};
use simulation::{MIXES, World};
use voted::{Field, Voted};

const FACES: usize = 2000;

/// Fields of each mix that one reference is tried on.
const FIELDS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let faces = voted::read(&arguments.next().expect("expected EVALUATION.json"));
    let splits: u64 = arguments.next().map_or(100, |text| text.parse().unwrap());
    let (mut means, mut worst) = (Vec::new(), Vec::new());
    let mut errors = Errors::default();
    for split in 0..splits {
        let (reference, others) = halves(&faces, split);
        let mut cells = Vec::new();
        for mix in &MIXES {
            let field = Field::new(&others, mix);
            cells.extend(coverage(&reference, &field, split, &mut errors));
        }
        means.push(cells.iter().sum::<f64>() / cells.len() as f64);
        worst.push(cells.iter().copied().fold(1.0, f64::min));
    }
    let mean = means.iter().sum::<f64>() / splits as f64;
    println!("coverage of 95 % intervals over {splits} splits: {mean:.3}");
    println!("of one split: {}", spread(&mut means));
    println!("worst cell of one split: {}", spread(&mut worst));
    errors.print();
}

/// Squared errors, and the variances that the intervals state.
#[derive(Default)]
struct Errors {
    squares: f64,
    variances: f64,
    count: usize,
}

impl Errors {
    fn add(&mut self, figure: &Estimate, truth: f64) {
        const WIDTH: f64 = 2.0 * 1.959_963_984_540_054;
        self.squares += (figure.estimate - truth).powi(2);
        self.variances += ((figure.high - figure.low) / WIDTH).powi(2);
        self.count += 1;
    }

    fn print(&self) {
        let root = |sum: f64| (sum / self.count as f64).sqrt();
        println!(
            "root of the mean squared error: {:.4}; as the intervals state it: {:.4}; beyond it: {:.4}",
            root(self.squares),
            root(self.variances),
            root((self.squares - self.variances).max(0.0))
        );
    }
}

/// Splits the faces at random: the reference of one half, and the other half.
fn halves(faces: &[Voted], split: u64) -> (Reference, Vec<Voted>) {
    let mut world = World::new(1000 + split);
    let mut halves = (Vec::new(), Vec::new());
    for face in faces {
        if world.uniform() < 0.5 {
            halves.0.push(face.row);
        } else {
            halves.1.push(face.clone());
        }
    }
    (Reference::from_votes(halves.0).unwrap(), halves.1)
}

/// Returns how often the interval of each expression holds the truth.
fn coverage(reference: &Reference, field: &Field<'_>, split: u64, errors: &mut Errors) -> [f64; 4] {
    let mut world = World::new(split);
    let mut held = [0.0; 4];
    for seed in 0..FIELDS as u64 {
        let options = ShareOptions {
            draws: 400,
            seed,
            ..ShareOptions::default()
        };
        let tally = field.draw(&mut world, FACES);
        let total = shares(&tally, reference, &options).unwrap().total;
        for (k, figure) in total.estimates.unwrap().shares.0.iter().enumerate() {
            let holds = figure.low <= field.truth[k] && field.truth[k] <= figure.high;
            held[k] += f64::from(u8::from(holds)) / FIELDS as f64;
            errors.add(figure, field.truth[k]);
        }
    }
    held
}

/// Returns the fifth, the tenth, the fiftieth and the ninetieth percentile.
fn spread(values: &mut [f64]) -> String {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
    format!(
        "{:.2} in a twentieth, {:.2} in a tenth, {:.2} in half, {:.2} in nine tenths of them or less",
        at(0.05),
        at(0.1),
        at(0.5),
        at(0.9)
    )
}
