//! The place of a face: what tells it from all others of a table.

/// The columns that say which face a row is about.
pub(crate) const KEY_COLUMNS: [&str; 4] = ["path", "face", "time", "person"];

/// The place of a face: its image and number, or its video, time and person. What does not apply is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaceKey(pub(crate) [String; KEY_COLUMNS.len()]);

impl FaceKey {
    /// Makes the key from the cells of the columns `path`, `face`, `time` and `person`. Numbers are equal if they are
    /// the same to a millionth, however they are written: a spreadsheet rewrites them.
    pub fn new([path, face, time, person]: [&str; KEY_COLUMNS.len()]) -> Self {
        Self([path.to_owned(), plain(face), plain(time), plain(person)])
    }

    /// Returns the file of the image or video.
    pub fn path(&self) -> &str {
        &self.0[0]
    }

    /// Returns the time in the video in seconds; `None` for an image.
    pub fn time(&self) -> Option<f64> {
        self.0[2].parse().ok()
    }

    /// Returns the key without the columns for which `kept` is `false`.
    pub(crate) fn keep(mut self, kept: [bool; KEY_COLUMNS.len()]) -> Self {
        for (cell, kept) in self.0.iter_mut().zip(kept) {
            if !kept {
                cell.clear();
            }
        }
        self
    }

    /// Returns the key as one text that no other key has.
    pub(crate) fn text(&self) -> String {
        self.0.join("\u{0}")
    }
}

impl std::fmt::Display for FaceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path())?;
        for (name, cell) in KEY_COLUMNS.iter().zip(&self.0).skip(1) {
            if !cell.is_empty() {
                write!(f, ", {name} {cell}")?;
            }
        }
        Ok(())
    }
}

/// Returns a number as plain digits, rounded to a millionth, and other text without the space around it.
pub(crate) fn plain(cell: &str) -> String {
    let cell = cell.trim();
    let number = cell.parse::<f64>();
    match number.or_else(|_| cell.replace(',', ".").parse::<f64>()) {
        Ok(number) if number.is_finite() => {
            let digits = format!("{number:.6}");
            digits
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        let key = |time| FaceKey::new(["v.mp4", "", time, "3"]);
        assert_eq!(key("0.30000000000000004"), key("0,3"));
        assert_eq!(key(" 12.0 "), key("12"));
        assert_ne!(key("0.3"), key("0.31"));
        assert_eq!(
            key("nan").text(),
            "v.mp4\u{0}\u{0}nan\u{0}3",
            "text stays text"
        );
    }
}
