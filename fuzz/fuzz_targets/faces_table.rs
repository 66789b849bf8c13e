//! Tables of faces, for the analyses.
#![no_main]

use fer_insight::{Columns, read_csv};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let grouped = Columns {
        by: vec!["site".into()],
        cluster: Some("person".into()),
        consent: Some("consent".into()),
        only: vec![("site".into(), "north".into())],
        ..Columns::default()
    };
    for columns in [Columns::default(), grouped] {
        if let Ok((tally, rows)) = read_csv(bytes, &columns) {
            assert_eq!(tally.faces(), rows.used);
            let counted = rows.used + rows.no_face + rows.unreadable + rows.no_consent + rows.filtered;
            assert_eq!(counted, rows.read);
        }
    }
});
