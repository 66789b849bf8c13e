//! 2x2 max-pooling with stride 2. An odd last row or column is dropped.

use crate::simd::Simd;

/// For each window of a pooled row `y` of one image: the offset of its first channel in the pooled map, and those of its four
/// positions, row by row, in the map.
#[inline(always)]
pub(crate) fn window_offsets(
    y: usize,
    width: usize,
    channels: usize,
) -> impl Iterator<Item = (usize, [usize; 4])> {
    let (target, upper, row) = (
        y * (width / 2) * channels,
        2 * y * width * channels,
        width * channels,
    );
    (0..width / 2).map(move |x| {
        let corner = upper + 2 * x * channels;
        let below = corner + row;
        let window = [corner, corner + channels, below, below + channels];
        (target + x * channels, window)
    })
}

/// Offsets of the first channel at the positions of rows `2 y` and `2 y + 1` that no window covers.
#[inline(always)]
pub(crate) fn dropped_offsets(
    y: usize,
    height: usize,
    width: usize,
    channels: usize,
) -> impl Iterator<Item = usize> {
    let rows = 2 * y..height.min(2 * y + 2);
    let covered = if rows.len() == 2 { width / 2 * 2 } else { 0 };
    rows.flat_map(move |row| (covered..width).map(move |x| (row * width + x) * channels))
}

/// The largest of four values in each lane, and which of them it is: the first, if several are equal.
#[inline(always)]
pub(crate) fn first_maximum<S: Simd>(simd: S, values: [S::Vector; 4]) -> (S::Vector, [S::Mask; 4]) {
    let [a, b, c, d] = values;
    let maximum = simd.max(simd.max(a, b), simd.max(c, d));
    let a_wins = simd.equal(a, maximum);
    let b_wins = simd.and_not(simd.equal(b, maximum), a_wins);
    let c_wins = simd.and_not(simd.and_not(simd.equal(c, maximum), a_wins), b_wins);
    let d_wins = simd.and_not(
        simd.and_not(simd.and_not(simd.equal(d, maximum), a_wins), b_wins),
        c_wins,
    );
    (maximum, [a_wins, b_wins, c_wins, d_wins])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_dropped_positions_cover_every_position_once() {
        for (height, width, channels) in [
            (2, 2, 1),
            (5, 4, 3),
            (4, 5, 16),
            (7, 7, 2),
            (1, 6, 4),
            (3, 1, 1),
        ] {
            let mut seen = vec![0; height * width];
            let mut targets = Vec::new();
            for y in 0..height.div_ceil(2) {
                let windows = window_offsets(y, width, channels).filter(|_| 2 * y + 1 < height);
                for (target, window) in windows {
                    targets.push(target / channels);
                    window
                        .iter()
                        .for_each(|offset| seen[offset / channels] += 1);
                }
                dropped_offsets(y, height, width, channels)
                    .for_each(|offset| seen[offset / channels] += 1);
            }
            assert!(targets.into_iter().eq(0..(height / 2) * (width / 2)));
            assert!(seen.iter().all(|&times| times == 1), "{height}x{width}");
        }
    }
}
