//! Tables of faces whose truth is known, to plan with and to try analyses on.

use fer_core::PerEmotion;

use crate::answer::{BINS, EMOTIONS};
use crate::random::{Purpose, Random};
use crate::reference::{Reference, STRATA, UNCLEAR};
use crate::{Error, Result};

/// The Dirichlet concentration of people's own shares: how much they resemble each other.
const CONCENTRATION: f64 = 4.0;

/// Ways in which a person looks, so that errors repeat.
const LOOKS: usize = 10;

/// The most faces of a simulation.
const MAX_FACES: usize = 100_000_000;

/// The largest deviation from 1 that a sum of shares may have.
const SUM_TOLERANCE: f64 = 1e-3;

/// The settings of [`simulate`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulateOptions {
    /// Shares of the emotions among the faces that have a majority; their sum is 1.
    pub shares: PerEmotion<f64>,
    /// Share of faces without a majority for one of the four, below 1.
    pub unclear: f64,
    /// People, at least 1.
    pub people: usize,
    /// Faces of each person, at least 1.
    pub faces_per_person: usize,
    /// Seed of the draws.
    pub seed: u64,
}

/// A simulated face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedFace {
    /// Number of the person, from 0.
    pub person: usize,
    /// The model's probabilities.
    pub probabilities: [f64; EMOTIONS],
}

/// A simulated field of faces.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The faces, by person.
    pub faces: Vec<SimulatedFace>,
    /// Share of people's answers for each emotion in the population that the people are drawn from: what an analysis is
    /// to find.
    pub truth: PerEmotion<f64>,
}

/// Simulates faces of known truth. Each person has shares of their own around those of the population (Dirichlet,
/// concentration 4); each face is answered as the model answered a face of that kind in the reference, and a person's
/// faces repeat its errors. No person and no image is behind them.
///
/// ```
/// use fer_core::PerEmotion;
/// use fer_insight::{Reference, SimulateOptions, simulate};
///
/// let options = SimulateOptions {
///     shares: PerEmotion([0.3, 0.05, 0.6, 0.05]),
///     unclear: 0.1,
///     people: 40,
///     faces_per_person: 50,
///     seed: 1,
/// };
/// let simulation = simulate(&Reference::named("crowd")?, &options)?;
/// assert_eq!(simulation.faces.len(), 2000);
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for shares that are none, and for counts out of range.
pub fn simulate(reference: &Reference, options: &SimulateOptions) -> Result<Simulation> {
    let mix = population(reference, options)?;
    let strata = reference.strata();
    let mut truth = [0.0; EMOTIONS];
    for (share, stratum) in mix.iter().zip(strata) {
        for (sum, votes) in truth.iter_mut().zip(&stratum.votes) {
            *sum += share * votes;
        }
    }
    let rows: Vec<[f64; BINS]> = strata.iter().map(|s| s.counts.map(f64::from)).collect();
    let mut faces = Vec::with_capacity(options.people * options.faces_per_person);
    for person in 0..options.people {
        let mut random = Random::new(options.seed, Purpose::Simulation, person as u64);
        let own = random.dirichlet(&mix.map(|share| CONCENTRATION * share));
        let looks: Vec<[usize; LOOKS]> = rows
            .iter()
            .map(|row| std::array::from_fn(|_| pick(row, &mut random)))
            .collect();
        for _ in 0..options.faces_per_person {
            let stratum = pick(&own[..strata.len()], &mut random);
            let look = looks[stratum][random.below(LOOKS)];
            let probabilities = typical(look);
            faces.push(SimulatedFace {
                person,
                probabilities,
            });
        }
    }
    Ok(Simulation {
        faces,
        truth: PerEmotion(truth),
    })
}

/// Returns the shares of the strata in the population.
fn population(reference: &Reference, options: &SimulateOptions) -> Result<[f64; STRATA]> {
    let invalid = |name, expected: &str, found: String| {
        Err(Error::InvalidArgument {
            name,
            expected: expected.into(),
            found,
        })
    };
    let shares = options.shares.0;
    let sum: f64 = shares.iter().sum();
    if !shares.iter().all(|share| (0.0..=1.0).contains(share)) || (sum - 1.0).abs() > SUM_TOLERANCE
    {
        return invalid(
            "shares",
            "four shares from 0 to 1 that sum to 1",
            format!("{shares:?}"),
        );
    }
    if !(0.0..1.0).contains(&options.unclear) {
        return invalid(
            "unclear",
            "at least 0 and below 1",
            options.unclear.to_string(),
        );
    }
    if options.unclear > 0.0 && reference.unclear().is_none() {
        return invalid(
            "unclear",
            "0, as the reference has no unclear faces",
            options.unclear.to_string(),
        );
    }
    let faces = options.people.checked_mul(options.faces_per_person);
    if !faces.is_some_and(|faces| (1..=MAX_FACES).contains(&faces)) {
        return invalid(
            "people",
            &format!("people times faces_per_person of 1 to {MAX_FACES}"),
            format!("{} times {}", options.people, options.faces_per_person),
        );
    }
    let mut mix = [0.0; STRATA];
    for (share, given) in mix.iter_mut().zip(shares) {
        *share = given / sum * (1.0 - options.unclear);
    }
    mix[UNCLEAR] = options.unclear;
    Ok(mix)
}

/// Draws a position with the probability of its weight. Some weight must be positive.
fn pick(weights: &[f64], random: &mut Random) -> usize {
    let mut left = random.uniform() * weights.iter().sum::<f64>();
    for (index, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return index;
        }
    }
    // Rounding may leave a rest.
    weights
        .iter()
        .rposition(|weight| *weight > 0.0)
        .unwrap_or_default()
}

/// Returns probabilities of an answer in the middle of a bin (see [`bin`](crate::bin)).
fn typical(bin: usize) -> [f64; EMOTIONS] {
    let (top, rest) = (bin / EMOTIONS, bin % EMOTIONS);
    if rest == 0 {
        let mut probabilities = [0.01; EMOTIONS];
        probabilities[top] = 0.97;
        return probabilities;
    }
    let mut probabilities = [0.05; EMOTIONS];
    probabilities[top] = 0.6;
    probabilities[if rest > top { rest } else { rest - 1 }] = 0.3;
    probabilities
}

impl Simulation {
    /// Returns the faces as CSV: `path`, `person` and the probabilities.
    pub fn to_csv(&self) -> String {
        let mut text = String::from("path,person,happy,sad,neutral,surprise\n");
        for (number, face) in self.faces.iter().enumerate() {
            let [happy, sad, neutral, surprise] = face.probabilities;
            let person = face.person;
            text += &format!("{number}.png,{person},{happy},{sad},{neutral},{surprise}\n");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::bin;

    fn options() -> SimulateOptions {
        SimulateOptions {
            shares: PerEmotion([0.4, 0.1, 0.4, 0.1]),
            unclear: 0.1,
            people: 400,
            faces_per_person: 20,
            seed: 0,
        }
    }

    #[test]
    fn typical_answers_lie_in_their_bins() {
        for number in 0..BINS {
            assert_eq!(bin(&typical(number)), number);
        }
    }

    #[test]
    fn bins_are_those_of_the_mixed_reference_and_the_same_seed_gives_the_same_faces() {
        let reference = Reference::named("crowd").unwrap();
        let simulation = simulate(&reference, &options()).unwrap();
        assert_eq!(simulation, simulate(&reference, &options()).unwrap());
        let other = SimulateOptions {
            seed: 1,
            ..options()
        };
        assert_ne!(simulation, simulate(&reference, &other).unwrap());
        let mut expected = [0.0; EMOTIONS];
        let mix = population(&reference, &options()).unwrap();
        for (share, stratum) in mix.iter().zip(reference.strata()) {
            for (bin, count) in stratum.counts.iter().enumerate() {
                expected[bin / EMOTIONS] += share * f64::from(*count) / stratum.images() as f64;
            }
        }
        let mut found = [0.0; EMOTIONS];
        for face in &simulation.faces {
            found[bin(&face.probabilities) / EMOTIONS] += 1.0 / simulation.faces.len() as f64;
        }
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 0.04, "{found} {expected}");
        }
        assert!((simulation.truth.0.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        assert_eq!(simulation.to_csv().lines().count(), 8001);
    }

    #[test]
    fn arguments_out_of_range_are_refused() {
        let reference = Reference::named("crowd").unwrap();
        for (wrong, name) in [
            (
                SimulateOptions {
                    shares: PerEmotion([0.4; 4]),
                    ..options()
                },
                "shares",
            ),
            (
                SimulateOptions {
                    shares: PerEmotion([f64::NAN; 4]),
                    ..options()
                },
                "shares",
            ),
            (
                SimulateOptions {
                    unclear: 1.0,
                    ..options()
                },
                "unclear",
            ),
            (
                SimulateOptions {
                    people: 0,
                    ..options()
                },
                "people",
            ),
            (
                SimulateOptions {
                    faces_per_person: usize::MAX,
                    ..options()
                },
                "people",
            ),
        ] {
            let error = simulate(&reference, &wrong).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { name: found, .. } if found == name));
        }
    }
}
