//! Rows of a table that people write as CSV, with their lines for messages.

use csv::StringRecord;

/// A line, from 1, and what is wrong there.
pub(crate) type Fault = (u64, String);

/// A row with its line, or what is wrong with it.
type Row = Result<(u64, StringRecord), Fault>;

/// Returns the header of a table, and its rows each with its line. Blanks around cells are removed.
pub(crate) fn header_and_rows(
    text: &[u8],
) -> Result<(StringRecord, impl Iterator<Item = Row>), Fault> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text);
    let header = reader.headers().map_err(|error| (1, error.to_string()))?;
    let header = header.clone();
    let rows = reader.into_records().map(|record| {
        let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
        match record {
            Ok(record) => Ok((line(record.position()), record)),
            Err(error) => Err((line(error.position()), error.to_string())),
        }
    });
    Ok((header, rows))
}
