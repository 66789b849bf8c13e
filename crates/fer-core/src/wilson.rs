//! The interval of a share.

/// Returns the score interval of the share of `successes` in `trials` (Wilson 1927); `[0, 1]` without trials.
///
/// `z` is the quantile of the standard normal distribution at the upper end of the interval: 1.96 for 95 %. Unlike the normal
/// approximation, the interval stays within `[0, 1]`, holds the share, and has a width at 0 and 1.
///
/// ```
/// let [low, high] = fer_core::wilson(81.0, 263.0, 1.96);
/// assert!((low - 0.2553).abs() < 1e-4 && (high - 0.3662).abs() < 1e-4);
/// ```
#[must_use]
pub fn wilson(successes: f64, trials: f64, z: f64) -> [f64; 2] {
    if trials <= 0.0 {
        return [0.0, 1.0];
    }
    let share = successes / trials;
    let z2 = z * z;
    let center = (share + z2 / (2.0 * trials)) / (1.0 + z2 / trials);
    let variance = share * (1.0 - share) / trials + z2 / (4.0 * trials * trials);
    let half_width = z / (1.0 + z2 / trials) * variance.sqrt();
    [
        (center - half_width).clamp(0.0, share),
        (center + half_width).clamp(share, 1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::wilson;

    const Z_95: f64 = 1.959_963_984_540_054;

    #[test]
    fn intervals_are_the_published_ones() {
        // Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        for (successes, trials, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let found = wilson(successes, trials, Z_95);
            for (found, expected) in found.into_iter().zip([low, high]) {
                assert!(
                    (found - expected).abs() < 5e-5,
                    "{successes}/{trials}: {found} for {expected}"
                );
            }
        }
    }

    #[test]
    fn a_share_lies_in_its_interval_at_both_ends() {
        for trials in 1..200 {
            let trials = f64::from(trials);
            assert_eq!(wilson(0.0, trials, Z_95)[0], 0.0);
            assert_eq!(wilson(trials, trials, Z_95)[1], 1.0);
        }
        assert_eq!(wilson(0.0, 0.0, Z_95), [0.0, 1.0]);
    }
}
