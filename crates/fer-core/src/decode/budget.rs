//! Limits on the memory of decoders.

use crate::Result;
use crate::limits::{check_image_size, too_large};

/// The most memory that a decoder may take for one image, in bytes.
pub(super) const MAX_DECODER_BYTES: u64 = 512 << 20;

/// Refuses an image whose sides, pixels or decoder memory are beyond the limits.
pub(super) fn check_size(width: u32, height: u32, decoder_bytes: u64) -> Result<()> {
    check_image_size(width, height)?;
    if decoder_bytes > MAX_DECODER_BYTES {
        return Err(too_large(width, height));
    }
    Ok(())
}
