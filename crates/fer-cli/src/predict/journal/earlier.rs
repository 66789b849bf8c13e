//! Results that an earlier run has left.
//!
//! The last input may be incomplete: a kill can fall between two of its rows, or inside one. It is left out and predicted again.

use std::io::{self, BufRead, BufReader, Read};

use serde_json::Value;

use super::{Earlier, FileFormat};

/// A result as it is read: its input, and whether it begins another one than the result before it.
struct Entry {
    input: String,
    begins: bool,
    failed: bool,
    /// The byte at which it starts.
    start: u64,
}

impl Earlier {
    /// Reads results up to the last input, which is left out.
    pub(super) fn read(results: impl Read, format: FileFormat) -> io::Result<Self> {
        let mut earlier = Self::default();
        let mut last: Option<Entry> = None;
        let mut add = |entry: Entry| {
            let same = last
                .as_ref()
                .is_some_and(|last| last.input == entry.input && !entry.begins);
            if same {
                if let Some(last) = &mut last {
                    last.failed |= entry.failed;
                }
                return;
            }
            earlier.length = entry.start;
            if let Some(last) = last.replace(entry) {
                *earlier.inputs.entry(last.input).or_default() += 1;
                earlier.failed |= last.failed;
            }
        };
        if format.is_table() {
            read_csv(results, &mut add)?;
        } else {
            read_json(results, &mut add)?;
        }
        // The header of a table belongs to its first row.
        if earlier.inputs.is_empty() {
            earlier.length = 0;
        }
        Ok(earlier)
    }
}

fn read_csv(results: impl Read, add: &mut impl FnMut(Entry)) -> io::Result<()> {
    let mut reader = csv::Reader::from_reader(results);
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return end_of(error),
    };
    let column = |name| headers.iter().position(|header| header == name);
    let (face, error) = (column("face"), column("error"));
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return end_of(error),
        }
        let value = |column: Option<usize>| column.and_then(|column| record.get(column));
        add(Entry {
            input: record.get(0).unwrap_or_default().to_owned(),
            // Faces of an image are numbered; the rows of a video are not.
            begins: value(face).is_some_and(|face| face.is_empty() || face == "0"),
            failed: value(error).is_some_and(|error| !error.is_empty()),
            start: record.position().map_or(0, csv::Position::byte),
        });
    }
}

/// Takes a row that does not parse for the end: it was being written.
fn end_of(error: csv::Error) -> io::Result<()> {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Err(error),
        _ => Ok(()),
    }
}

fn read_json(results: impl Read, add: &mut impl FnMut(Entry)) -> io::Result<()> {
    let mut reader = BufReader::new(results);
    let mut line = Vec::new();
    let mut start = 0;
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)?;
        let Ok(result) = serde_json::from_slice::<Value>(&line) else {
            return Ok(());
        };
        add(Entry {
            input: result["path"].as_str().unwrap_or_default().to_owned(),
            begins: result.get("time").is_none(),
            failed: !result["error"].is_null(),
            start,
        });
        start += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "path,face,emotion,error\n";
    const ROWS: [&str; 5] = [
        "a.jpg,0,happy,\n",
        "a.jpg,1,sad,\n",
        "\"b\n.jpg\",,,broken\n",
        "c.jpg,0,sad,\n",
        "c.jpg,0,sad,\n",
    ];

    /// Inputs kept, with the number of their results, and the text kept.
    fn kept(text: &str, format: FileFormat) -> (Vec<(String, usize)>, &str) {
        let earlier = Earlier::read(text.as_bytes(), format).unwrap();
        let mut inputs: Vec<_> = earlier.inputs.into_iter().collect();
        inputs.sort();
        (inputs, &text[..earlier.length as usize])
    }

    #[test]
    fn wherever_the_kill_falls_whole_inputs_are_kept_and_the_last_is_not() {
        let text = [&[HEADER], &ROWS[..]].concat().concat();
        for end in 0..=text.len() {
            let (inputs, kept) = kept(&text[..end], FileFormat::Csv);
            let rows = |count: usize| [&[HEADER], &ROWS[..count]].concat().concat();
            let count: usize = inputs.iter().map(|(_, count)| count).sum();
            let expected = match count {
                0 => String::new(),
                1 => rows(2),
                2 => rows(3),
                3 => rows(4),
                _ => panic!("{inputs:?}"),
            };
            assert_eq!(kept, expected, "cut at {end}");
        }
        let (inputs, _) = kept(&text, FileFormat::Csv);
        let expected = [("a.jpg", 1), ("b\n.jpg", 1), ("c.jpg", 1)];
        assert_eq!(inputs, expected.map(|(name, count)| (name.into(), count)));
    }

    #[test]
    fn lines_of_json_are_images_and_frames() {
        let lines = [
            "{\"path\":\"a.jpg\",\"error\":null}\n",
            "{\"path\":\"b.mp4\",\"time\":0.0,\"error\":null}\n",
            "{\"path\":\"b.mp4\",\"time\":0.1,\"error\":null}\n",
            "{\"path\":\"c.jpg\",\"error\":{}}\n",
        ];
        let text = lines.concat();
        let ends: Vec<usize> = lines
            .iter()
            .scan(0, |end, line| {
                *end += line.len();
                Some(*end)
            })
            .collect();
        for end in 0..=text.len() {
            let (_, kept) = kept(&text[..end], FileFormat::Json);
            assert!(kept.is_empty() || ends.contains(&kept.len()), "{kept}");
            assert_ne!(kept.len(), ends[1], "in the middle of a video");
        }
        assert_eq!(kept(&text, FileFormat::Json).1, lines[..3].concat());
    }

    #[test]
    fn failures_are_remembered() {
        let text = [&[HEADER], &ROWS[..]].concat().concat();
        assert!(
            Earlier::read(text.as_bytes(), FileFormat::Csv)
                .unwrap()
                .failed
        );
        let text = [&[HEADER], &ROWS[3..]].concat().concat();
        assert!(
            !Earlier::read(text.as_bytes(), FileFormat::Csv)
                .unwrap()
                .failed
        );
    }
}
