//! Trends of short series: the slope of Theil and Sen, and the test of Mann and Kendall for correlated values.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::quantile::{normal, of_sorted};

/// A slope with its interval and the test of no trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// Change in one step: the median slope of all pairs of points (Sen 1968).
    pub per_step: f64,
    /// Lower end of Sen's interval.
    pub low: f64,
    /// Upper end of Sen's interval.
    pub high: f64,
    /// Level of the interval.
    pub level: f64,
    /// Probability of a trend as clear by chance: Mann & Kendall with the variance of Hamed & Rao (1998).
    pub p: f64,
    /// Number of points.
    pub points: usize,
}

impl Slope {
    /// Computes the slope of `points` of step and value, ordered by step. `None` for fewer than two steps.
    pub(crate) fn new(points: &[(f64, f64)], level: f64) -> Option<Self> {
        let (per_step, low, high) = theil_sen(points, level)?;
        let values: Vec<f64> = points.iter().map(|(_, y)| *y).collect();
        Some(Self {
            per_step,
            low,
            high,
            level,
            p: mann_kendall(&values),
            points: points.len(),
        })
    }
}

/// Returns the median slope and its interval: the order statistics that the normal distribution of Kendall's S gives
/// (Sen 1968, with ties).
pub(crate) fn theil_sen(points: &[(f64, f64)], level: f64) -> Option<(f64, f64, f64)> {
    let mut slopes = Vec::new();
    for (i, (x0, y0)) in points.iter().enumerate() {
        slopes.extend(
            points[i + 1..]
                .iter()
                .filter(|(x, _)| x > x0)
                .map(|(x, y)| (y - y0) / (x - x0)),
        );
    }
    slopes.sort_by(f64::total_cmp);
    let median = of_sorted(&slopes, 0.5);
    let last = slopes.len().checked_sub(1)?;
    let n = points.len() as f64;
    let tied = |values: Vec<f64>| ties(values).map(tie_term).sum::<f64>();
    let variance = (n * (n - 1.0) * (2.0 * n + 5.0)
        - tied(points.iter().map(|(x, _)| *x).collect())
        - tied(points.iter().map(|(_, y)| *y).collect()))
        / 18.0;
    let reach = normal(level) * variance.max(0.0).sqrt();
    let total = slopes.len() as f64;
    let upper = ((total + reach) / 2.0).round_ties_even() as usize;
    let lower = ((total - reach) / 2.0).round_ties_even() - 1.0;
    let lower = lower.max(0.0) as usize;
    Some((median, slopes[lower.min(last)], slopes[upper.min(last)]))
}

/// Returns the two-sided p-value of Mann and Kendall's test, the variance corrected for the autocorrelation of the ranks
/// around the trend at the lags where it is significant (Hamed & Rao 1998). Where the correction leaves no variance, as it
/// can in short series that alternate, it is left out.
pub(crate) fn mann_kendall(values: &[f64]) -> f64 {
    let n = values.len();
    if n < 3 {
        return 1.0;
    }
    let count = n as f64;
    let mut score = 0.0;
    for (i, a) in values.iter().enumerate() {
        score += values[i + 1..]
            .iter()
            .map(|b| f64::from(i8::from(b > a) - i8::from(b < a)))
            .sum::<f64>();
    }
    let tied: f64 = ties(values.to_vec()).map(tie_term).sum();
    let variance = (count * (count - 1.0) * (2.0 * count + 5.0) - tied) / 18.0;
    let corrected = variance * inflation(values);
    let variance = if corrected > 0.0 { corrected } else { variance };
    if variance <= 0.0 || score == 0.0 {
        return 1.0;
    }
    let z = (score.abs() - 1.0) / variance.sqrt();
    2.0 * Normal::standard().sf(z)
}

/// Returns the factor by which autocorrelation changes the variance of S.
fn inflation(values: &[f64]) -> f64 {
    let n = values.len();
    let count = n as f64;
    let points: Vec<(f64, f64)> = (0..n).map(|i| (i as f64, values[i])).collect();
    let slope = theil_sen(&points, 0.95).map_or(0.0, |(slope, ..)| slope);
    let detrended = points.iter().map(|(i, y)| y - (i + 1.0) * slope);
    let ranks = ranks(&detrended.collect::<Vec<_>>());
    let mean = ranks.iter().sum::<f64>() / count;
    let deviation: Vec<f64> = ranks.iter().map(|r| r - mean).collect();
    let covariance = |lag: usize| {
        let pairs = deviation.iter().zip(&deviation[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>()
    };
    let whole = covariance(0);
    if whole <= 0.0 {
        return 1.0;
    }
    let bound = normal(0.95) / count.sqrt();
    let sum: f64 = (1..n)
        .map(|lag| (lag as f64, covariance(lag) / whole))
        .filter(|(_, correlation)| correlation.abs() > bound)
        .map(|(lag, correlation)| {
            (count - lag) * (count - lag - 1.0) * (count - lag - 2.0) * correlation
        })
        .sum();
    1.0 + 2.0 / (count * (count - 1.0) * (count - 2.0)) * sum
}

/// Returns the ranks of values from 1, equal values at their mean rank.
pub(crate) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for run in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let mean = start as f64 + (run.len() as f64 + 1.0) / 2.0;
        for &index in run {
            ranks[index] = mean;
        }
        start += run.len();
    }
    ranks
}

/// Returns the sizes of runs of equal values.
fn ties(mut values: Vec<f64>) -> impl Iterator<Item = f64> {
    values.sort_by(f64::total_cmp);
    let runs: Vec<f64> = values
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() as f64)
        .collect();
    runs.into_iter()
}

fn tie_term(size: f64) -> f64 {
    size * (size - 1.0) * (2.0 * size + 5.0)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::numbers;

    #[test]
    fn slopes_and_tests_are_those_of_scipy_and_pymannkendall() {
        let golden: Value =
            serde_json::from_str(include_str!("../tests/golden/series.json")).unwrap();
        let cases = golden["series"].as_array().unwrap();
        assert!(cases.len() >= 8);
        for case in cases {
            let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
            let points: Vec<_> = x.into_iter().zip(y.iter().copied()).collect();
            let slope = Slope::new(&points, 0.95).unwrap();
            let expected = numbers(&case["theil_sen"]);
            for (found, expected) in [slope.per_step, slope.low, slope.high].iter().zip(expected) {
                assert!((found - expected).abs() < 1e-9, "{case}: {slope:?}");
            }
            let expected = case["mann_kendall"].as_f64().unwrap();
            assert!((slope.p - expected).abs() < 1e-9, "{case}: {slope:?}");
        }
    }

    #[test]
    fn short_and_constant_series_have_no_trend() {
        assert_eq!(Slope::new(&[(0.0, 1.0)], 0.95), None);
        let constant: Vec<_> = (0..9).map(|i| (f64::from(i), 0.4)).collect();
        let slope = Slope::new(&constant, 0.95).unwrap();
        assert_eq!((slope.per_step, slope.p), (0.0, 1.0));
    }

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    }
}
