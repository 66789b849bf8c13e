//! Epilogues: what is applied to a square of results before it is stored (nothing, or bias, ReLU and 2x2 max-pool).

use crate::buffer::SharedMut;
use crate::simd::{LANES, Simd};

/// The place of a square of results in its image: first row, first column, first channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TilePlace {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) channel: usize,
}

/// Consumes squares of `T` by `T` results of [`LANES`] channels; `T` is even and divides the rows and columns that they start at.
pub(crate) trait Epilogue: Copy {
    /// Returns `true` if the target holds the results of so many images of such a size.
    fn accepts(&self, images: usize, height: usize, width: usize, channels: usize) -> bool;

    /// Stores the part of the square that lies in the image.
    ///
    /// # Safety
    /// The place lies in images that the epilogue [`accepts`](Self::accepts), and nothing else uses what is stored there meanwhile.
    unsafe fn store<S: Simd, const T: usize>(
        self,
        simd: S,
        square: &[[S::Vector; T]; T],
        place: TilePlace,
    );
}

/// Dense images `[N, H, W, C]` that several threads fill.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    values: SharedMut<'a>,
    height: usize,
    width: usize,
    channels: usize,
}

impl<'a> Target<'a> {
    /// Room for `[N, height, width, channels]`.
    pub(crate) fn new(values: SharedMut<'a>, height: usize, width: usize, channels: usize) -> Self {
        Self {
            values,
            height,
            width,
            channels,
        }
    }

    fn holds(&self, images: usize, height: usize, width: usize, channels: usize) -> bool {
        (self.height, self.width, self.channels) == (height, width, channels)
            && self.values.len() >= images * height * width * channels
    }

    /// The values at a place.
    ///
    /// # Safety
    /// The place lies in the images; otherwise as for [`SharedMut::at`].
    #[inline(always)]
    unsafe fn at(self, image: usize, y: usize, x: usize, channel: usize) -> *mut f32 {
        let pixel = (image * self.height + y) * self.width + x;
        // SAFETY: the caller guarantees the place.
        unsafe { self.values.at(pixel * self.channels + channel) }
    }
}

/// The results as they are, as training wants them. Channels need not be a multiple of [`LANES`].
#[derive(Clone, Copy)]
pub(crate) struct Raw<'a>(pub(crate) Target<'a>);

impl Epilogue for Raw<'_> {
    fn accepts(&self, images: usize, height: usize, width: usize, channels: usize) -> bool {
        self.0.holds(images, height, width, channels)
    }

    #[inline(always)]
    unsafe fn store<S: Simd, const T: usize>(
        self,
        simd: S,
        square: &[[S::Vector; T]; T],
        place: TilePlace,
    ) {
        let Self(target) = self;
        let rows = T.min(target.height - place.y);
        let columns = T.min(target.width - place.x);
        let lanes = LANES.min(target.channels - place.channel);
        for (i, row) in square.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                if i < rows && j < columns {
                    // SAFETY: row, column and lanes are inside the target, which the caller guarantees.
                    unsafe {
                        let position =
                            target.at(place.image, place.y + i, place.x + j, place.channel);
                        if lanes == LANES {
                            simd.store(position, value);
                        } else {
                            simd.store_partial(position, value, lanes);
                        }
                    }
                }
            }
        }
    }
}

/// `max(result + bias, 0)` and perhaps the maximum of every 2x2 window, as inference wants it.
#[derive(Clone, Copy)]
pub(crate) struct BiasRelu<'a> {
    /// The images after pooling; an odd last row or column is dropped.
    pub(crate) target: Target<'a>,
    /// One for each channel, a multiple of [`LANES`] of them.
    pub(crate) bias: &'a [f32],
    pub(crate) pool: bool,
}

impl Epilogue for BiasRelu<'_> {
    fn accepts(&self, images: usize, height: usize, width: usize, channels: usize) -> bool {
        let (height, width) = match self.pool {
            true => (height / 2, width / 2),
            false => (height, width),
        };
        self.bias.len() == channels
            && channels.is_multiple_of(LANES)
            && self.target.holds(images, height, width, channels)
    }

    #[inline(always)]
    unsafe fn store<S: Simd, const T: usize>(
        self,
        simd: S,
        square: &[[S::Vector; T]; T],
        place: TilePlace,
    ) {
        // SAFETY: the bias has as many values as the target has channels, a multiple of `LANES`.
        let bias = unsafe { simd.load(self.bias.as_ptr().add(place.channel)) };
        let activate = Activate {
            simd,
            bias,
            target: self.target,
        };
        // SAFETY: the caller guarantees the place.
        unsafe {
            if self.pool {
                activate.pooled(square, place);
            } else {
                activate.plain(square, place);
            }
        }
    }
}

/// [`BiasRelu`] for 16 channels.
struct Activate<'a, S: Simd> {
    simd: S,
    bias: S::Vector,
    target: Target<'a>,
}

impl<S: Simd> Activate<'_, S> {
    #[inline(always)]
    fn apply(&self, value: S::Vector) -> S::Vector {
        let simd = self.simd;
        simd.max(simd.add(value, self.bias), simd.zero())
    }

    /// # Safety
    /// As for [`Epilogue::store`].
    #[inline(always)]
    unsafe fn plain<const T: usize>(&self, square: &[[S::Vector; T]; T], place: TilePlace) {
        let TilePlace {
            image,
            y,
            x,
            channel,
        } = place;
        let rows = T.min(self.target.height - y);
        let columns = T.min(self.target.width - x);
        for (i, row) in square.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                if i < rows && j < columns {
                    // SAFETY: row and column are inside the target, which the caller guarantees.
                    unsafe {
                        let position = self.target.at(image, y + i, x + j, channel);
                        self.simd.store(position, self.apply(value));
                    }
                }
            }
        }
    }

    /// # Safety
    /// As for [`Epilogue::store`].
    #[inline(always)]
    unsafe fn pooled<const T: usize>(&self, square: &[[S::Vector; T]; T], place: TilePlace) {
        let simd = self.simd;
        let (y, x) = (place.y / 2, place.x / 2);
        // A square may start in the odd row or column that pooling drops.
        let rows = (T / 2).min(self.target.height.saturating_sub(y));
        let columns = (T / 2).min(self.target.width.saturating_sub(x));
        for i in 0..T / 2 {
            for j in 0..T / 2 {
                let upper = simd.max(square[2 * i][2 * j], square[2 * i][2 * j + 1]);
                let lower = simd.max(square[2 * i + 1][2 * j], square[2 * i + 1][2 * j + 1]);
                if i < rows && j < columns {
                    // SAFETY: row and column are inside the target, which the caller guarantees.
                    unsafe {
                        let position = self.target.at(place.image, y + i, x + j, place.channel);
                        // Adding the bias is monotonic, rounding included, so it commutes with the maximum.
                        simd.store(position, self.apply(simd.max(upper, lower)));
                    }
                }
            }
        }
    }
}
