//! Candle custom operations.
