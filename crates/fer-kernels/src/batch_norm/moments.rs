//! Mean and squared deviations of a group of images, per channel.

use super::lanes::{Lanes, for_each_lanes};
use crate::cpu::{Cpu, Kernel};
use crate::gemm::MicroKernel;
use crate::simd::Simd;

/// Accumulators in flight, which hide the latency of an addition.
const CHAINS: usize = 4;

/// Writes the mean of each channel of `values` (`[.., C]`) to the first half of `partial`, the sum of squared deviations from it
/// to the second.
///
/// Two passes and the correction of Chan, Golub and LeVeque (1983, equation 1.7), so that nothing cancels however far the values
/// lie from zero.
pub(crate) fn moments(cpu: Cpu, values: &[f32], partial: &mut [f64]) {
    cpu.run(Moments { values, partial });
}

struct Moments<'a> {
    values: &'a [f32],
    partial: &'a mut [f64],
}

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: MicroKernel>(self, simd: S) {
        let channels = self.partial.len() / 2;
        let count = (self.values.len() / channels) as f64;
        let (means, squares) = self.partial.split_at_mut(channels);
        for_each_lanes!(channels, lanes => {
            let total = self
                .values
                .column_sum(simd, channels, lanes, |value, [sum, _]| {
                    [simd.add(sum, value), sum]
                });
            let pivot = simd.mul(total[0], simd.splat(1.0 / count as f32));
            let around_pivot =
                self.values
                    .column_sum(simd, channels, lanes, |value, [sum, square]| {
                        let deviation = simd.sub(value, pivot);
                        [
                            simd.add(sum, deviation),
                            simd.mul_add(deviation, deviation, square),
                        ]
                    });
            let (pivot, [sum, square]) =
                (simd.to_array(pivot), around_pivot.map(|v| simd.to_array(v)));
            for lane in 0..lanes.count() {
                let (sum, square) = (f64::from(sum[lane]), f64::from(square[lane]));
                let channel = lanes.first() + lane;
                means[channel] = f64::from(pivot[lane]) + sum / count;
                squares[channel] = (square - sum * sum / count).max(0.0);
            }
        });
    }
}

trait ColumnSum {
    /// Folds the vectors of some channels over all positions: [`CHAINS`] sums of every so many positions, then their total.
    fn column_sum<S: Simd>(
        &self,
        simd: S,
        channels: usize,
        lanes: impl Lanes,
        step: impl Fn(S::Vector, [S::Vector; 2]) -> [S::Vector; 2],
    ) -> [S::Vector; 2];
}

impl ColumnSum for [f32] {
    #[inline(always)]
    fn column_sum<S: Simd>(
        &self,
        simd: S,
        channels: usize,
        lanes: impl Lanes,
        step: impl Fn(S::Vector, [S::Vector; 2]) -> [S::Vector; 2],
    ) -> [S::Vector; 2] {
        let mut sums = [[simd.zero(); 2]; CHAINS];
        let mut rounds = self.chunks_exact(CHAINS * channels);
        for positions in rounds.by_ref() {
            for (chain, sums) in sums.iter_mut().enumerate() {
                // SAFETY: `positions` holds CHAINS positions of `channels` values, and the lanes lie within the channels.
                let value = unsafe {
                    lanes.load(
                        simd,
                        positions.as_ptr().add(chain * channels + lanes.first()),
                    )
                };
                *sums = step(value, *sums);
            }
        }
        for position in rounds.remainder().chunks_exact(channels) {
            // SAFETY: `position` holds `channels` values, and the lanes lie within the channels.
            let value = unsafe { lanes.load(simd, position.as_ptr().add(lanes.first())) };
            sums[0] = step(value, sums[0]);
        }
        let [a, b, c, d] = sums;
        [0, 1].map(|i| simd.add(simd.add(a[i], b[i]), simd.add(c[i], d[i])))
    }
}
