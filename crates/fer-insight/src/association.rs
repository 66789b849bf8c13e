//! Rank measures of association.

use crate::slope::ranks;

/// Returns Spearman's rank correlation; `None` where a side is constant.
pub(crate) fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = (ranks(x), ranks(y));
    let center = (x.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| (a - center) * (b - center)).sum::<f64>()
    };
    let spread = product(&x, &x) * product(&y, &y);
    (spread > 0.0).then(|| product(&x, &y) / spread.sqrt())
}

/// Returns the probability that a random unit with `y` of 1 has a larger `x` than one with 0, ties as halves; `None`
/// where `y` is constant.
pub(crate) fn auc(x: &[f64], y: &[f64]) -> Option<f64> {
    let ranks = ranks(x);
    let with: f64 = y.iter().sum();
    let without = y.len() as f64 - with;
    let sum: f64 = ranks.iter().zip(y).map(|(rank, y)| rank * y).sum();
    (with > 0.0 && without > 0.0).then(|| (sum - with * (with + 1.0) / 2.0) / (with * without))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::testing::numbers;

    #[test]
    fn associations_are_those_of_scipy() {
        let golden: Value =
            serde_json::from_str(include_str!("../tests/golden/series.json")).unwrap();
        let cases = golden["pairs"].as_array().unwrap();
        assert!(cases.len() >= 6);
        for case in cases {
            let (x, y, two) = (
                numbers(&case["x"]),
                numbers(&case["y"]),
                numbers(&case["two"]),
            );
            let expected = |name: &str| case[name].as_f64().unwrap();
            assert!((spearman(&x, &y).unwrap() - expected("spearman")).abs() < 1e-9);
            assert!((auc(&x, &two).unwrap() - expected("auc")).abs() < 1e-9);
        }
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(auc(&[1.0, 2.0], &[1.0, 1.0]), None);
    }
}
