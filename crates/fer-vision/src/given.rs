//! Faces that the caller has found: boxes by image file, from a CSV file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fer_core::{decode_text, read_capped};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Error, GivenBox, Result};

/// Boxes around faces, by image file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GivenBoxes {
    /// By the file's real path, in the order of the rows.
    boxes: HashMap<PathBuf, Vec<GivenBox>>,
    digest: String,
}

/// The longest file of boxes that is read, in bytes.
const MAX_BOXES_BYTES: u64 = 1 << 30;

/// The columns that are read.
const COLUMNS: [&str; 5] = ["path", "x", "y", "width", "height"];

/// Cells of a row; a row without a box says that its image has no face.
#[derive(Debug, Deserialize)]
struct Row {
    path: PathBuf,
    x: Option<f32>,
    y: Option<f32>,
    width: Option<f32>,
    height: Option<f32>,
}

impl GivenBoxes {
    /// Reads a CSV file with the columns `path`, `x`, `y`, `width` and `height`, such as `fer predict --format csv` writes; other
    /// columns are ignored. The text is UTF-8, or UTF-16 with a byte order mark. Paths are looked for from the working directory, then from the folder of the CSV file.
    ///
    /// # Errors
    /// [`Error::Boxes`] with the line and what is wrong there.
    pub fn load(path: &Path) -> Result<Self> {
        let failed = |line, reason: String| Error::Boxes {
            path: path.into(),
            line,
            reason,
        };
        let content = read_capped(path, MAX_BOXES_BYTES);
        let content = content.map_err(|error| failed(0, error.to_string()))?;
        let text = decode_text(&content).map_err(|error| failed(0, error.to_string()))?;
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut boxes: HashMap<PathBuf, Vec<GivenBox>> = HashMap::new();
        let headers = reader
            .headers()
            .map_err(|error| failed(1, error.to_string()))?
            .clone();
        let lacking = COLUMNS
            .iter()
            .find(|name| headers.iter().all(|column| column != **name));
        if let Some(name) = lacking {
            let expected = COLUMNS.join(", ");
            let reason =
                format!("no column `{name}`: expected {expected}, with commas between them");
            return Err(failed(1, reason));
        }
        let mut record = csv::StringRecord::new();
        loop {
            let line = reader.position().line();
            let more = reader
                .read_record(&mut record)
                .map_err(|error| failed(line, error.to_string()))?;
            if !more {
                let digest = Sha256::digest(&content);
                let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                return Ok(Self { boxes, digest });
            }
            let row: Row = record
                .deserialize(Some(&headers))
                .map_err(|error| failed(line, error.to_string()))?;
            let file = [row.path.clone(), folder.join(&row.path)]
                .iter()
                .find_map(|path| path.canonicalize().ok())
                .ok_or_else(|| failed(line, format!("there is no file {}", row.path.display())))?;
            let of_file = boxes.entry(file).or_default();
            match (row.x, row.y, row.width, row.height) {
                (None, None, None, None) => {}
                (Some(x), Some(y), Some(width), Some(height)) if is_box(x, y, width, height) => {
                    of_file.push([x, y, width, height]);
                }
                _ => {
                    let expected = "expected x, y, and a width and height above 0, or none of them";
                    return Err(failed(line, expected.into()));
                }
            }
        }
    }

    /// Returns the SHA-256 of the CSV file, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The boxes of an image file, in the order of their rows.
    ///
    /// # Errors
    /// [`Error::NoBoxes`] if no row names the file.
    pub fn of(&self, file: &Path) -> Result<&[GivenBox]> {
        let of_file = file
            .canonicalize()
            .ok()
            .and_then(|real| self.boxes.get(&real));
        of_file
            .map(Vec::as_slice)
            .ok_or_else(|| Error::NoBoxes { path: file.into() })
    }

    /// The files with rows that are not among `files`.
    pub fn beside(&self, files: &[PathBuf]) -> Vec<PathBuf> {
        let known: Vec<PathBuf> = files
            .iter()
            .filter_map(|file| file.canonicalize().ok())
            .collect();
        let mut beside: Vec<_> = self.boxes.keys().cloned().collect();
        beside.retain(|file| !known.contains(file));
        beside.sort();
        beside
    }
}

/// Returns `true` for finite numbers with pixels between them.
fn is_box(x: f32, y: f32, width: f32, height: f32) -> bool {
    [x, y, width, height]
        .iter()
        .all(|number| number.is_finite())
        && width > 0.0
        && height > 0.0
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn load(text: &str) -> Result<(GivenBoxes, PathBuf)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a b.jpg"), "").unwrap();
        fs::write(folder.path().join("c.jpg"), "").unwrap();
        let csv = folder.path().join("boxes.csv");
        fs::write(&csv, text).unwrap();
        let boxes = GivenBoxes::load(&csv)?;
        // The files go with the folder: look them up while they are there.
        let found = boxes.of(&folder.path().join("a b.jpg"))?.to_vec();
        assert_eq!(found, [[1.0, 2.5, 30.0, 40.0], [-3.0, 0.0, 9.0, 9.0]]);
        assert!(boxes.of(&csv).is_err());
        let beside = boxes.beside(&[folder.path().join("a b.jpg")]);
        Ok((boxes, beside[0].clone()))
    }

    #[test]
    fn rows_are_read_in_their_order_whatever_columns_there_are() {
        let text = "face,x,y,width,height,path,score\n0,1,2.5,30,40,a b.jpg,9\n,,,,,c.jpg,\n1,-3,0,9,9,a b.jpg,\n";
        let (_, beside) = load(text).unwrap();
        assert!(beside.ends_with("c.jpg"));
    }

    #[test]
    fn wrong_rows_are_named_by_their_line() {
        for (row, word) in [
            ("a b.jpg,1,2,3,", "expected"),
            ("a b.jpg,1,2,0,4", "expected"),
            ("a b.jpg,1,2,NaN,4", "expected"),
            ("missing.jpg,1,2,3,4", "missing.jpg"),
            ("a b.jpg,one,2,3,4", "float"),
        ] {
            let error = load(&format!("path,x,y,width,height\na b.jpg,1,2,3,4\n{row}\n"));
            let message = error.unwrap_err().to_string();
            assert!(message.contains("line 3"), "{message}");
            assert!(message.contains(word), "{message}");
        }
        let error = load("file,x,y\na b.jpg,1,2\n").unwrap_err().to_string();
        assert!(error.contains("path"), "{error}");
    }
}
