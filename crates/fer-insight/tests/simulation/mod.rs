//! Fields and references of known truth, drawn from the real reference's counts.

// Each of the tests and the example uses a part.
#![allow(dead_code)]

use fer_core::{Emotion, PerEmotion};
use fer_insight::{Face, Reference, ReferenceRow, Tally};
use rand_distr::{Distribution, Gamma, StandardUniform};
use rand_pcg::Pcg64Mcg;

pub(crate) const GOLDEN_REFERENCE: &str = include_str!("../golden/reference.json");

/// Mixes of the four emotions: natural, uniform, counter, event, clinic, campaign.
pub(crate) const MIXES: [[f64; 4]; 6] = [
    [0.38, 0.09, 0.38, 0.15],
    [0.25, 0.25, 0.25, 0.25],
    [0.10, 0.05, 0.80, 0.05],
    [0.75, 0.02, 0.18, 0.05],
    [0.10, 0.45, 0.40, 0.05],
    [0.30, 0.03, 0.42, 0.25],
];

/// Probabilities whose bin is `bin`.
pub(crate) fn answer(bin: usize) -> [f64; 4] {
    let (top, rest) = (bin / 4, bin % 4);
    if rest == 0 {
        let mut p = [0.01; 4];
        p[top] = 0.97;
        return p;
    }
    let second = if rest > top { rest } else { rest - 1 };
    let mut p = [0.05; 4];
    p[top] = 0.6;
    p[second] = 0.3;
    p
}

/// The world: five strata with the bins of the real reference, and a ballot for each face.
pub(crate) struct World {
    random: Pcg64Mcg,
    rows: Vec<Vec<f64>>,
    sizes: Vec<usize>,
    votes: Vec<[f64; 4]>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let reference = Reference::from_json(GOLDEN_REFERENCE).unwrap();
        let majorities = Emotion::ALL.map(|emotion| reference.majority(emotion));
        let strata: Vec<_> = majorities.into_iter().chain(reference.unclear()).collect();
        Self {
            random: Pcg64Mcg::new(u128::from(seed) << 64 | 0x9e37_79b9_7f4a_7c15),
            rows: strata
                .iter()
                .map(|s| s.counts.map(f64::from).to_vec())
                .collect(),
            sizes: strata.iter().map(|s| s.images() as usize).collect(),
            votes: strata.iter().map(|s| s.votes).collect(),
        }
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.random)
    }

    pub(crate) fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.uniform() * weights.iter().sum::<f64>();
        for (index, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return index;
            }
        }
        weights.iter().rposition(|w| *w > 0.0).unwrap()
    }

    pub(crate) fn bin(&mut self, stratum: usize) -> usize {
        let row = self.rows[stratum].clone();
        self.pick(&row)
    }

    /// The answer of one person to a face of a stratum.
    pub(crate) fn vote(&mut self, stratum: usize) -> usize {
        let votes = self.votes[stratum];
        self.pick(&votes)
    }

    /// A mix of the five strata, and its truth.
    pub(crate) fn strata(&self, mix: &[f64; 4], unclear: f64) -> ([f64; 5], [f64; 4]) {
        let four = mix.map(|m| m * (1.0 - unclear));
        let strata = [four[0], four[1], four[2], four[3], unclear];
        let truth =
            std::array::from_fn(|k| strata.iter().zip(&self.votes).map(|(m, v)| m * v[k]).sum());
        (strata, truth)
    }

    /// A reference of as many images as the real one. Ballots of ten: clear for majorities, so that each face stays in
    /// its stratum, with the strata's mean votes.
    pub(crate) fn reference(&mut self) -> Reference {
        let mut rows = Vec::new();
        for stratum in 0..5 {
            for _ in 0..self.sizes[stratum] {
                let probabilities = answer(self.bin(stratum));
                let votes = PerEmotion(self.ballot(stratum));
                let other = if stratum == 4 { 1.0 } else { 0.0 };
                rows.push(ReferenceRow {
                    probabilities,
                    votes,
                    other,
                });
            }
        }
        Reference::from_votes(rows).unwrap()
    }

    /// Vote shares of one face: their mean is that of the stratum.
    fn ballot(&mut self, stratum: usize) -> [f64; 4] {
        let mean = self.votes[stratum];
        if stratum == 4 {
            // As many votes for another expression as for the four together leave none of them a majority.
            let mut votes = [0.0; 4];
            for _ in 0..2 {
                votes[self.pick(&mean)] += 0.5;
            }
            return votes;
        }
        // Either all for the majority, or as far from it as keeps the mean and the majority.
        let away = self.uniform() < 0.5;
        std::array::from_fn(|k| {
            let full = f64::from(u8::from(k == stratum));
            if away { 2.0 * mean[k] - full } else { full }
        })
    }

    /// Shares of one person around `mix` (Dirichlet, concentration 4).
    pub(crate) fn person(&mut self, mix: &[f64; 5]) -> [f64; 5] {
        let draws = mix.map(|m| match Gamma::new(4.0 * m, 1.0) {
            Ok(gamma) => gamma.sample(&mut self.random),
            Err(_) => 0.0,
        });
        let sum: f64 = draws.iter().sum();
        draws.map(|x| x / sum)
    }

    /// A field of `faces` independent faces.
    pub(crate) fn faces(&mut self, strata: &[f64; 5], faces: usize) -> Tally {
        let mut tally = Tally::new(&[], false);
        for _ in 0..faces {
            let stratum = self.pick(strata);
            let probabilities = answer(self.bin(stratum));
            tally
                .add(&Face {
                    probabilities,
                    group: &[],
                    cluster: None,
                })
                .unwrap();
        }
        tally
    }

    /// Adds `people` with 50 to 400 frames each and few ways to look, so that errors repeat.
    pub(crate) fn people(
        &mut self,
        strata: &[f64; 5],
        people: usize,
        tally: &mut Tally,
        group: &[&str],
    ) {
        for person in 0..people {
            let own = self.person(strata);
            let looks: Vec<Vec<usize>> = (0..5)
                .map(|s| (0..10).map(|_| self.bin(s)).collect())
                .collect();
            let frames = 50 + (self.uniform() * 350.0) as usize;
            let name = format!("{}/{person}", group.join("/"));
            for _ in 0..frames {
                let stratum = self.pick(&own);
                let look = (self.uniform() * 10.0) as usize;
                let probabilities = answer(looks[stratum][look]);
                tally
                    .add(&Face {
                        probabilities,
                        group,
                        cluster: Some(&name),
                    })
                    .unwrap();
            }
        }
    }
}
