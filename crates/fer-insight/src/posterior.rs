//! Draws of a group's shares from its bins and a reference.
//!
//! The model is a mixture of the reference's strata over the bins of the answer, drawn by data augmentation (Tanner &
//! Wong 1987) with Dirichlet confusion rows, as Ziegler & Czyz (2023) use it for shares. The reference counts at half
//! weight (a power prior, Ibrahim & Chen 2000): the faces of a field are no sample of its population. The field never
//! teaches the reference (a cut posterior, Plummer 2015), so no group changes the figures of another.

use crate::answer::{BINS, EMOTIONS};
use crate::covariance::cholesky;
use crate::effective::Effective;
use crate::random::{Purpose, Random};
use crate::reference::{Reference, STRATA, Stratum, UNCLEAR};

/// The weight of the reference's images.
pub(crate) const REFERENCE_WEIGHT: f64 = 0.5;

/// The Dirichlet parameter of each bin of a confusion row before any image.
const ROW_PRIOR: f64 = 0.25;

/// The Dirichlet parameter of each stratum's share before any face.
const SHARE_PRIOR: f64 = 0.5;

/// Rounds of augmentation for each draw.
const SWEEPS: usize = 8;

/// Draws thrown away at the start of a group's chain.
const BURN_IN: usize = 25;

/// One draw of the reference: the same for all groups, so that its error cancels in their differences.
#[derive(Debug, Clone)]
pub(crate) struct Ruler {
    /// Probability of each bin in each stratum.
    rows: [[f64; BINS]; STRATA],
    /// Mean votes of each stratum.
    votes: [[f64; EMOTIONS]; STRATA],
}

/// Draws of one group, in the order of the rulers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draws {
    /// Shares of the answers; each draw sums to 1.
    pub(crate) shares: Vec<[f64; EMOTIONS]>,
    /// Share of unclear faces; zero for a reference without them.
    pub(crate) unclear: Vec<f64>,
}

/// Draws `count` rulers, each from the seed and its own number only.
pub(crate) fn rulers(reference: &Reference, count: usize, seed: u64) -> Vec<Ruler> {
    let roots: Vec<_> = reference.strata().iter().map(vote_root).collect();
    let ruler = |index: usize| {
        let mut random = Random::new(seed, Purpose::Reference, index as u64);
        let mut ruler = Ruler {
            rows: [[0.0; BINS]; STRATA],
            votes: [[0.0; EMOTIONS]; STRATA],
        };
        for (s, (stratum, root)) in reference.strata().iter().zip(&roots).enumerate() {
            let alpha = stratum
                .counts
                .map(|c| REFERENCE_WEIGHT * f64::from(c) + ROW_PRIOR);
            ruler.rows[s] = random.dirichlet(&alpha);
            let noise: [f64; EMOTIONS] = std::array::from_fn(|_| random.normal());
            let moved = root.map(|row| row.iter().zip(&noise).map(|(l, z)| l * z).sum::<f64>());
            ruler.votes[s] = std::array::from_fn(|k| stratum.votes[k] + moved[k]);
        }
        ruler
    };
    (0..count).map(ruler).collect()
}

/// Returns the root of the covariance of a stratum's mean votes at the weight of the reference.
fn vote_root(stratum: &Stratum) -> [[f64; EMOTIONS]; EMOTIONS] {
    let scale = (REFERENCE_WEIGHT * stratum.images() as f64).sqrt();
    // `Reference` holds covariances only, which have a root.
    let root = cholesky(&stratum.votes_covariance).unwrap_or_default();
    root.map(|row| row.map(|x| x / scale))
}

/// Draws the shares of one group, one for each ruler. `place` names the group: no other group and no order matters.
pub(crate) fn draw(
    group: &Effective,
    reference: &Reference,
    rulers: &[Ruler],
    seed: u64,
    place: u64,
) -> Draws {
    let strata = reference.strata().len();
    let mut random = Random::new(seed, Purpose::Shares, place);
    let mut mix = most_likely_mix(&group.counts, &expected_rows(reference)[..strata]);
    let mut draws = Draws::default();
    let burn_in = rulers
        .iter()
        .cycle()
        .take(BURN_IN * usize::from(!rulers.is_empty()));
    for (index, ruler) in burn_in.chain(rulers).enumerate() {
        for _ in 0..SWEEPS {
            let mut alpha = [0.0; STRATA];
            for (b, &count) in group.counts.iter().enumerate() {
                let mut weights = [0.0; STRATA];
                for s in 0..strata {
                    weights[s] = mix[s] * ruler.rows[s][b];
                }
                let faces = round_at_random(count, &mut random);
                random.multinomial(faces, &weights[..strata], &mut alpha);
            }
            mix = shares_given(&alpha, strata, &mut random);
        }
        if index >= BURN_IN {
            draws.shares.push(answers(&mix, ruler));
            draws.unclear.push(mix[UNCLEAR]);
        }
    }
    draws
}

fn shares_given(counts: &[f64; STRATA], strata: usize, random: &mut Random) -> [f64; STRATA] {
    if strata == STRATA {
        return random.dirichlet(&counts.map(|n| n + SHARE_PRIOR));
    }
    let four: [f64; EMOTIONS] = std::array::from_fn(|k| counts[k] + SHARE_PRIOR);
    let four = random.dirichlet(&four);
    let mut mix = [0.0; STRATA];
    mix[..EMOTIONS].copy_from_slice(&four);
    mix
}

/// Rounds up with the probability of the fraction, so that the mean is `count`.
fn round_at_random(count: f64, random: &mut Random) -> u64 {
    let whole = count.floor();
    let up = count > whole && random.uniform() < count - whole;
    whole as u64 + u64::from(up)
}

fn answers(mix: &[f64; STRATA], ruler: &Ruler) -> [f64; EMOTIONS] {
    let mut shares = [0.0; EMOTIONS];
    for (weight, votes) in mix.iter().zip(&ruler.votes) {
        for (share, vote) in shares.iter_mut().zip(votes) {
            *share += weight * vote;
        }
    }
    let clipped = shares.map(|share| share.clamp(0.0, 1.0));
    let sum: f64 = clipped.iter().sum();
    clipped.map(|share| share / sum)
}

/// Returns the mean of each confusion row.
pub(crate) fn expected_rows(reference: &Reference) -> [[f64; BINS]; STRATA] {
    let mut rows = [[0.0; BINS]; STRATA];
    for (row, stratum) in rows.iter_mut().zip(reference.strata()) {
        let alpha = stratum
            .counts
            .map(|c| REFERENCE_WEIGHT * f64::from(c) + ROW_PRIOR);
        let sum: f64 = alpha.iter().sum();
        *row = alpha.map(|a| a / sum);
    }
    rows
}

/// Returns the mix of the rows that is most likely for the counts, by expectation maximization (Saerens et al. 2002, on
/// bins); entries beyond the rows are zero.
pub(crate) fn most_likely_mix(counts: &[f64; BINS], rows: &[[f64; BINS]]) -> [f64; STRATA] {
    const STEPS: usize = 300;
    let total: f64 = counts.iter().sum();
    let mut mix = [0.0; STRATA];
    mix[..rows.len()].fill(1.0 / rows.len() as f64);
    if total <= 0.0 {
        return mix;
    }
    for _ in 0..STEPS {
        let mut next = [0.0; STRATA];
        for (b, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let likely: f64 = mix.iter().zip(rows).map(|(m, row)| m * row[b]).sum();
            for (s, row) in rows.iter().enumerate() {
                next[s] += mix[s] * row[b] / likely * count / total;
            }
        }
        mix = next;
    }
    mix
}
