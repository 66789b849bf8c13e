//! The test of a field against every mix of the reference's strata.

use serde::Serialize;

use crate::answer::BINS;
use crate::effective::Effective;
use crate::posterior::REFERENCE_WEIGHT;
use crate::quantile::chi_squared_above;
use crate::reference::{Reference, STRATA};

/// The agreement of a group's answers with the reference: a small `p` is a sign of other faces or other images than the
/// reference's, never a result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// The likelihood ratio G², on effective faces (Rao & Scott 1981).
    pub statistic: f64,
    /// Its degrees of freedom.
    pub df: u32,
    /// The probability of a larger one if the field is a mix of the reference's strata.
    pub p: f64,
}

impl Fit {
    /// Computes the likelihood ratio of the joint fit to the field and the reference, the reference at half weight.
    pub(crate) fn new(group: &Effective, reference: &Reference) -> Self {
        const STEPS: usize = 400;
        let strata = reference.strata().len();
        let field = &group.counts;
        let n: f64 = field.iter().sum();
        let mut counts = [[0.0; BINS]; STRATA];
        for (row, stratum) in counts.iter_mut().zip(reference.strata()) {
            *row = stratum.counts.map(|c| REFERENCE_WEIGHT * f64::from(c));
        }
        let counts = &counts[..strata];
        let sums: Vec<f64> = counts.iter().map(|row| row.iter().sum()).collect();
        let mut rows = [[0.0; BINS]; STRATA];
        for s in 0..strata {
            rows[s] = counts[s].map(|c| (c + 0.5) / (sums[s] + 0.5 * BINS as f64));
        }
        let mut mix = [1.0 / strata as f64; STRATA];
        for _ in 0..STEPS {
            let mut moved = [[0.0; BINS]; STRATA];
            for b in 0..BINS {
                let likely: f64 = (0..strata).map(|s| mix[s] * rows[s][b]).sum();
                for s in 0..strata {
                    moved[s][b] = mix[s] * rows[s][b] / likely.max(1e-300) * field[b];
                }
            }
            for s in 0..strata {
                let own: f64 = moved[s].iter().sum();
                mix[s] = own / n;
                rows[s] = std::array::from_fn(|b| (counts[s][b] + moved[s][b]) / (sums[s] + own));
            }
        }
        let term = |x: f64, ratio: f64| if x > 0.0 { x * ratio.ln() } else { 0.0 };
        let mut statistic = 0.0;
        for b in 0..BINS {
            let likely: f64 = (0..strata).map(|s| mix[s] * rows[s][b]).sum();
            statistic += 2.0 * term(field[b], field[b] / n / likely.max(1e-300));
            for s in 0..strata {
                let observed = counts[s][b] / sums[s];
                statistic += 2.0 * term(counts[s][b], observed / rows[s][b].max(1e-300));
            }
        }
        let df = (BINS - strata) as u32;
        Self {
            statistic,
            df,
            p: chi_squared_above(statistic, f64::from(df)),
        }
    }
}
