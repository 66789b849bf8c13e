//! Color channels to red, green and blue, with libjpeg's tables and Pillow's conversion of CMYK.

use super::failure::corrupt;
use super::frame::Frame;
use crate::Result;

/// The colors that channels stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::decode) enum Colors {
    Gray,
    Rgb,
    YCbCr,
    /// Cyan, magenta, yellow and black, each as what is left of white (Adobe's convention).
    Cmyk,
    /// The same with cyan, magenta and yellow as YCbCr.
    Ycck,
}

/// Statements of markers about the colors.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct ColorMarkers {
    pub(super) is_jfif: bool,
    /// The transform of an Adobe marker.
    pub(super) adobe: Option<u8>,
}

impl Colors {
    /// Chooses the colors as libjpeg does: by the markers, else by the names of the channels.
    pub(super) fn of(frame: &Frame, markers: ColorMarkers) -> Self {
        let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
        match (ids.len(), markers.adobe) {
            (1, _) => Self::Gray,
            (4, None | Some(0)) => Self::Cmyk,
            (4, _) => Self::Ycck,
            _ if markers.is_jfif => Self::YCbCr,
            (_, Some(0)) => Self::Rgb,
            (_, None) if ids == *b"RGB" => Self::Rgb,
            _ => Self::YCbCr,
        }
    }

    /// Returns the bytes per pixel.
    pub(in crate::decode) fn bytes(self) -> usize {
        if self == Self::Gray { 1 } else { 3 }
    }

    /// Writes a row of gray or RGB pixels from rows of channels.
    pub(super) fn convert(self, channels: &[&[u8]], pixels: &mut [u8]) -> Result<()> {
        match (self, channels) {
            (Self::Gray, [gray]) => pixels.copy_from_slice(&gray[..pixels.len()]),
            (Self::Rgb, [r, g, b]) => each(pixels, r, g, b, |r, g, b| [r, g, b]),
            (Self::YCbCr, [y, cb, cr]) => each(pixels, y, cb, cr, rgb),
            (Self::Cmyk, [c, m, y, k]) => {
                each(pixels, c, m, y, |c, m, y| [c, m, y]);
                print_black(pixels, k);
            }
            (Self::Ycck, [y, cb, cr, k]) => {
                each(pixels, y, cb, cr, |y, cb, cr| {
                    rgb(y, cb, cr).map(|value| 255 - value)
                });
                print_black(pixels, k);
            }
            _ => return Err(corrupt("its channels do not fit its colors")),
        }
        Ok(())
    }
}

fn each(
    pixels: &mut [u8],
    first: &[u8],
    second: &[u8],
    third: &[u8],
    convert: impl Fn(u8, u8, u8) -> [u8; 3],
) {
    let (pixels, _) = pixels.as_chunks_mut::<3>();
    for (((pixel, &a), &b), &c) in pixels.iter_mut().zip(first).zip(second).zip(third) {
        *pixel = convert(a, b, c);
    }
}

/// Converts with 16 fraction bits, each product rounded as libjpeg rounds it.
pub(in crate::decode) fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + ((91_881 * cr + HALF) >> 16);
    let green = y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
    let blue = y + ((116_130 * cb + HALF) >> 16);
    [red, green, blue].map(|value| value.clamp(0, 255) as u8)
}

/// Prints black over pixels of what cyan, magenta and yellow leave of white, rounded as Pillow rounds.
pub(in crate::decode) fn print_black(pixels: &mut [u8], black: &[u8]) {
    let (pixels, _) = pixels.as_chunks_mut::<3>();
    for (pixel, &left) in pixels.iter_mut().zip(black) {
        *pixel = pixel.map(|value| {
            let product = i32::from(255 - value) * i32::from(left) + 128;
            let ink = ((product >> 8) + product) >> 8;
            (i32::from(left) - ink).clamp(0, 255) as u8
        });
    }
}
