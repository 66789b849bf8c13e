//! The test of two models on the same images.

/// Returns the two-sided p-value of the exact test of McNemar (1947), for the images that only one of two models answers right.
///
/// It is twice the probability that, of `gained + lost` fair coins, at most the fewer of both fall on their side, and at most 1.
pub(crate) fn mcnemar(gained: usize, lost: usize) -> f64 {
    let (n, fewer) = (gained + lost, gained.min(lost));
    let mut ln_ways = 0.0;
    let mut tail = 0.0;
    for k in 0..=fewer {
        if k > 0 {
            ln_ways += ((n - k + 1) as f64 / k as f64).ln();
        }
        tail += (ln_ways - n as f64 * std::f64::consts::LN_2).exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::mcnemar;

    /// Expected values by exact integers in Python: `2 * sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n`.
    #[test]
    fn p_values_are_those_of_the_binomial_test() {
        for (gained, lost, expected) in [
            (0, 0, 1.0),
            (3, 3, 1.0),
            (1, 9, 0.021484375),
            (10, 2, 0.03857421875),
            (50, 45, 0.681_742_505_918_185_5),
        ] {
            let found = mcnemar(gained, lost);
            assert!((found - expected).abs() < 1e-9, "{gained} {lost} {found}");
        }
        assert!((mcnemar(3000, 2000) / 1.300_231_000_520_377_1e-45 - 1.0).abs() < 1e-6);
    }
}
