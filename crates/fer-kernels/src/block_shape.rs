//! The sizes of one block, from which everything that works on it takes its lengths.

/// Sizes of one block inside a given network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockShape {
    /// Rows of the convolution's input and output.
    pub(crate) height: usize,
    /// Columns of the convolution's input and output.
    pub(crate) width: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) pool: bool,
}

impl BlockShape {
    /// Rows and columns of the block's output.
    pub(crate) fn out_size(&self) -> (usize, usize) {
        if self.pool {
            (self.height / 2, self.width / 2)
        } else {
            (self.height, self.width)
        }
    }

    /// Elements of one image of the block's input.
    pub(crate) fn input_len(&self) -> usize {
        self.height * self.width * self.in_channels
    }

    /// Elements of one image of the convolution's output.
    pub(crate) fn conv_len(&self) -> usize {
        self.height * self.width * self.out_channels
    }

    /// Elements of one image of the block's output.
    pub(crate) fn output_len(&self) -> usize {
        let (height, width) = self.out_size();
        height * width * self.out_channels
    }

    /// Elements of the convolution's weight.
    pub(crate) fn weight_len(&self) -> usize {
        9 * self.in_channels * self.out_channels
    }
}
