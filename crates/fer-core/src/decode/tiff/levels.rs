//! Samples of any width as levels from 0 to 255.

use tiff::decoder::DecodingResult;

use super::failure::unsupported;
use crate::Result;

/// Converts samples of `bits` bits; those below eight are packed, with rows of `row` samples.
///
/// Sixteen bits are rounded to eight. Signed and wider whole numbers are taken for levels of sixteen bits, floats for
/// levels in [0, 1], and refused beyond: no rule tells the scale of a measurement.
pub(super) fn levels(samples: DecodingResult, bits: u8, row: usize) -> Result<Vec<u8>> {
    let top = (1_u16 << bits.min(8)) - 1;
    match samples {
        DecodingResult::U8(packed) if bits < 8 => {
            let indices = unpacked(&packed, bits, row);
            let scale = |index| (u16::from(index) * 255 / top) as u8;
            Ok(indices.into_iter().map(scale).collect())
        }
        DecodingResult::U8(levels) => Ok(levels),
        DecodingResult::I8(levels) => Ok(levels.into_iter().map(i8::cast_unsigned).collect()),
        DecodingResult::U16(levels) => Ok(levels.into_iter().map(to_eight).collect()),
        DecodingResult::I16(levels) => whole(levels.into_iter().map(i64::from)),
        DecodingResult::U32(levels) => whole(levels.into_iter().map(i64::from)),
        DecodingResult::I32(levels) => whole(levels.into_iter().map(i64::from)),
        DecodingResult::U64(levels) => whole(
            levels
                .into_iter()
                .map(|level| level.try_into().unwrap_or(i64::MAX)),
        ),
        DecodingResult::I64(levels) => whole(levels.into_iter()),
        DecodingResult::F16(levels) => fractions(levels.into_iter().map(f64::from)),
        DecodingResult::F32(levels) => fractions(levels.into_iter().map(f64::from)),
        DecodingResult::F64(levels) => fractions(levels.into_iter()),
    }
}

/// Returns one byte per sample of fewer than eight bits.
pub(super) fn unpacked(packed: &[u8], bits: u8, row: usize) -> Vec<u8> {
    let bits = usize::from(bits);
    let mask = ((1_u16 << bits) - 1) as u8;
    let of_row = |bytes: &[u8]| -> Vec<u8> {
        let samples = 0..row;
        samples
            .map(|sample| {
                let at = sample * bits;
                let byte = bytes.get(at / 8).copied().unwrap_or(0);
                // A sample lies in one byte where its bits divide eight; other widths are not read.
                byte >> (8_usize.saturating_sub(at % 8 + bits)) & mask
            })
            .collect()
    };
    let row_bytes = (row * bits).div_ceil(8).max(1);
    packed.chunks(row_bytes).flat_map(of_row).collect()
}

fn to_eight(level: u16) -> u8 {
    ((u32::from(level) + 128) / 257) as u8
}

fn whole(levels: impl Iterator<Item = i64> + Clone) -> Result<Vec<u8>> {
    let darkest = levels.clone().min().unwrap_or(0);
    let brightest = levels.clone().max().unwrap_or(0);
    // An image of bytes in a wider type would be black.
    if darkest < 0 || brightest > i64::from(u16::MAX) || (1..256).contains(&brightest) {
        return Err(unsupported(format_args!(
            "whole numbers from {darkest} to {brightest}, expected levels up to 65535"
        )));
    }
    let rounded = levels.map(|level| to_eight(level.try_into().unwrap_or(u16::MAX)));
    Ok(rounded.collect())
}

fn fractions(levels: impl Iterator<Item = f64>) -> Result<Vec<u8>> {
    levels
        .map(|level| match level {
            // Values that rounding has moved beyond the ends; `as` saturates.
            -0.001..=1.001 => Ok((level * 255.0).round() as u8),
            _ => Err(unsupported(format_args!(
                "floats such as {level}, expected levels from 0 to 1"
            ))),
        })
        .collect()
}
