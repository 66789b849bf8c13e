//! Markers of a timeline, from CSV.

use std::path::Path;

use fer_insight::Marker;
use serde::Deserialize;

use crate::Result;

#[derive(Deserialize)]
struct Line {
    time: f64,
    label: String,
    path: Option<String>,
}

/// Reads a CSV with the columns `time`, `label` and perhaps `path`.
pub(super) fn read(file: &Path) -> Result<Vec<Marker>> {
    let csv = |source| fer_insight::Error::Csv { source };
    let open = std::fs::File::open(file).map_err(|source| fer_insight::Error::Read {
        path: file.into(),
        source,
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(open);
    let mut markers = Vec::new();
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        let Line { time, label, path } = line.map_err(csv)?;
        if !time.is_finite() {
            return Err(fer_insight::Error::InvalidRow {
                row: index as u64 + 1,
                what: "expected the time of the marker in seconds".into(),
                found: time.to_string(),
            }
            .into());
        }
        let path = path.filter(|path| !path.is_empty());
        markers.push(Marker { path, time, label });
    }
    Ok(markers)
}
