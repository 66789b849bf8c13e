//! Sheets of faces to label: what `sample` writes, what people fill in, and what the analyses read back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fer_core::read_capped;
use sha2::{Digest, Sha256};

use crate::csv_table::Csv;
use crate::face_key::{FaceKey, KEY_COLUMNS, plain};
use crate::label::Label;
use crate::row::{Row, RowVisitor, find};
use crate::table::FaceTable;
use crate::{Error, Result};

/// The columns of the face box.
pub(crate) const BOX_COLUMNS: [&str; 4] = ["x", "y", "width", "height"];

/// The columns of a sheet; the last one is the label.
pub(crate) const COLUMNS: [&str; 9] = [
    "path", "face", "time", "person", "x", "y", "width", "height", "label",
];

/// The largest file of a sheet.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// One face of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SheetFace {
    /// The face.
    pub key: FaceKey,
    /// Left and top edge, width and height of its box in pixels; `None` if the whole image is the face.
    pub bounds: Option<[u32; 4]>,
    /// The label, once somebody gave one.
    pub label: Option<Label>,
}

/// Faces to label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    pub(crate) faces: Vec<SheetFace>,
    /// The number of the row of each face, from 1, without the header.
    rows: Vec<u64>,
    /// The columns of the key that the sheet has.
    pub(crate) keyed: [bool; KEY_COLUMNS.len()],
}

impl Sheet {
    /// Makes a sheet of faces, each of which is there once.
    pub(crate) fn new(faces: Vec<SheetFace>) -> Self {
        Self {
            rows: (1..=faces.len() as u64).collect(),
            faces,
            keyed: [true; KEY_COLUMNS.len()],
        }
    }

    /// Reads the sheet in a file.
    ///
    /// # Errors
    /// [`Error::Read`], also for a file of more than 64 MiB, and [`Error::Sheet`] with the reason, one of those of
    /// [`Sheet::read`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_capped(path, MAX_FILE_BYTES).map_err(|source| Error::Read {
            path: path.into(),
            source,
        })?;
        Self::read(bytes.as_slice()).map_err(|source| Error::Sheet {
            path: path.into(),
            source: Box::new(source),
        })
    }

    /// Reads a sheet. Tolerates what a spreadsheet makes of it: a byte order mark, semicolons with decimal commas, line
    /// ends of any kind, empty rows at the end, and other columns.
    ///
    /// ```
    /// use fer_insight::{Label, Sheet};
    ///
    /// let text = "\u{feff}path;face;label\r\nphoto.jpg;0;happy\r\nphoto.jpg;1;\r\n;;\r\n";
    /// let sheet = Sheet::read(text.as_bytes())?;
    /// assert_eq!(sheet.faces().len(), 2);
    /// assert_eq!(sheet.faces()[0].label.map(Label::name), Some("happy"));
    /// # Ok::<(), fer_insight::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Csv`] for text that is no table, [`Error::Columns`] without the column `path` or `label`,
    /// [`Error::InvalidRow`] with the number of the row for a label that is none, a box that is none, and a face that is
    /// there twice, [`Error::Empty`] without a face.
    pub fn read(input: impl Read + Send) -> Result<Self> {
        Self::of(Csv(input))
    }

    /// Takes the sheet that a table of any kind holds.
    ///
    /// # Errors
    /// Those of [`Sheet::read`], and those of the table.
    pub fn of(table: impl FaceTable) -> Result<Self> {
        let reader = table.visit(SheetReader::new)?;
        if reader.sheet.faces.is_empty() {
            return Err(Error::Empty {
                what: "the sheet has no face".into(),
            });
        }
        Ok(reader.sheet)
    }

    /// Returns the faces in the order of the sheet.
    pub fn faces(&self) -> &[SheetFace] {
        &self.faces
    }

    /// Returns the faces with the numbers of their rows, from 1, without the header.
    pub(crate) fn numbered(&self) -> impl Iterator<Item = (u64, &SheetFace)> {
        self.rows.iter().copied().zip(&self.faces)
    }

    /// Returns the sheet as CSV: one row for each face, with its label where it has one.
    ///
    /// # Errors
    /// [`Error::Csv`], which memory never gives.
    pub fn to_csv(&self) -> Result<String> {
        let csv = |source| Error::Csv { source };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS).map_err(csv)?;
        for face in &self.faces {
            writer.write_record(cells(face)).map_err(csv)?;
        }
        let bytes = writer.into_inner().map_err(|error| Error::Csv {
            source: error.into_error().into(),
        })?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns a short text that names the faces of the sheet and their order, whatever their labels.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for face in &self.faces {
            for cell in cells(face).take(COLUMNS.len() - 1) {
                hash.update((cell.len() as u64).to_le_bytes());
                hash.update(cell);
            }
        }
        URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
    }
}

/// Returns the cells of a face in the order of the columns.
pub(crate) fn cells(face: &SheetFace) -> impl Iterator<Item = String> {
    let bounds = (0..BOX_COLUMNS.len()).map(move |side| {
        let side = face.bounds.map(|bounds| bounds[side]);
        side.map_or_else(String::new, |side| side.to_string())
    });
    let label = face.label.map_or("", Label::name).to_owned();
    let key = face.key.0.iter().cloned();
    key.chain(bounds).chain([label])
}

/// Makes a sheet of the rows of a table.
struct SheetReader {
    label: usize,
    keys: [Option<usize>; KEY_COLUMNS.len()],
    bounds: [Option<usize>; BOX_COLUMNS.len()],
    sheet: Sheet,
    /// The row of each face.
    seen: HashMap<FaceKey, u64>,
}

impl SheetReader {
    fn new(header: &[String]) -> Result<Self> {
        find(header, "path")?;
        let optional = |name| find(header, name).ok();
        let keys = KEY_COLUMNS.map(optional);
        Ok(Self {
            label: find(header, "label")?,
            keys,
            bounds: BOX_COLUMNS.map(optional),
            sheet: Sheet {
                keyed: keys.map(|position| position.is_some()),
                ..Sheet::default()
            },
            seen: HashMap::new(),
        })
    }
}

impl RowVisitor for SheetReader {
    fn row(&mut self, number: u64, row: &impl Row) -> Result<()> {
        let (keys, sides) = (texts(row, self.keys)?, texts(row, self.bounds)?);
        let (keys, sides) = (borrowed(&keys), borrowed(&sides));
        let label = row.text(self.label)?;
        let label = label.trim();
        if keys.iter().chain(&sides).all(|cell| cell.trim().is_empty()) && label.is_empty() {
            return Ok(());
        }
        let key = FaceKey::new(keys);
        if key.path().is_empty() {
            return Err(invalid(number, "expected the path of the face", "none"));
        }
        if let Some(first) = self.seen.insert(key.clone(), number) {
            let what = format!("each face must be there once, and is in row {first} already");
            return Err(invalid(number, &what, &key.to_string()));
        }
        self.sheet.faces.push(SheetFace {
            bounds: read_box(sides, number)?,
            label: read_label(label, number)?,
            key,
        });
        self.sheet.rows.push(number);
        Ok(())
    }
}

/// Returns the cells of a row; empty where there is no column.
fn texts(row: &impl Row, [a, b, c, d]: [Option<usize>; 4]) -> Result<[Cow<'_, str>; 4]> {
    let text = |position: Option<usize>| position.map_or(Ok(Cow::Borrowed("")), |p| row.text(p));
    Ok([text(a)?, text(b)?, text(c)?, text(d)?])
}

fn borrowed<'a>(cells: &'a [Cow<'_, str>; 4]) -> [&'a str; 4] {
    cells.each_ref().map(|cell| &**cell)
}

/// Reads a face box: four whole numbers of pixels, or none.
pub(crate) fn read_box(sides: [&str; 4], row: u64) -> Result<Option<[u32; 4]>> {
    if sides.iter().all(|side| side.trim().is_empty()) {
        return Ok(None);
    }
    let mut bounds = [0; 4];
    for (side, (text, name)) in bounds.iter_mut().zip(sides.iter().zip(BOX_COLUMNS)) {
        *side = plain(text).parse().map_err(|_| {
            let what = format!("{name} of the face box must be a whole number of pixels");
            invalid(row, &what, &format!("{text:?}"))
        })?;
    }
    Ok(Some(bounds))
}

fn read_label(text: &str, row: u64) -> Result<Option<Label>> {
    if text.is_empty() {
        return Ok(None);
    }
    let label = text.parse::<Label>();
    label
        .map(Some)
        .map_err(|error| invalid(row, &error.to_string(), &format!("{text:?}")))
}

/// Returns the error of a row that is not as it must be.
pub(crate) fn invalid(row: u64, what: &str, found: &str) -> Error {
    Error::InvalidRow {
        row,
        what: what.into(),
        found: found.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "path,face,time,person,x,y,width,height,label\n";

    fn error(text: &str) -> String {
        Sheet::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_sheet_read_back_is_the_same_and_has_the_same_digest() {
        let text = format!(
            "{HEADER}\"a, \"\"b\"\".jpg\",0,,,10,20,30,30,happy\nvisit.mp4,,0.4,2,1,2,3,4,\nc.png,,,,,,,,cannot_tell\n"
        );
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        assert_eq!(sheet.to_csv().unwrap(), text);
        assert_eq!(sheet.faces()[0].key.path(), "a, \"b\".jpg");
        assert_eq!(sheet.faces()[1].key.time(), Some(0.4));
        assert_eq!(sheet.faces()[2].bounds, None);
        let unlabeled = text.replace("happy", "").replace("cannot_tell", "");
        let unlabeled = Sheet::read(unlabeled.as_bytes()).unwrap();
        assert_eq!(unlabeled.digest(), sheet.digest());
        let other = text.replace("20,30,30", "20,30,31");
        assert_ne!(
            Sheet::read(other.as_bytes()).unwrap().digest(),
            sheet.digest()
        );
    }

    #[test]
    fn a_spreadsheet_changes_nothing() {
        let plain = format!("{HEADER}v.mp4,,0.300000,2,1,2,3,4,sad\nb.jpg,1,,,,,,,\n");
        let sheet = Sheet::read(plain.as_bytes()).unwrap();
        let edited = "\u{feff}note;path;face;time;person;x;y;width;height;label\r\n\
                      ;v.mp4;;0,3;2;1;2;3;4;Sad\r\nunclear;b.jpg;1;;;;;;;\r\n;;;;;;;;;\r\n";
        let edited = Sheet::read(edited.as_bytes()).unwrap();
        assert_eq!(edited.faces(), sheet.faces());
    }

    #[test]
    fn faults_name_the_row() {
        let second = |row: &str| error(&format!("{HEADER}a.jpg,0,,,1,2,3,4,happy\n{row}\n"));
        assert!(second("b.jpg,0,,,1,2,3,4,angry").starts_with("row 2: a label is happy, sad"));
        assert!(second("b.jpg,0,,,1,2,3,4,angry").ends_with("found \"angry\""));
        assert_eq!(
            second("a.jpg,0.0,,,1,2,3,4,sad"),
            "row 2: each face must be there once, and is in row 1 already; found a.jpg, face 0"
        );
        assert!(second("b.jpg,0,,,1,2,-3,4,").starts_with("row 2: width of the face box"));
        assert!(second(",0,,,1,2,3,4,happy").starts_with("row 2: expected the path"));
        assert!(second("b.jpg,0").starts_with("row 2: expected 9 cells"));
        assert!(error("path,face\n").starts_with("no column \"label\""));
        assert_eq!(error(HEADER), "the sheet has no face");
    }
}
