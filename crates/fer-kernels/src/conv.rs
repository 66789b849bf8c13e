//! Convolution: the path for a shape.
