//! Tables of faces as Parquet files, for the analyses.
#![no_main]

use std::io::Write;
use std::num::NonZeroUsize;

use fer_insight::{Columns, Parquet, tally};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    file.write_all(bytes).unwrap();
    let grouped = Columns {
        by: vec!["path".into(), "face".into()],
        cluster: Some("error".into()),
        consent: Some("uncertain".into()),
        ..Columns::default()
    };
    for columns in [Columns::default(), grouped] {
        let Ok(table) = Parquet::open(file.path()) else {
            return;
        };
        if let Ok((tally, rows)) = tally(table, &columns, NonZeroUsize::MIN) {
            assert_eq!(tally.faces(), rows.used);
        }
    }
});
