//! Lists that people write: votes, and paths to leave out.
#![no_main]

use std::io::Write;

use fer_train::{ExcludeList, Votes};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    file.write_all(bytes).unwrap();
    let _ = Votes::load(file.path());
    let _ = ExcludeList::load(file.path());
});
