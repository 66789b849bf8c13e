//! Bytes of a checkpoint to the state of a training.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = fer_train::fuzz_checkpoint(bytes);
});
