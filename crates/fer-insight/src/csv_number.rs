//! Numbers in cells of CSV.

/// The most bytes of a number that is read here.
const LONGEST: usize = 24;

/// The largest exponent of ten whose power has no error.
const LARGEST_POWER: usize = 22;

const POWERS: [f64; LARGEST_POWER + 1] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// The character 0 in each byte.
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// Reads the number in `bytes[start..end]` as nearly all probabilities are written: a digit and decimals, with a negative
/// exponent or without, in a fraction of the time of `str::parse`; `None` for any other text. What follows the cell is not
/// part of the number, but read with it.
///
/// The result is that of the library: a whole number below 2^53 and a power of ten up to 10^22 have no error, so their
/// quotient is rounded once (Clinger 1990).
pub(crate) fn read_decimal(bytes: &[u8], start: usize, end: usize) -> Option<f64> {
    let cell = &bytes[start..end];
    if cell.len() > LONGEST {
        return None;
    }
    let (whole, rest) = cell.split_first()?;
    let mut value = u64::from(digit(*whole)?);
    let Some((b'.', rest)) = rest.split_first() else {
        return rest.is_empty().then_some(value as f64);
    };
    // `1e-05`, `5.25e-7`: three characters or four from the end, or none.
    let (decimals, exponent) = match rest {
        [decimals @ .., b'e', b'-', ones] => (decimals, usize::from(digit(*ones)?)),
        [decimals @ .., b'e', b'-', tens, ones] => {
            (decimals, usize::from(10 * digit(*tens)? + digit(*ones)?))
        }
        decimals => (decimals, 0),
    };
    let mut place = start + 2;
    let mut left = decimals.len();
    if left == 0 || left > 16 {
        return None;
    }
    while left > 8 {
        let word = word_at(bytes, place)?;
        value = 100_000_000 * value + eight_digits(word)?;
        place += 8;
        left -= 8;
    }
    // The digits at the upper end of the word, zeros before them.
    let shift = 64 - 8 * left as u32;
    let word = word_at(bytes, place).or_else(|| short_word(bytes, place))?;
    let word = (word << shift) | (ZEROS & !(u64::MAX << shift));
    value = value * WHOLE_POWERS[left] + eight_digits(word)?;
    let power = decimals.len() + exponent;
    (value <= 1 << 53 && power <= LARGEST_POWER).then(|| value as f64 / POWERS[power])
}

const WHOLE_POWERS: [u64; 9] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

fn digit(byte: u8) -> Option<u8> {
    Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10)
}

fn word_at(bytes: &[u8], place: usize) -> Option<u64> {
    let word = bytes.get(place..)?.first_chunk()?;
    Some(u64::from_le_bytes(*word))
}

/// Returns the word of fewer than eight bytes at the end of a block.
fn short_word(bytes: &[u8], place: usize) -> Option<u64> {
    let mut word = [0; 8];
    let rest = bytes.get(place..)?;
    word.get_mut(..rest.len())?.copy_from_slice(rest);
    Some(u64::from_le_bytes(word))
}

/// Returns the number of eight digits, the first in the lowest byte; `None` if another character is among them. Pairs, then
/// fours, then all eight are joined by multiplications (Lemire 2018).
fn eight_digits(word: u64) -> Option<u64> {
    const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let digits = word.wrapping_sub(ZEROS);
    // Neither a character below 0 nor one above 9 leaves all upper halves zero, also after adding 6.
    if (word & HIGH) != ZEROS || (digits + 0x0606_0606_0606_0606) & HIGH != 0 {
        return None;
    }
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let upper = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let lower = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    Some(upper.wrapping_add(lower) >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str) {
        let expected = text.parse::<f64>();
        // At the end of a block, and before other cells.
        for follows in ["", "\n", ",0.25,site 1\n"] {
            let block = format!("a,{text}{follows}");
            let found = read_decimal(block.as_bytes(), 2, 2 + text.len());
            if let Some(found) = found {
                assert_eq!(
                    found.to_bits(),
                    expected.clone().unwrap().to_bits(),
                    "{text}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn decimals_are_those_of_the_library(text in "[0-9][.][0-9]{0,17}(e-[0-9]{1,3})?") {
            check(&text);
        }

        #[test]
        fn other_texts_are_left_to_the_library(text in "[0-9.e+/: -]{0,12}") {
            check(&text);
        }

        #[test]
        fn shares_in_single_precision_are_read(share in 0.0_f32..=1.0) {
            for text in [share.to_string(), format!("{share:e}"), f64::from(share).to_string()] {
                check(&text);
            }
        }
    }

    #[test]
    fn what_tables_hold_is_not_left_to_the_library() {
        for text in [
            "0",
            "1",
            "0.5",
            "0.97",
            "0.12345678",
            "0.0123456789",
            "5.2347623e-7",
            "1.5e-14",
        ] {
            let found = read_decimal(text.as_bytes(), 0, text.len());
            assert_eq!(found, text.parse().ok(), "{text}");
        }
        for text in [
            "",
            ".",
            "0.",
            "0.5x",
            "x",
            "1e-7",
            "0.5e-",
            "12.5",
            "-0.5",
            "0.12345678901234567",
        ] {
            assert_eq!(read_decimal(text.as_bytes(), 0, text.len()), None, "{text}");
        }
    }
}
