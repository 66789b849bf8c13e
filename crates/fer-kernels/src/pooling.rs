//! 2x2 max-pooling with stride 2. An odd last row or column is dropped.

use crate::simd::Simd;

/// For each window of one image: the offset of its first channel in the pooled map, and those of its four positions, row by row,
/// in the map.
#[inline(always)]
pub(crate) fn window_offsets(
    height: usize,
    width: usize,
    channels: usize,
) -> impl Iterator<Item = (usize, [usize; 4])> {
    (0..height / 2).flat_map(move |y| {
        (0..width / 2).map(move |x| {
            let corner = (2 * y * width + 2 * x) * channels;
            let below = corner + width * channels;
            (
                (y * (width / 2) + x) * channels,
                [corner, corner + channels, below, below + channels],
            )
        })
    })
}

/// Offsets of the first channel at the positions of one image that no window covers.
#[inline(always)]
pub(crate) fn dropped_offsets(
    height: usize,
    width: usize,
    channels: usize,
) -> impl Iterator<Item = usize> {
    let last_column = (0..height / 2 * 2)
        .filter(move |_| width % 2 == 1)
        .map(move |y| y * width + width - 1);
    let last_row = (height / 2 * 2 * width)..height * width;
    last_column
        .chain(last_row)
        .map(move |position| position * channels)
}

/// The largest of four values in each lane, and which of them it is: the first, if several are equal.
#[inline(always)]
pub(crate) fn first_maximum<S: Simd>(simd: S, values: [S::Vector; 4]) -> (S::Vector, [S::Mask; 4]) {
    let [a, b, c, d] = values;
    let maximum = simd.max(simd.max(a, b), simd.max(c, d));
    let a_wins = simd.equal(a, maximum);
    let b_wins = simd.but_not(simd.equal(b, maximum), a_wins);
    let c_wins = simd.but_not(simd.but_not(simd.equal(c, maximum), a_wins), b_wins);
    let d_wins = simd.but_not(
        simd.but_not(simd.but_not(simd.equal(d, maximum), a_wins), b_wins),
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
            let windows: Vec<_> = window_offsets(height, width, channels).collect();
            let targets: Vec<_> = windows.iter().map(|(target, _)| *target).collect();
            assert!(
                targets
                    .into_iter()
                    .eq((0..(height / 2) * (width / 2)).map(|i| i * channels))
            );
            let covered = windows.into_iter().flat_map(|(_, window)| window);
            for offset in covered.chain(dropped_offsets(height, width, channels)) {
                seen[offset / channels] += 1;
            }
            assert!(seen.iter().all(|&times| times == 1), "{height}x{width}");
        }
    }
}
