//! Frames: the components of an image and the blocks that each is made of (ITU-T T.81, A.1 and A.2).

use super::failure::{corrupt, unsupported};
use crate::Result;

/// Side of a block in samples.
pub(super) const BLOCK: usize = 8;

/// One color channel.
#[derive(Debug, Clone)]
pub(super) struct Component {
    /// Its name in scans.
    pub(super) id: u8,
    /// Horizontal sampling factor.
    pub(super) horizontal: usize,
    /// Vertical sampling factor.
    pub(super) vertical: usize,
    /// Number of its quantization table.
    pub(super) quantization: usize,
    /// Samples per row that belong to the image.
    pub(super) width: usize,
    /// Rows of samples that belong to the image.
    pub(super) height: usize,
    /// Blocks per row in a scan of this component alone.
    pub(super) block_columns: usize,
    /// Rows of blocks in a scan of this component alone.
    pub(super) block_rows: usize,
    /// Blocks per row in a scan of several components, whose units are whole.
    pub(super) padded_columns: usize,
    /// Rows of blocks in a scan of several components.
    pub(super) padded_rows: usize,
}

impl Component {
    /// Returns the number of blocks that are stored.
    pub(super) fn blocks(&self) -> usize {
        self.padded_columns * self.padded_rows
    }

    /// Returns the number of samples per stored row.
    pub(super) fn stride(&self) -> usize {
        self.padded_columns * BLOCK
    }
}

/// An image as its header describes it.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) is_progressive: bool,
    pub(super) components: Vec<Component>,
    /// The largest horizontal sampling factor of a component.
    pub(super) horizontal: usize,
    /// The largest vertical sampling factor of a component.
    pub(super) vertical: usize,
    /// Units per row in a scan of several components.
    pub(super) unit_columns: usize,
    /// Rows of units in a scan of several components.
    pub(super) unit_rows: usize,
}

impl Frame {
    /// Reads a frame header (T.81, B.2.2) of Huffman-coded, 8-bit, sequential or progressive images.
    pub(super) fn read(content: &[u8], is_progressive: bool) -> Result<Self> {
        let [precision, h1, h0, w1, w0, count, rest @ ..] = content else {
            return Err(corrupt("the frame header is too short"));
        };
        if *precision != 8 {
            return Err(unsupported(&format!("{precision} bits per sample")));
        }
        let height = usize::from(u16::from_be_bytes([*h1, *h0]));
        let width = usize::from(u16::from_be_bytes([*w1, *w0]));
        if width == 0 || height == 0 {
            return Err(corrupt(format!("its size is {width}x{height}")));
        }
        let (fields, []) = rest.as_chunks::<3>() else {
            return Err(corrupt("the frame header has a wrong length"));
        };
        if fields.len() != usize::from(*count) {
            return Err(corrupt("the frame header has a wrong length"));
        }
        if !matches!(count, 1 | 3 | 4) {
            return Err(unsupported(&format!("{count} color channels")));
        }
        let factors = || {
            fields
                .iter()
                .map(|[_, factors, _]| (usize::from(factors >> 4), usize::from(factors & 15)))
        };
        if factors().any(|(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
            return Err(corrupt("a sampling factor is not in 1 to 4"));
        }
        let horizontal = factors().map(|(h, _)| h).max().unwrap_or(1);
        let vertical = factors().map(|(_, v)| v).max().unwrap_or(1);
        if factors().any(|(h, v)| horizontal % h != 0 || vertical % v != 0) {
            return Err(unsupported("color channels of a fractional resolution"));
        }
        let unit_columns = width.div_ceil(horizontal * BLOCK);
        let unit_rows = height.div_ceil(vertical * BLOCK);
        let component = |(&[id, _, quantization], (h, v)): (&[u8; 3], (usize, usize))| {
            let (width, height) = (
                (width * h).div_ceil(horizontal),
                (height * v).div_ceil(vertical),
            );
            Component {
                id,
                horizontal: h,
                vertical: v,
                quantization: usize::from(quantization),
                width,
                height,
                block_columns: width.div_ceil(BLOCK),
                block_rows: height.div_ceil(BLOCK),
                padded_columns: unit_columns * h,
                padded_rows: unit_rows * v,
            }
        };
        Ok(Self {
            width,
            height,
            is_progressive,
            components: fields.iter().zip(factors()).map(component).collect(),
            horizontal,
            vertical,
            unit_columns,
            unit_rows,
        })
    }

    /// Returns the bytes that decoding takes beside the pixels: samples, and coefficients of progressive images.
    pub(super) fn working_bytes(&self) -> u64 {
        let samples: usize = self.components.iter().map(Component::blocks).sum::<usize>() * 64;
        let bytes_per_sample = if self.is_progressive { 3 } else { 1 };
        samples as u64 * bytes_per_sample
    }
}
