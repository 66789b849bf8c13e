//! Huffman tables (ITU-T T.81, annex C and F.2.2.3).

use super::bits::Bits;
use super::failure::corrupt;
use crate::Result;

/// Codes of up to this many bits are looked up.
const LOOKUP_BITS: u32 = 9;

/// A Huffman table made for decoding.
#[derive(Debug)]
pub(super) struct Huffman {
    /// Length and symbol of the code that begins with these bits; a length of 0 for longer codes.
    lookup: Vec<(u8, u8)>,
    /// Per length, the first 16 bits after those of its last code; 0 where there is none.
    limits: [usize; 17],
    /// Per length, what leads from a code to its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// Makes a table from the number of codes of each length, 1 to 16, and the symbols in order of their codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Self> {
        let mut table = Self {
            lookup: vec![(0, 0); 1 << LOOKUP_BITS],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut first) = (0usize, 0usize);
        for (length, &count) in (1u32..).zip(counts) {
            let count = usize::from(count);
            if code + count > 1 << length || first + count > symbols.len() {
                return Err(corrupt("a Huffman table has too many codes"));
            }
            table.offsets[length as usize] = first as i32 - code as i32;
            if length <= LOOKUP_BITS {
                let repeats = 1 << (LOOKUP_BITS - length);
                for (index, &symbol) in symbols[first..first + count].iter().enumerate() {
                    let start = (code + index) * repeats;
                    table.lookup[start..start + repeats].fill((length as u8, symbol));
                }
            }
            code += count;
            first += count;
            if count > 0 {
                table.limits[length as usize] = code << (16 - length);
            }
            code <<= 1;
        }
        Ok(table)
    }

    /// Reads one symbol.
    pub(super) fn read(&self, bits: &mut Bits<'_>) -> Result<u8> {
        let next = bits.peek();
        let (length, symbol) = self.lookup[next >> (16 - LOOKUP_BITS)];
        if length > 0 {
            bits.skip(u32::from(length));
            return Ok(symbol);
        }
        self.read_long(next, bits)
    }

    #[cold]
    fn read_long(&self, next: usize, bits: &mut Bits<'_>) -> Result<u8> {
        let unknown = || corrupt("the compressed data has an unknown code");
        let length = (LOOKUP_BITS as usize + 1..=16)
            .find(|&length| next < self.limits[length])
            .ok_or_else(unknown)?;
        let code = (next >> (16 - length)) as i32;
        let index = usize::try_from(code + self.offsets[length]).map_err(|_| unknown())?;
        let symbol = *self.symbols.get(index).ok_or_else(unknown)?;
        bits.skip(length as u32);
        Ok(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_codes_give_their_symbols() {
        // One code of each length: 0, 10, 110, ... and the last of 16 bits.
        let table = Huffman::new(&[1; 16], &(0..16).collect::<Vec<_>>()).unwrap();
        // 15 ones and a zero; 0; 10; 10 ones and a zero.
        let data = [0b1111_1110, 0b1111_1110, 0b0101_1111, 0b1111_1000];
        let mut bits = Bits::new(&data);
        let symbols: Vec<u8> = (0..4).map(|_| table.read(&mut bits).unwrap()).collect();
        assert_eq!(symbols, [7, 7, 0, 1]);
        assert_eq!(table.read(&mut bits).unwrap(), 10);
    }

    #[test]
    fn tables_with_more_codes_than_bits_or_symbols_are_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(Huffman::new(&counts, &[1, 2, 3]).is_err());
        counts[0] = 2;
        assert!(Huffman::new(&counts, &[1]).is_err());
        assert!(Huffman::new(&counts, &[1, 2]).is_ok());
    }

    #[test]
    fn codes_that_no_symbol_has_are_an_error() {
        let mut counts = [0; 16];
        counts[1] = 1;
        let table = Huffman::new(&counts, &[5]).unwrap();
        assert!(table.read(&mut Bits::new(&[0xf0, 0xf0])).is_err());
    }
}
