//! Direct convolution.
