//! fer-kernels
