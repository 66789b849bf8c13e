//! Reference files of the share estimates.
#![no_main]

use fer_insight::Reference;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Reference::from_json(text);
});
