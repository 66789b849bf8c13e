//! What a decoder of videos writes, up to the first 0xFF on its output and after it on its error output.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |&byte| byte == 0xff);
    let mut part = || parts.next().unwrap_or_default();
    fer_vision::fuzz_frames(part(), part());
});
