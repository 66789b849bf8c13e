//! Moving average of a parameter buffer.

use crate::{KernelError, Threads, error::check_len};

/// Elements that one task averages.
const PIECE: usize = 1 << 14;

/// Moves `average` towards `values`: `average += weight * (values - average)`.
///
/// `weight` 0 leaves the average, 1 replaces it; an exponential moving average with decay `d` uses `1 - d`.
///
/// # Errors
/// [`KernelError::LengthMismatch`] if the two differ in length.
///
/// ```
/// let mut average = [0.0, 4.0];
/// fer_kernels::lerp(&mut average, &[1.0, 0.0], 0.25, &fer_kernels::Threads::new(1)?)?;
/// assert_eq!(average, [0.25, 3.0]);
/// # Ok::<(), fer_kernels::KernelError>(())
/// ```
pub fn lerp(
    average: &mut [f32],
    values: &[f32],
    weight: f32,
    threads: &Threads,
) -> Result<(), KernelError> {
    check_len("values", values.len(), average.len())?;
    threads.for_each(
        average.chunks_mut(PIECE).zip(values.chunks(PIECE)),
        |(average, values)| {
            for (average, value) in average.iter_mut().zip(values) {
                *average += weight * (value - *average);
            }
        },
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::oracle::noise;

    #[test]
    fn averages_move_by_the_weight_on_any_number_of_threads() {
        let (start, values) = (noise(3 * PIECE + 7, 1), noise(3 * PIECE + 7, 2));
        for count in [1, 2, 3, 8] {
            let mut average = start.clone();
            lerp(&mut average, &values, 0.1, &Threads::new(count).unwrap()).unwrap();
            for ((average, start), value) in average.iter().zip(&start).zip(&values) {
                assert_eq!(*average, start + 0.1 * (value - start));
            }
        }
    }

    #[test]
    fn different_lengths_are_an_error() {
        let error = lerp(&mut [0.0; 2], &[0.0; 3], 0.5, &Threads::new(1).unwrap()).unwrap_err();
        assert_eq!(error.kind(), "length_mismatch");
    }
}
