//! The two outputs of a video decoder: bytes before the first 0xFF are frames, those after it messages.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    fer_vision::fuzz_frames(part(), part());
});
