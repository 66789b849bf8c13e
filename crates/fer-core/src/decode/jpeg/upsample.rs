//! Samples of a channel to the resolution of the image, as libjpeg's default ("fancy") upsampling computes them.

use super::frame::{Component, Frame};

/// Way in which a channel reaches the resolution of the image.
#[derive(Debug, Clone, Copy)]
enum Method {
    /// It has it.
    Whole,
    /// Twice as wide: each sample weighs three times as much as the neighbor on its side.
    Wide,
    /// Twice as high, in the same way.
    High,
    /// Both at once.
    WideAndHigh,
    /// Any other factors: each sample is repeated.
    Repeated { horizontal: usize, vertical: usize },
}

/// The decoded samples of a channel, with the way to read rows of the image from them.
#[derive(Debug)]
pub(super) struct Channel<'a> {
    samples: &'a [u8],
    width: usize,
    height: usize,
    stride: usize,
    method: Method,
    /// Scratch: the sums of two rows.
    sums: Vec<u16>,
}

impl<'a> Channel<'a> {
    pub(super) fn new(samples: &'a [u8], component: &Component, frame: &Frame) -> Self {
        let horizontal = frame.horizontal / component.horizontal;
        let vertical = frame.vertical / component.vertical;
        let method = match (horizontal, vertical) {
            (1, 1) => Method::Whole,
            (1, 2) => Method::High,
            (2, 1) if component.width > 2 => Method::Wide,
            (2, 2) if component.width > 2 => Method::WideAndHigh,
            _ => Method::Repeated {
                horizontal,
                vertical,
            },
        };
        Self {
            samples,
            width: component.width,
            height: component.height,
            stride: component.stride(),
            method,
            sums: vec![0; component.width],
        }
    }

    fn stored(&self, y: usize) -> &'a [u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// Returns the two stored rows that a row of twice the resolution lies between, the nearer first. Past the first
    /// and the last row, that row is repeated.
    fn nearest(&self, y: usize) -> (&'a [u8], &'a [u8]) {
        let near = y / 2;
        let far = if y.is_multiple_of(2) {
            near.saturating_sub(1)
        } else {
            (near + 1).min(self.height - 1)
        };
        (self.stored(near), self.stored(far))
    }

    /// Returns row `y` of the image, written to `row` where it is not stored as such.
    pub(super) fn row<'r>(&'r mut self, y: usize, row: &'r mut [u8]) -> &'r [u8] {
        match self.method {
            Method::Whole => return self.stored(y),
            Method::Wide => widen(row, self.stored(y), |near, far, side| {
                (3 * u16::from(near) + u16::from(far) + 1 + side) >> 2
            }),
            Method::High => {
                let (near, far) = self.nearest(y);
                let rounding = 1 + (y % 2) as u16;
                for (place, (&near, &far)) in row.iter_mut().zip(near.iter().zip(far)) {
                    *place = ((3 * u16::from(near) + u16::from(far) + rounding) >> 2) as u8;
                }
            }
            Method::WideAndHigh => {
                let (near, far) = self.nearest(y);
                for (sum, (&near, &far)) in self.sums.iter_mut().zip(near.iter().zip(far)) {
                    *sum = 3 * u16::from(near) + u16::from(far);
                }
                // Ends included: a sample beside itself.
                widen(row, &self.sums, |near, far, side| {
                    (3 * near + far + 8 - side) >> 4
                });
            }
            Method::Repeated {
                horizontal,
                vertical,
            } => {
                let stored = self.stored(y / vertical);
                for (places, &sample) in row.chunks_mut(horizontal).zip(stored) {
                    places.fill(sample);
                }
            }
        }
        row
    }
}

/// Writes two values per stored one, `value(near, far, side)`, where `far` is the neighbor on the left (side 0) or on
/// the right (side 1), and at an end the sample itself.
fn widen<T: Copy>(row: &mut [u8], stored: &[T], value: impl Fn(T, T, u16) -> u16) {
    let (first, last) = (stored[0], stored[stored.len() - 1]);
    row[0] = value(first, first, 0) as u8;
    // The two values between a sample and the next.
    let (pairs, rest) = row[1..].as_chunks_mut::<2>();
    for (pair, samples) in pairs.iter_mut().zip(stored.windows(2)) {
        let (left, right) = (samples[0], samples[1]);
        *pair = [value(left, right, 1) as u8, value(right, left, 0) as u8];
    }
    if let Some(end) = rest.first_mut() {
        *end = value(last, last, 1) as u8;
    }
}
