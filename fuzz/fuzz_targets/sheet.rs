//! Sheets of labels, for the analyses.
#![no_main]

use fer_insight::Sheet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(sheet) = Sheet::read(bytes) {
        let again = Sheet::read(sheet.to_csv().unwrap().as_bytes()).unwrap();
        assert_eq!(again.faces(), sheet.faces());
        assert_eq!(again.digest(), sheet.digest());
    }
});
