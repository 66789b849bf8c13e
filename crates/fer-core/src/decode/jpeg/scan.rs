//! Scans: entropy-coded coefficients (ITU-T T.81, F.2 sequential, G progressive).

use super::bits::Bits;
use super::failure::corrupt;
use super::frame::Frame;
use super::huffman::Huffman;
use crate::Result;

/// The 64 coefficients of a block in rows of eight, not yet multiplied by the quantization table.
pub(super) type Coefficients = [i16; 64];

/// Place in a block of each coefficient in the order in which they are stored (T.81, figure A.6).
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Huffman tables by class, DC and AC, and number.
#[derive(Debug, Default)]
pub(super) struct HuffmanTables([[Option<Huffman>; 4]; 2]);

impl HuffmanTables {
    /// Takes in the tables of a segment (T.81, B.2.4.2).
    pub(super) fn read(&mut self, mut content: &[u8]) -> Result<()> {
        let short = || corrupt("a Huffman table is cut short");
        while let Some((&place, rest)) = content.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(short)?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(total).ok_or_else(short)?;
            let slot = (self.0)
                .get_mut(usize::from(place >> 4))
                .and_then(|class| class.get_mut(usize::from(place & 15)))
                .ok_or_else(|| corrupt("a Huffman table has an unknown number"))?;
            *slot = Some(Huffman::new(counts, symbols)?);
            content = rest;
        }
        Ok(())
    }

    fn get(&self, class: usize, number: u8) -> Result<&Huffman> {
        self.0[class]
            .get(usize::from(number))
            .and_then(Option::as_ref)
            .ok_or_else(|| corrupt("a Huffman table is missing"))
    }
}

/// A channel that takes part in a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    /// Its place among the frame's components.
    pub(super) component: usize,
    dc_table: u8,
    ac_table: u8,
}

/// The header of a scan.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) members: Vec<Member>,
    /// The first coefficient, in zigzag order.
    first: usize,
    /// The last coefficient.
    last: usize,
    /// Bits below those sent by the scan before; 0 for a first scan of these coefficients.
    previous: u32,
    /// Bits below those that this scan sends.
    low: u32,
}

impl Scan {
    /// Reads a scan header (T.81, B.2.3) of an image of this frame.
    pub(super) fn read(content: &[u8], frame: &Frame) -> Result<Self> {
        let malformed = || corrupt("a scan header is malformed");
        let (&count, rest) = content.split_first().ok_or_else(malformed)?;
        let (members, rest) =
            (rest.split_at_checked(2 * usize::from(count))).ok_or_else(malformed)?;
        let &[first, last, bits] = rest else {
            return Err(malformed());
        };
        let member = |&[id, tables]: &[u8; 2]| {
            let component = frame.components.iter().position(|c| c.id == id)?;
            Some(Member {
                component,
                dc_table: tables >> 4,
                ac_table: tables & 15,
            })
        };
        let members: Option<Vec<_>> = members.as_chunks::<2>().0.iter().map(member).collect();
        let members = members.ok_or_else(malformed)?;
        let is_repeated = |(index, member): (usize, &Member)| {
            (members[..index].iter()).any(|other| other.component == member.component)
        };
        if members.is_empty() || members.iter().enumerate().any(is_repeated) {
            return Err(malformed());
        }
        if !frame.is_progressive {
            // Everything at once, whatever the header says: libjpeg does not look at it either.
            return Ok(Self {
                members,
                first: 0,
                last: 63,
                previous: 0,
                low: 0,
            });
        }
        let scan = Self {
            members,
            first: usize::from(first),
            last: usize::from(last),
            previous: u32::from(bits >> 4),
            low: u32::from(bits & 15),
        };
        // T.81, G.1.1.1: DC alone, or a band of AC coefficients of one component; bits come one by one.
        let is_band = match scan.first {
            0 => scan.last == 0,
            first => first <= scan.last && scan.last < 64 && scan.members.len() == 1,
        };
        let is_next_bit = scan.previous == 0 || scan.previous == scan.low + 1;
        if !(is_band && is_next_bit && scan.low <= 13) {
            return Err(malformed());
        }
        Ok(scan)
    }

    /// Notes in `missing`, the bits that each coefficient of each component still lacks, what this scan brings.
    pub(super) fn note(&self, missing: &mut [[u32; 64]]) {
        for member in &self.members {
            missing[member.component][self.first..=self.last].fill(self.low);
        }
    }

    /// Decodes the scan's blocks, each through `block`, and returns the length of its data.
    ///
    /// `block` is called with a component, the block's row and column in it, and the function that reads its
    /// coefficients: into zeros for a sequential image, into those of the scans before for a progressive one.
    pub(super) fn decode(
        &self,
        data: &[u8],
        frame: &Frame,
        tables: &HuffmanTables,
        restart_interval: usize,
        block: &mut dyn FnMut(usize, usize, usize, &mut ReadBlock<'_>) -> Result<()>,
    ) -> Result<usize> {
        let needs_dc = self.first == 0 && self.previous == 0;
        let needs_ac = !frame.is_progressive || self.first > 0;
        let none = Huffman::new(&[0; 16], &[])?;
        let coders = (self.members.iter())
            .map(|member| {
                let get = |needed, class, number| {
                    if needed {
                        tables.get(class, number)
                    } else {
                        Ok(&none)
                    }
                };
                let dc = get(needs_dc, 0, member.dc_table)?;
                Ok((dc, get(needs_ac, 1, member.ac_table)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let mut state = State {
            bits: Bits::new(data),
            predictions: [0; 4],
            run: 0,
        };
        let (columns, rows) = match self.members[..] {
            [member] => {
                let component = &frame.components[member.component];
                (component.block_columns, component.block_rows)
            }
            _ => (frame.unit_columns, frame.unit_rows),
        };
        for unit in 0..columns * rows {
            if restart_interval > 0 && unit > 0 && unit % restart_interval == 0 {
                let number = (unit / restart_interval - 1) % 8;
                state.bits.restart(number as u8)?;
                (state.predictions, state.run) = ([0; 4], 0);
            }
            let (row, column) = (unit / columns, unit % columns);
            for (index, (member, &(dc, ac))) in self.members.iter().zip(&coders).enumerate() {
                let component = &frame.components[member.component];
                let (height, width) = match self.members.len() {
                    1 => (1, 1),
                    _ => (component.vertical, component.horizontal),
                };
                for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                    let (y, x) = (row * height + y, column * width + x);
                    let mut read = |coefficients: &mut Coefficients| {
                        if !frame.is_progressive {
                            state.sequential(coefficients, index, dc, ac)
                        } else {
                            self.progressive(&mut state, coefficients, index, dc, ac)
                        }
                    };
                    block(member.component, y, x, &mut read)?;
                }
            }
            state.bits.check()?;
        }
        Ok(state.bits.end())
    }

    fn progressive(
        &self,
        state: &mut State<'_>,
        block: &mut Coefficients,
        index: usize,
        dc: &Huffman,
        ac: &Huffman,
    ) -> Result<()> {
        match (self.first, self.previous) {
            (0, 0) => {
                let value = state.dc(index, dc)?;
                block[0] = value.wrapping_shl(self.low) as i16;
                Ok(())
            }
            (0, _) => {
                block[0] |= i16::from(state.bits.flag()) << self.low;
                Ok(())
            }
            (_, 0) => state.ac_first(block, self, ac),
            _ => state.ac_refine(block, self, ac),
        }
    }
}

/// Reads the coefficients of one block.
pub(super) type ReadBlock<'a> = dyn FnMut(&mut Coefficients) -> Result<()> + 'a;

/// State that decoding carries from block to block.
struct State<'a> {
    bits: Bits<'a>,
    /// The last DC coefficient of each member.
    predictions: [i32; 4],
    /// Blocks to come without further coefficients in this band.
    run: u32,
}

impl State<'_> {
    fn dc(&mut self, index: usize, table: &Huffman) -> Result<i32> {
        let size = table.read(&mut self.bits)?;
        if size > 15 {
            return Err(corrupt("a DC coefficient is out of range"));
        }
        let difference = self.bits.signed(u32::from(size));
        self.predictions[index] = self.predictions[index].wrapping_add(difference);
        Ok(self.predictions[index])
    }

    fn sequential(
        &mut self,
        block: &mut Coefficients,
        index: usize,
        dc: &Huffman,
        ac: &Huffman,
    ) -> Result<()> {
        block[0] = self.dc(index, dc)? as i16;
        let mut k = 1;
        while k < 64 {
            let symbol = ac.read(&mut self.bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    break;
                }
                k += 16;
                continue;
            }
            k += run;
            block[place(k)?] = self.bits.signed(size) as i16;
            k += 1;
        }
        Ok(())
    }

    /// T.81, G.1.2.2.
    fn ac_first(&mut self, block: &mut Coefficients, scan: &Scan, ac: &Huffman) -> Result<()> {
        if self.run > 0 {
            self.run -= 1;
            return Ok(());
        }
        let mut k = scan.first;
        while k <= scan.last {
            let symbol = ac.read(&mut self.bits)?;
            let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if run < 15 {
                    self.run = (1 << run) - 1 + self.bits.take(run as u32) as u32;
                    break;
                }
                k += 16;
                continue;
            }
            k += run;
            block[place(k)?] = self.bits.signed(size).wrapping_shl(scan.low) as i16;
            k += 1;
        }
        Ok(())
    }

    /// T.81, G.1.2.3.
    fn ac_refine(&mut self, block: &mut Coefficients, scan: &Scan, ac: &Huffman) -> Result<()> {
        let bit = 1i16 << scan.low;
        let mut k = scan.first;
        if self.run == 0 {
            while k <= scan.last {
                let symbol = ac.read(&mut self.bits)?;
                let (mut zeros, size) = (usize::from(symbol >> 4), symbol & 15);
                let value = match size {
                    0 if zeros < 15 => {
                        self.run = (1 << zeros) + self.bits.take(zeros as u32) as u32;
                        break;
                    }
                    0 => 0,
                    1 if self.bits.flag() => bit,
                    1 => -bit,
                    _ => return Err(corrupt("a coefficient is refined by more than a bit")),
                };
                // Known coefficients are refined on the way; the zeros are counted.
                while k <= scan.last {
                    let coefficient = &mut block[place(k)?];
                    if *coefficient != 0 {
                        self.refine(coefficient, bit);
                    } else if zeros == 0 {
                        *coefficient = value;
                        k += 1;
                        break;
                    } else {
                        zeros -= 1;
                    }
                    k += 1;
                }
            }
        }
        if self.run > 0 {
            for k in k..=scan.last {
                let coefficient = &mut block[place(k)?];
                if *coefficient != 0 {
                    self.refine(coefficient, bit);
                }
            }
            self.run -= 1;
        }
        Ok(())
    }

    fn refine(&mut self, coefficient: &mut i16, bit: i16) {
        if self.bits.flag() && *coefficient & bit == 0 {
            let away = if *coefficient < 0 { -bit } else { bit };
            *coefficient = coefficient.wrapping_add(away);
        }
    }
}

/// Returns where the coefficient of this number lies in its block.
fn place(k: usize) -> Result<usize> {
    match ZIGZAG.get(k) {
        Some(&place) => Ok(usize::from(place)),
        None => Err(corrupt("a block has more than 64 coefficients")),
    }
}
