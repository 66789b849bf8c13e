//! JPEG files to pixels, to the last bit as libjpeg-turbo decodes them, and so Pillow and OpenCV.
//!
//! The standard (ITU-T T.81) leaves the last bits to the decoder, and a face detector sees them: an image must be the
//! same from a path as from Pillow. No decoder in safe Rust gives libjpeg's bits, nor the right colors for every legal
//! order of scans and sampling; tests/data/jpeg compares this one with Pillow.

mod bits;
mod color;
mod failure;
mod frame;
mod huffman;
mod scan;
mod segments;
#[cfg(test)]
mod tests;
mod transform;
mod upsample;

use image::metadata::Orientation;

use super::orientation::{EXIF, Metadata};
use crate::Result;
use color::ColorMarkers;
pub(super) use color::{Colors, print_black, rgb};
use failure::{corrupt, unsupported};
use frame::{BLOCK, Frame};
use scan::{Coefficients, HuffmanTables, Scan};
use segments::{Segments, marker};
use upsample::Channel;

/// The most scans that are decoded. Encoders write about ten; each can cost the time of a whole image.
const MAX_SCANS: usize = 100;

/// The name before a packet of XMP.
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// A decoded file: pixels as they are stored, and how to turn them upright.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) width: u32,
    pub(super) height: u32,
    /// `[height, width, channels]`, gray or RGB.
    pub(super) pixels: Vec<u8>,
    pub(super) is_gray: bool,
    pub(super) orientation: Orientation,
}

/// Decodes a file, after `check` has allowed its width, height and the bytes of memory that decoding takes.
///
/// Its channels stand for `colors`, or for what its markers say.
pub(super) fn decode(
    bytes: &[u8],
    colors: Option<Colors>,
    check: impl Fn(u32, u32, u64) -> Result<()>,
) -> Result<Decoded> {
    let mut segments = Segments::new(bytes);
    let mut decoder = Decoder::default();
    let mut is_ended = false;
    while let Some((marker, content)) = segments.next()? {
        match marker {
            marker::END => {
                is_ended = true;
                break;
            }
            marker::SCAN => segments.skip(decoder.scan(content, segments.rest())?),
            marker::BASELINE | marker::EXTENDED | marker::PROGRESSIVE => {
                let frame = Frame::read(content, marker == marker::PROGRESSIVE)?;
                check(
                    frame.width as u32,
                    frame.height as u32,
                    frame.working_bytes(),
                )?;
                decoder.begin(frame)?;
            }
            0xc3 | 0xc7 => return Err(unsupported("lossless coding")),
            0xc5 | 0xc6 => return Err(unsupported("hierarchical coding")),
            0xc9..=0xcb | 0xcd..=0xcf => return Err(unsupported("arithmetic coding")),
            _ => decoder.read(marker, content)?,
        }
    }
    decoder.finish(colors, is_ended)
}

/// Everything read so far.
#[derive(Debug, Default)]
struct Decoder {
    quantization: [Option<[u16; 64]>; 4],
    huffman: HuffmanTables,
    restart_interval: usize,
    markers: ColorMarkers,
    metadata: Metadata,
    image: Option<Planes>,
    scans: usize,
}

/// The frame and what its scans have brought, per component.
#[derive(Debug)]
struct Planes {
    frame: Frame,
    /// Samples, `padded_rows * 8` rows of `padded_columns * 8`.
    samples: Vec<Vec<u8>>,
    /// Of progressive images, blocks in the order of rows.
    coefficients: Vec<Vec<Coefficients>>,
    /// The quantization table that was in force at the component's first scan.
    quantization: Vec<Option<[u16; 64]>>,
    /// The bits that each coefficient still lacks.
    missing: Vec<[u32; 64]>,
}

impl Decoder {
    /// Takes in a segment of tables or application data.
    fn read(&mut self, marker: u8, content: &[u8]) -> Result<()> {
        match marker {
            marker::HUFFMAN => self.huffman.read(content),
            marker::QUANTIZATION => segments::read_quantization(content, &mut self.quantization),
            marker::RESTART_INTERVAL => {
                let &[high, low] = content else {
                    return Err(corrupt("the restart interval is malformed"));
                };
                self.restart_interval = usize::from(u16::from_be_bytes([high, low]));
                Ok(())
            }
            marker::APP0 => {
                self.markers.is_jfif |= content.len() >= 14 && content.starts_with(b"JFIF\0");
                Ok(())
            }
            marker::APP1 => {
                if content.starts_with(EXIF) {
                    self.metadata.exif(content);
                } else if let Some(packet) = content.strip_prefix(XMP) {
                    self.metadata.xmp(packet);
                }
                Ok(())
            }
            marker::APP14 => {
                if let [
                    b'A',
                    b'd',
                    b'o',
                    b'b',
                    b'e',
                    _,
                    _,
                    _,
                    _,
                    _,
                    _,
                    transform,
                    ..,
                ] = content
                {
                    self.markers.adobe = Some(*transform);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, frame: Frame) -> Result<()> {
        if self.image.is_some() {
            return Err(corrupt("it has two frame headers"));
        }
        let is_progressive = frame.is_progressive;
        let components = &frame.components;
        let blocks = |kept: bool| move |c: &frame::Component| if kept { c.blocks() } else { 0 };
        self.image = Some(Planes {
            samples: (components.iter())
                .map(blocks(!is_progressive))
                .map(|count| vec![0; count * BLOCK * BLOCK])
                .collect(),
            coefficients: (components.iter())
                .map(blocks(is_progressive))
                .map(|count| vec![[0; 64]; count])
                .collect(),
            quantization: vec![None; components.len()],
            missing: vec![[u32::MAX; 64]; components.len()],
            frame,
        });
        Ok(())
    }

    /// Decodes a scan and returns the length of its data.
    fn scan(&mut self, header: &[u8], data: &[u8]) -> Result<usize> {
        let Some(image) = &mut self.image else {
            return Err(corrupt("a scan stands before the frame header"));
        };
        self.scans += 1;
        if self.scans > MAX_SCANS {
            return Err(unsupported("more than 100 scans"));
        }
        let scan = Scan::read(header, &image.frame)?;
        for member in &scan.members {
            let number = image.frame.components[member.component].quantization;
            let table = self.quantization.get(number).copied().flatten();
            let table = table.ok_or_else(|| corrupt("a quantization table is missing"))?;
            image.quantization[member.component].get_or_insert(table);
        }
        scan.note(&mut image.missing);
        image.decode(&scan, data, &self.huffman, self.restart_interval)
    }

    /// Returns the pixels of a whole image; `is_ended` tells whether its end was marked.
    fn finish(self, colors: Option<Colors>, is_ended: bool) -> Result<Decoded> {
        let Some(image) = self.image else {
            return Err(corrupt("the file ends before the frame header"));
        };
        // A sequential image without an end marker is whole when its blocks are; a progressive one may lack scans.
        let lacks = |missing: &[u32; 64]| match is_ended {
            true => missing[0] == u32::MAX,
            false => missing.iter().any(|&bits| bits > 0),
        };
        if image.missing.iter().any(lacks) {
            return Err(corrupt("the compressed data has no end"));
        }
        let colors = colors.unwrap_or_else(|| Colors::of(&image.frame, self.markers));
        Ok(Decoded {
            width: image.frame.width as u32,
            height: image.frame.height as u32,
            pixels: image.into_pixels(colors)?,
            is_gray: colors == Colors::Gray,
            orientation: self.metadata.orientation(),
        })
    }
}

impl Planes {
    fn decode(
        &mut self,
        scan: &Scan,
        data: &[u8],
        huffman: &HuffmanTables,
        restart_interval: usize,
    ) -> Result<usize> {
        let frame = &self.frame;
        if frame.is_progressive {
            let stored = &mut self.coefficients;
            return scan.decode(
                data,
                frame,
                huffman,
                restart_interval,
                &mut |c, y, x, read| {
                    read(&mut stored[c][y * frame.components[c].padded_columns + x])
                },
            );
        }
        let samples = &mut self.samples;
        let tables = &self.quantization;
        scan.decode(
            data,
            frame,
            huffman,
            restart_interval,
            &mut |c, y, x, read| {
                let mut coefficients = [0; 64];
                read(&mut coefficients)?;
                let stride = frame.components[c].stride();
                let start = y * BLOCK * stride + x * BLOCK;
                if let Some(table) = &tables[c] {
                    transform::inverse(&coefficients, table, &mut samples[c][start..], stride);
                }
                Ok(())
            },
        )
    }

    /// Transforms the blocks of progressive images, one component after the other, to free the coefficients.
    fn transform(&mut self) {
        for (c, blocks) in self.coefficients.iter_mut().enumerate() {
            let (blocks, Some(table)) = (std::mem::take(blocks), &self.quantization[c]) else {
                continue;
            };
            let component = &self.frame.components[c];
            let stride = component.stride();
            let mut samples = vec![0; component.blocks() * BLOCK * BLOCK];
            for (index, coefficients) in blocks.iter().enumerate() {
                let (y, x) = (
                    index / component.padded_columns,
                    index % component.padded_columns,
                );
                let start = y * BLOCK * stride + x * BLOCK;
                transform::inverse(coefficients, table, &mut samples[start..], stride);
            }
            self.samples[c] = samples;
        }
    }

    fn into_pixels(mut self, colors: Colors) -> Result<Vec<u8>> {
        if self.frame.is_progressive {
            self.transform();
        }
        let frame = &self.frame;
        let row_bytes = frame.width * colors.bytes();
        let mut channels: Vec<_> = (self.samples.iter().zip(&frame.components))
            .map(|(samples, component)| Channel::new(samples, component, frame))
            .collect();
        let mut rows = vec![vec![0; frame.width]; channels.len()];
        let mut pixels = vec![0; row_bytes * frame.height];
        for (y, pixels) in pixels.chunks_exact_mut(row_bytes).enumerate() {
            let rows: Vec<&[u8]> = (channels.iter_mut().zip(&mut rows))
                .map(|(channel, row)| channel.row(y, row))
                .collect();
            colors.convert(&rows, pixels)?;
        }
        Ok(pixels)
    }
}
