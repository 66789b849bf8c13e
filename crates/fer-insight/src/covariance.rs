//! Covariance of the votes on an image.

use crate::answer::EMOTIONS;

/// Returns `true` if `matrix` is symmetric and positive semidefinite, with variances that shares can have.
pub(crate) fn is_covariance(matrix: &[[f64; EMOTIONS]; EMOTIONS]) -> bool {
    let entries = matrix
        .iter()
        .flatten()
        .all(|value| value.is_finite() && value.abs() <= 1.0);
    let symmetric =
        (0..EMOTIONS).all(|i| (0..i).all(|j| (matrix[i][j] - matrix[j][i]).abs() <= 1e-9));
    entries && symmetric && cholesky(matrix).is_some()
}

/// Returns the lower triangle whose product with its transpose is `matrix`, or `None` if a pivot is clearly negative. A
/// pivot that rounding leaves at zero, as shares that sum to 1 do, gives a column of zeros.
pub(crate) fn cholesky(
    matrix: &[[f64; EMOTIONS]; EMOTIONS],
) -> Option<[[f64; EMOTIONS]; EMOTIONS]> {
    const TOLERANCE: f64 = 1e-9;
    let mut lower = [[0.0; EMOTIONS]; EMOTIONS];
    for j in 0..EMOTIONS {
        let pivot = matrix[j][j] - lower[j].iter().map(|x| x * x).sum::<f64>();
        if pivot < -TOLERANCE {
            return None;
        }
        let root = pivot.max(0.0).sqrt();
        lower[j][j] = root;
        for i in j + 1..EMOTIONS {
            let rest = matrix[i][j] - (0..j).map(|k| lower[i][k] * lower[j][k]).sum::<f64>();
            if pivot > 1e-12 {
                lower[i][j] = rest / root;
            } else if rest.abs() > 1e-5 {
                return None;
            }
        }
    }
    Some(lower)
}
