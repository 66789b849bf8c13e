//! Lists that people write: votes, groups, boxes, further columns, and paths to leave out.
#![no_main]

use std::io::Write;

use fer_insight::Lookup;
use fer_train::{ExcludeList, Groups, Votes};
use fer_vision::GivenBoxes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    file.write_all(bytes).unwrap();
    let _ = Votes::load(file.path());
    let _ = ExcludeList::load(file.path());
    let _ = Groups::load(file.path());
    let _ = GivenBoxes::load(file.path());
    let _ = Lookup::open(file.path(), "file");
    let _ = fer_core::decode_text(bytes);
});
