//! Quantiles of samples and of distributions.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal, StudentsT};

/// Returns the quantile `p` of `sorted` values, linear between order statistics (type 7 of Hyndman & Fan 1996, the
/// default of NumPy and R), or NaN without values.
pub(crate) fn of_sorted(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let position = p.clamp(0.0, 1.0) * last as f64;
    let low = position.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (position - low as f64) * (sorted[high] - sorted[low])
}

/// Returns the quantile of the standard normal distribution for the upper end of a two-sided interval at `level`.
pub(crate) fn normal(level: f64) -> f64 {
    Normal::standard().inverse_cdf(0.5 + level / 2.0)
}

/// Returns the same for Student's t with `df` degrees of freedom, or infinity below one.
pub(crate) fn student_t(level: f64, df: f64) -> f64 {
    match StudentsT::new(0.0, 1.0, df) {
        Ok(t) if df >= 1.0 => t.inverse_cdf(0.5 + level / 2.0),
        _ => f64::INFINITY,
    }
}

/// Returns the probability that a chi-squared variable of `df` degrees of freedom exceeds `x`.
pub(crate) fn chi_squared_above(x: f64, df: f64) -> f64 {
    ChiSquared::new(df).map_or(f64::NAN, |chi| chi.sf(x.max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy_and_numpy() {
        // scipy.stats.norm.ppf(.975), t.ppf(.975, 4), t.ppf(.975, 99), t.ppf(.95, 1), chi2.sf(20, 11)
        assert!((normal(0.95) - 1.959_963_984_540_054).abs() < 1e-9);
        assert!((student_t(0.95, 4.0) - 2.776_445_105_197_793).abs() < 1e-9);
        assert!((student_t(0.95, 99.0) - 1.984_216_951_586_407_7).abs() < 1e-9);
        assert!((student_t(0.90, 1.0) - 6.313_751_514_675_041).abs() < 1e-9);
        assert!((chi_squared_above(20.0, 11.0) - 0.045_340_674_434_060_42).abs() < 1e-9);
        assert_eq!(student_t(0.95, 0.0), f64::INFINITY);
        let values = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(of_sorted(&values, 0.5), 3.0);
        assert!((of_sorted(&values, 0.975) - 7.7).abs() < 1e-12);
        assert!(of_sorted(&[], 0.5).is_nan());
    }
}
