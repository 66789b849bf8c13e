//! Bytes of an image file to pixels: an error or an image whose sizes agree, never a panic.
#![no_main]

use fer_core::{Image, MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(image) = Image::decode(bytes) else {
        return;
    };
    let (width, height) = (image.width(), image.height());
    assert!(width.max(height) <= MAX_IMAGE_SIDE);
    assert!(u64::from(width) * u64::from(height) <= MAX_IMAGE_PIXELS);
    assert_eq!(image.view().rows().count(), height as usize);
});
