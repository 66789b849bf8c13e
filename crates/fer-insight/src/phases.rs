//! Two phases of one person compared: overlap, its exact test, and the distance of the last value.

use crate::quantile::of_sorted;
use crate::random::Random;
use crate::slope::ranks;

/// The most splits that are all looked at.
const MAX_SPLITS: u64 = 20_000;

/// Splits drawn where there are more.
const DRAWN: u64 = 9_999;

/// The factor that makes the median absolute deviation the standard deviation of normal values.
const MAD_TO_SD: f64 = 1.4826;

/// Returns the share of pairs of a baseline and a later value in which the later one is larger, ties as halves: the
/// nonoverlap of all pairs (Parker & Vannest 2009).
pub(crate) fn nap(baseline: &[f64], later: &[f64]) -> f64 {
    let pairs = baseline
        .iter()
        .flat_map(|a| later.iter().map(move |b| (a, b)));
    let above: f64 = pairs
        .map(|(a, b)| match b.total_cmp(a) {
            std::cmp::Ordering::Greater => 1.0,
            _ if a == b => 0.5,
            _ => 0.0,
        })
        .sum();
    above / (baseline.len() * later.len()) as f64
}

/// Returns the share of splits of all values into phases of these sizes whose nonoverlap is as far from a half: of all
/// splits up to 20,000, else of 9,999 drawn ones and the found one.
pub(crate) fn split_test(baseline: &[f64], later: &[f64], random: &mut Random) -> f64 {
    let all: Vec<f64> = baseline.iter().chain(later).copied().collect();
    let ranks = ranks(&all);
    let (n, k) = (all.len(), later.len());
    // The nonoverlap is a linear function of the later values' ranks.
    let center = k as f64 * (n as f64 + 1.0) / 2.0;
    let distance = |sum: f64| (sum - center).abs();
    let found = distance(ranks[baseline.len()..].iter().sum()) - 1e-9;
    if let Some(splits) = choose(n as u64, k as u64).filter(|splits| *splits <= MAX_SPLITS) {
        let mut extreme = 0_u64;
        let mut chosen: Vec<usize> = (0..k).collect();
        loop {
            let sum = chosen.iter().map(|&index| ranks[index]).sum();
            extreme += u64::from(distance(sum) >= found);
            if !next_combination(&mut chosen, n) {
                break;
            }
        }
        return extreme as f64 / splits as f64;
    }
    let mut order: Vec<usize> = (0..n).collect();
    let mut extreme = 1_u64;
    for _ in 0..DRAWN {
        for i in 0..k {
            order.swap(i, i + random.below(n - i));
        }
        let sum = order[..k].iter().map(|&index| ranks[index]).sum();
        extreme += u64::from(distance(sum) >= found);
    }
    extreme as f64 / (DRAWN + 1) as f64
}

/// Returns how many robust standard deviations of the baseline a value lies above its median; `None` for a baseline whose
/// values are mostly equal.
pub(crate) fn robust_z(baseline: &[f64], value: f64) -> Option<f64> {
    let center = median(baseline);
    let deviations: Vec<f64> = baseline.iter().map(|x| (x - center).abs()).collect();
    let spread = MAD_TO_SD * median(&deviations);
    (spread > 0.0).then(|| (value - center) / spread)
}

/// Returns the median.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    of_sorted(&sorted, 0.5)
}

/// Returns the number of ways to choose `k` of `n`; `None` beyond 64 bits.
fn choose(n: u64, k: u64) -> Option<u64> {
    (0..k.min(n - k)).try_fold(1_u64, |ways, i| Some(ways.checked_mul(n - i)? / (i + 1)))
}

/// Steps to the next combination of positions below `n`, in lexical order.
fn next_combination(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    let Some(at) = (0..k).rev().find(|&i| chosen[i] < n - k + i) else {
        return false;
    };
    chosen[at] += 1;
    for i in at + 1..k {
        chosen[i] = chosen[i - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::random::Purpose;
    use crate::testing::numbers;

    #[test]
    fn overlap_and_its_exact_test_are_those_of_scipy() {
        let golden: Value =
            serde_json::from_str(include_str!("../tests/golden/series.json")).unwrap();
        let cases = golden["phases"].as_array().unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            let (baseline, later) = (numbers(&case["baseline"]), numbers(&case["later"]));
            let mut random = Random::new(0, Purpose::Permutation, 0);
            let found = [
                nap(&baseline, &later),
                split_test(&baseline, &later, &mut random),
            ];
            for (found, name) in found.iter().zip(["nap", "p"]) {
                assert!(
                    (found - case[name].as_f64().unwrap()).abs() < 1e-9,
                    "{name} {found} {case}"
                );
            }
            let z = robust_z(&baseline, later[later.len() - 1]);
            match case["z"].as_f64() {
                Some(expected) => assert!((z.unwrap() - expected).abs() < 1e-9),
                None => assert_eq!(z, None),
            }
        }
    }

    #[test]
    fn drawn_splits_agree_with_all_splits() {
        let baseline: Vec<f64> = (0..12).map(|i| f64::from(i * 7 % 13)).collect();
        let later: Vec<f64> = (0..12).map(|i| f64::from(i * 5 % 11) + 4.0).collect();
        let mut random = Random::new(1, Purpose::Permutation, 0);
        // scipy.stats.mannwhitneyu(later, baseline, method="asymptotic") gives 0.132.
        let p = split_test(&baseline, &later, &mut random);
        assert!((0.10..0.17).contains(&p), "{p}");
        assert_eq!(choose(24, 12), Some(2_704_156));
        assert_eq!(choose(10, 0), Some(1));
    }
}
