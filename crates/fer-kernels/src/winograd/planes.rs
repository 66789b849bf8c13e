//! Planes: the layout of transformed tiles in memory.

use super::tiling::TileSize;
use crate::buffer::SharedMut;
use crate::simd::LANES;

/// The transforms of a block of tiles: `[frequency][channels / 16][tiles][16]`.
///
/// Frequencies are a cache line further apart than they have to be: at a multiple of 4 KiB they would compete for the same few lines
/// of the first-level cache.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planes<'a> {
    values: SharedMut<'a>,
    frequencies: usize,
    tiles: usize,
    channels: usize,
}

impl<'a> Planes<'a> {
    /// Lays planes out in a buffer of at least [`len`](Self::len) values.
    pub(super) fn new(
        values: SharedMut<'a>,
        size: TileSize,
        tiles: usize,
        channels: usize,
    ) -> Self {
        assert!(values.len() >= Self::len(size, tiles, channels));
        Self {
            values,
            frequencies: size.frequencies(),
            tiles,
            channels,
        }
    }

    /// Values that planes take.
    pub(super) fn len(size: TileSize, tiles: usize, channels: usize) -> usize {
        size.frequencies() * (tiles * channels + LANES)
    }

    pub(super) fn frequencies(self) -> usize {
        self.frequencies
    }

    pub(super) fn tiles(self) -> usize {
        self.tiles
    }

    pub(super) fn channels(self) -> usize {
        self.channels
    }

    /// Values from one block of channels to the next.
    #[inline(always)]
    pub(super) fn block_stride(self) -> usize {
        self.tiles * LANES
    }

    /// The 16 values of a tile from a channel on, a multiple of [`LANES`].
    ///
    /// # Safety
    /// The indices lie in the planes; otherwise as for [`SharedMut::at`].
    #[inline(always)]
    pub(super) unsafe fn at(self, frequency: usize, channel: usize, tile: usize) -> *mut f32 {
        debug_assert!(frequency < self.frequencies && channel < self.channels);
        debug_assert!(tile < self.tiles && channel.is_multiple_of(LANES));
        let frequency = frequency * (self.tiles * self.channels + LANES);
        // SAFETY: the caller guarantees the indices.
        unsafe {
            self.values
                .at(frequency + channel * self.tiles + tile * LANES)
        }
    }
}
