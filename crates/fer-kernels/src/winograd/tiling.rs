//! Tilings: the tiles that maps are cut into.

/// Results of a tile in each dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TileSize {
    /// F(2x2, 3x3)
    Two,
    /// F(4x4, 3x3)
    Four,
}

impl TileSize {
    /// The size that takes fewer multiplications for a map of the given size; the smaller and more exact one when equal.
    fn cheapest(height: usize, width: usize) -> Self {
        let products = |size: Self| {
            height.div_ceil(size.outputs()) * width.div_ceil(size.outputs()) * size.frequencies()
        };
        if products(Self::Two) <= products(Self::Four) {
            Self::Two
        } else {
            Self::Four
        }
    }

    /// Results in each dimension.
    const fn outputs(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    /// Products of a tile.
    pub(super) const fn frequencies(self) -> usize {
        let inputs = self.outputs() + 2;
        inputs * inputs
    }
}

/// The tiles of maps of one size, row by row and image by image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiling {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) size: TileSize,
}

/// A tile: its image and the first row and column of its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) image: usize,
    pub(super) y: usize,
    pub(super) x: usize,
}

impl Tiling {
    pub(crate) fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            size: TileSize::cheapest(height, width),
        }
    }

    /// Tiles of an image.
    pub(crate) fn tiles(&self) -> usize {
        self.rows() * self.columns()
    }

    fn rows(&self) -> usize {
        self.height.div_ceil(self.size.outputs())
    }

    fn columns(&self) -> usize {
        self.width.div_ceil(self.size.outputs())
    }

    /// Returns the tile with an index.
    #[inline(always)]
    pub(super) fn tile(&self, index: usize) -> Tile {
        let (row, column) = (index / self.columns(), index % self.columns());
        Tile {
            image: row / self.rows(),
            y: row % self.rows() * self.size.outputs(),
            x: column * self.size.outputs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_tiles_where_they_save_multiplications() {
        let size = |side| Tiling::new(side, side).size;
        assert_eq!([48, 24, 12].map(size), [TileSize::Four; 3]);
        assert_eq!([6, 2, 1].map(size), [TileSize::Two; 3]);
    }

    #[test]
    fn tiles_cover_images_in_order() {
        let tiling = Tiling::new(13, 30);
        assert_eq!(tiling.tiles(), 4 * 8);
        let tile = |image, y, x| Tile { image, y, x };
        assert_eq!(tiling.tile(0), tile(0, 0, 0));
        assert_eq!(tiling.tile(7), tile(0, 0, 28));
        assert_eq!(tiling.tile(8), tile(0, 4, 0));
        assert_eq!(tiling.tile(3 * 32 - 1), tile(2, 12, 28));
    }
}
