//! Faces from CSV, as `fer predict --format csv` writes them, with any further columns of the user.

use std::io::Read;

use fer_core::Emotion;
use serde::Serialize;

use crate::answer::EMOTIONS;
use crate::tally::{Face, Tally};
use crate::{Error, Result};

/// The columns of a table of faces that matter. The probabilities are in columns named by the emotions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// Columns whose values make the groups.
    pub by: Vec<String>,
    /// Column of the unit that repeats.
    pub cluster: Option<String>,
    /// Column of consent: only rows with `true`, `yes` or `1` are read.
    pub consent: Option<String>,
    /// Columns and the value that a row must have in each.
    pub only: Vec<(String, String)>,
}

/// Rows of a table, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// Rows in the table.
    pub read: u64,
    /// Rows counted in the tally.
    pub used: u64,
    /// Rows without a face: all probabilities empty.
    pub no_face: u64,
    /// Rows dropped for want of consent.
    pub no_consent: u64,
    /// Rows that other filters leave out.
    pub filtered: u64,
}

/// Positions of the columns in a record.
struct Positions {
    probabilities: [usize; EMOTIONS],
    by: Vec<usize>,
    cluster: Option<usize>,
    consent: Option<usize>,
    only: Vec<(usize, String)>,
}

/// Reads a table of faces into a tally, in one pass.
///
/// The text is UTF-8, with or without a byte order mark, separated by commas or, as spreadsheets of many countries write
/// it, by semicolons with decimal commas. Rows without consent are dropped before anything else is read of them.
///
/// ```
/// use fer_insight::{Columns, read_csv};
///
/// let table = "path;happy;sad;neutral;surprise;site\r\na.png;0,9;0,05;0,05;0;north\r\n";
/// let columns = Columns { by: vec!["site".into()], ..Default::default() };
/// let (tally, rows) = read_csv(table.as_bytes(), &columns)?;
/// assert_eq!((tally.faces(), rows.used), (1, 1));
/// # Ok::<(), fer_insight::Error>(())
/// ```
///
/// # Errors
/// [`Error::Csv`] for text that is no table, [`Error::Columns`] for a header without the columns or with one twice,
/// [`Error::InvalidRow`] with the number of the row, and those of [`Tally::add`].
pub fn read_csv(input: impl Read, columns: &Columns) -> Result<(Tally, Rows)> {
    let mut input = std::io::BufReader::with_capacity(1 << 16, input);
    let (head, delimiter) = sniff(&mut input)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(head.chain(input));
    let csv = |source| Error::Csv { source };
    let header = reader.byte_headers().map_err(csv)?.clone();
    let positions = find_columns(&header, columns)?;
    let by: Vec<&str> = columns.by.iter().map(String::as_str).collect();
    let mut tally = Tally::new(&by, columns.cluster.is_some());
    let mut rows = Rows::default();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(csv)? {
        rows.read += 1;
        let row = rows.read;
        let field = |position: usize| text(&record[position], row);
        if let Some(position) = positions.consent
            && !consents(field(position)?)
        {
            rows.no_consent += 1;
            continue;
        }
        let mut wanted = true;
        for (position, value) in &positions.only {
            wanted &= field(*position)? == value;
        }
        if !wanted {
            rows.filtered += 1;
            continue;
        }
        let mut numbers = [""; EMOTIONS];
        for (number, position) in numbers.iter_mut().zip(positions.probabilities) {
            *number = field(position)?.trim();
        }
        if numbers.iter().all(|number| number.is_empty()) {
            rows.no_face += 1;
            continue;
        }
        let mut probabilities = [0.0; EMOTIONS];
        for (p, number) in probabilities.iter_mut().zip(numbers) {
            *p = parse(number, delimiter, row)?;
        }
        let mut group = Vec::with_capacity(positions.by.len());
        for position in &positions.by {
            group.push(field(*position)?);
        }
        let cluster = positions.cluster.map(field).transpose()?;
        let face = Face {
            probabilities,
            group: &group,
            cluster,
        };
        tally.add(&face).map_err(|error| error.in_row(row))?;
        rows.used += 1;
    }
    Ok((tally, rows))
}

/// Reads the first line without its byte order mark, and returns it with the delimiter that it uses.
fn sniff(input: &mut impl std::io::BufRead) -> Result<(std::io::Cursor<Vec<u8>>, u8)> {
    const MAX_HEADER_BYTES: u64 = 1 << 20;
    let mut line = Vec::new();
    let mut limited = Read::take(&mut *input, MAX_HEADER_BYTES);
    let read = std::io::BufRead::read_until(&mut limited, b'\n', &mut line);
    read.map_err(|source| Error::Csv {
        source: source.into(),
    })?;
    if line.starts_with(b"\xef\xbb\xbf") {
        line.drain(..3);
    }
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    let delimiter = if count(b';') > count(b',') {
        b';'
    } else {
        b','
    };
    Ok((std::io::Cursor::new(line), delimiter))
}

fn find_columns(header: &csv::ByteRecord, columns: &Columns) -> Result<Positions> {
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim().into())
        .collect();
    let find = |wanted: &str| {
        let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
        match (found.next(), found.next()) {
            (Some((position, _)), None) => Ok(position),
            (first, _) => Err(Error::Columns {
                expected: wanted.into(),
                found: names.clone(),
                twice: first.is_some(),
            }),
        }
    };
    let mut probabilities = [0; EMOTIONS];
    for (position, emotion) in probabilities.iter_mut().zip(Emotion::ALL) {
        *position = find(emotion.label())?;
    }
    let by: Result<Vec<usize>> = columns.by.iter().map(|name| find(name)).collect();
    let only = columns
        .only
        .iter()
        .map(|(name, value)| Ok((find(name)?, value.clone())));
    Ok(Positions {
        probabilities,
        by: by?,
        cluster: columns.cluster.as_deref().map(find).transpose()?,
        consent: columns.consent.as_deref().map(find).transpose()?,
        only: only.collect::<Result<_>>()?,
    })
}

fn text(bytes: &[u8], row: u64) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| Error::InvalidRow {
        row,
        what: "text must be UTF-8: save the table as \"CSV UTF-8\"".into(),
        found: format!("{:?}", String::from_utf8_lossy(bytes)),
    })
}

/// Returns `true` if a cell of the consent column says so.
fn consents(cell: &str) -> bool {
    let cell = cell.trim();
    cell == "1" || cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("yes")
}

fn parse(number: &str, delimiter: u8, row: u64) -> Result<f64> {
    let parsed = if delimiter == b';' {
        number.replace(',', ".").parse()
    } else {
        number.parse()
    };
    parsed.map_err(|_| Error::InvalidRow {
        row,
        what: if number.ends_with('%') {
            "probabilities must be numbers from 0 to 1, not percents: divide them by 100".into()
        } else {
            "probabilities must be numbers".into()
        },
        found: format!("{number:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(by: &[&str], cluster: Option<&str>) -> Columns {
        Columns {
            by: by.iter().map(|&name| name.into()).collect(),
            cluster: cluster.map(Into::into),
            ..Default::default()
        }
    }

    fn error(table: &str) -> String {
        let columns = columns(&["site"], Some("person"));
        read_csv(table.as_bytes(), &columns)
            .unwrap_err()
            .to_string()
    }

    const HEADER: &str = "path,happy,sad,neutral,surprise,site,person,agreed\n";

    #[test]
    fn byte_order_mark_semicolons_and_quoted_newlines_change_nothing() {
        let plain = format!("{HEADER}a,0.9,0.05,0.05,0,\"north\neast\",p,yes\n");
        let columns = columns(&["site"], Some("person"));
        let (expected, rows) = read_csv(plain.as_bytes(), &columns).unwrap();
        assert_eq!(
            rows,
            Rows {
                read: 1,
                used: 1,
                ..Default::default()
            }
        );
        let sheet = plain
            .replace(',', ";")
            .replace("0.9", "0,9")
            .replace("0.05", "0,05");
        let sheet = format!("\u{feff}{}", sheet.replace("yes\n", "yes\r\n"));
        let (tally, _) = read_csv(sheet.as_bytes(), &columns).unwrap();
        assert_eq!(tally.groups(), expected.groups());
        assert_eq!(tally.groups()[0].values(), ["north\neast"]);
    }

    #[test]
    fn faults_name_the_row() {
        let second = |row: &str| error(&format!("{HEADER}a,0.9,0.05,0.05,0,n,p,yes\n{row}\n"));
        assert!(
            second("b,90,5,5,0,n,p,yes")
                .starts_with("row 2: probabilities must sum to 1: these are percents")
        );
        assert!(
            second("b,90%,5%,5%,0%,n,p,yes")
                .contains("row 2: probabilities must be numbers from 0 to 1, not percents")
        );
        assert!(
            second("b,NaN,0.5,0.5,0,n,p,yes")
                .starts_with("row 2: probabilities must be numbers; found NaN")
        );
        assert!(
            second("b,0.9,0.5,0.5,0,n,p,yes")
                .starts_with("row 2: probabilities must sum to 1; found a sum of 1.9")
        );
        assert!(
            second("b,0.9,,0.1,0,n,p,yes")
                .starts_with("row 2: probabilities must be numbers; found \"\"")
        );
        assert!(second("b,0.9,0.05,0.05,0,n,,yes").starts_with("row 2: expected the cluster"));
        assert_eq!(second("b,0.9"), "not a CSV table");
    }

    #[test]
    fn rows_are_numbered_in_the_table_also_after_dropped_ones() {
        let table = format!("{HEADER}a,,,,,n,p,yes\nb,0.9,0.5,0.5,0,n,p,yes\n");
        assert!(error(&table).starts_with("row 2: "));
    }

    #[test]
    fn headers_without_a_column_or_with_one_twice_are_refused() {
        assert_eq!(
            error("path,happy,sad,neutral\n"),
            "no column \"surprise\"; found path, happy, sad, neutral"
        );
        assert!(
            error("happy,happy,sad,neutral,surprise\n")
                .starts_with("more than one column \"happy\": keep one; found happy")
        );
        assert!(error("").starts_with("no column \"happy\""));
    }

    #[test]
    fn rows_without_consent_change_nothing() {
        let columns = Columns {
            consent: Some("agreed".into()),
            only: vec![("site".into(), "n".into())],
            ..columns(&["site"], Some("person"))
        };
        let agreed =
            format!("{HEADER}a,0.9,0.05,0.05,0,n,p,Yes\nc,,,,,n,p,1\nd,0.9,0.05,0.05,0,s,p,TRUE\n");
        let (expected, rows) = read_csv(agreed.as_bytes(), &columns).unwrap();
        assert_eq!(
            rows,
            Rows {
                read: 3,
                used: 1,
                no_face: 1,
                no_consent: 0,
                filtered: 1
            }
        );
        // Not even its numbers are read.
        let more = format!("{agreed}e,900,x,,,n,q,no\nf,0,1,0,0,n,q,\n");
        let (tally, rows) = read_csv(more.as_bytes(), &columns).unwrap();
        assert_eq!(rows.no_consent, 2);
        assert_eq!(tally.groups(), expected.groups());
    }
}
