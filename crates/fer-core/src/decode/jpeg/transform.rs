//! Coefficients to samples: the inverse discrete cosine transform.
//!
//! Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11 multiplications" (ICASSP 1989), in the
//! fixed-point arithmetic of libjpeg's accurate integer method, so that the samples are the same to the last bit.

use std::num::Wrapping;

use super::frame::BLOCK;
use super::scan::Coefficients;

/// Fraction bits of the constants.
const CONSTANT_BITS: usize = 13;
/// Fraction bits kept between the columns and the rows.
const COLUMN_BITS: usize = 2;

/// Coefficients of a damaged file may be of any size: sums wrap around.
type Number = Wrapping<i32>;

/// `round(x * 2^13)`.
const fn constant(x: f64) -> Number {
    Wrapping((x * (1 << CONSTANT_BITS) as f64 + 0.5) as i32)
}

/// Writes the samples of a block at the beginning of `samples`, whose rows are `stride` apart.
pub(super) fn inverse(
    coefficients: &Coefficients,
    quantization: &[u16; 64],
    samples: &mut [u8],
    stride: usize,
) {
    let number = |index: usize| {
        Wrapping(i32::from(coefficients[index]) * i32::from(quantization[index] as i16))
    };
    if coefficients[1..]
        .iter()
        .all(|&coefficient| coefficient == 0)
    {
        // A constant block: both passes only scale.
        let value = sample(number(0) << COLUMN_BITS, COLUMN_BITS + 3);
        for row in samples.chunks_mut(stride).take(BLOCK) {
            row[..BLOCK].fill(value);
        }
        return;
    }
    let columns: [[Number; BLOCK]; BLOCK] = std::array::from_fn(|x| {
        let column: [Number; BLOCK] = std::array::from_fn(|y| number(y * BLOCK + x));
        if column[1..].iter().all(|value| value.0 == 0) {
            return [column[0] << COLUMN_BITS; BLOCK];
        }
        let descale = CONSTANT_BITS - COLUMN_BITS;
        transform(column).map(|value| round_shift(value, descale))
    });
    for (y, samples) in samples.chunks_mut(stride).take(BLOCK).enumerate() {
        let values = transform(columns.map(|column| column[y]));
        for (place, value) in samples.iter_mut().zip(values) {
            *place = sample(value, CONSTANT_BITS + COLUMN_BITS + 3);
        }
    }
}

/// One pass over eight values; the result has [`CONSTANT_BITS`] more fraction bits.
fn transform(v: [Number; BLOCK]) -> [Number; BLOCK] {
    let z = (v[2] + v[6]) * constant(0.541_196_100);
    let low = z - v[6] * constant(1.847_759_065);
    let high = z + v[2] * constant(0.765_366_865);
    let sum = (v[0] + v[4]) << CONSTANT_BITS;
    let difference = (v[0] - v[4]) << CONSTANT_BITS;
    let even = [sum + high, difference + low, difference - low, sum - high];

    let z5 = (v[7] + v[3] + v[5] + v[1]) * constant(1.175_875_602);
    let z1 = (v[7] + v[1]) * constant(0.899_976_223);
    let z2 = (v[5] + v[3]) * constant(2.562_915_447);
    let z3 = z5 - (v[7] + v[3]) * constant(1.961_570_560);
    let z4 = z5 - (v[5] + v[1]) * constant(0.390_180_644);
    let odd = [
        v[1] * constant(1.501_321_110) - z1 + z4,
        v[3] * constant(3.072_711_026) - z2 + z3,
        v[5] * constant(2.053_119_869) - z2 + z4,
        v[7] * constant(0.298_631_336) - z1 + z3,
    ];
    std::array::from_fn(|i| {
        if i < 4 {
            even[i] + odd[i]
        } else {
            even[7 - i] - odd[7 - i]
        }
    })
}

fn round_shift(value: Number, bits: usize) -> Number {
    (value + (Wrapping(1) << (bits - 1))) >> bits
}

/// Rounds a value to a sample of 0 to 255, around 128.
fn sample(value: Number, bits: usize) -> u8 {
    (round_shift(value, bits).0.saturating_add(128)).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition (ITU-T T.81, A.3.3) in floating point.
    fn by_definition(coefficients: &Coefficients, quantization: &[u16; 64]) -> [f64; 64] {
        let factor = |u: usize| if u == 0 { 0.5f64.sqrt() } else { 1.0 };
        let angle =
            |x: usize, u: usize| (2 * x + 1) as f64 * u as f64 * std::f64::consts::PI / 16.0;
        std::array::from_fn(|at| {
            let (x, y) = (at % 8, at / 8);
            let sum: f64 = (0..64)
                .map(|k| {
                    let (u, v) = (k % 8, k / 8);
                    let value = f64::from(coefficients[k]) * f64::from(quantization[k]);
                    factor(u) * factor(v) * value * angle(x, u).cos() * angle(y, v).cos()
                })
                .sum();
            (sum / 4.0 + 128.0).clamp(0.0, 255.0)
        })
    }

    #[test]
    fn samples_are_those_of_the_definition() {
        let mut state = 1u32;
        let mut random = |range: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as i32 % range
        };
        for round in 0..200 {
            let mut coefficients = [0; 64];
            coefficients[0] = random(100) as i16 - 50;
            for _ in 0..round % 20 {
                coefficients[random(64) as usize] = random(16) as i16 - 8;
            }
            let quantization = std::array::from_fn(|_| random(12) as u16 + 1);
            let mut samples = [0; 64];
            inverse(&coefficients, &quantization, &mut samples, BLOCK);
            for (found, expected) in samples
                .iter()
                .zip(by_definition(&coefficients, &quantization))
            {
                assert!(
                    (f64::from(*found) - expected).abs() < 0.6,
                    "{found}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn wild_coefficients_do_not_overflow() {
        let mut samples = [0; 64];
        for value in [i16::MIN, i16::MAX] {
            inverse(&[value; 64], &[u16::MAX; 64], &mut samples, BLOCK);
            inverse(&[value; 64], &[i16::MAX as u16; 64], &mut samples, BLOCK);
        }
    }
}
