//! Groups of images: what a user knows about each beside its label, such as the camera, the site or the age of the person.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::csv_rows::{Fault, header_and_rows};
use crate::error::{Error, Result};
use crate::paths::{portable, refuse_unrelated};
use crate::read::read_list;

/// The most groups of a column: more are no groups but a measurement, or names.
const MAX_GROUPS: usize = 100;

/// The groups of images, from a CSV file with a column `file` and one or more columns of groups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Groups {
    columns: Vec<String>,
    /// By path, the group in each column; empty where there is none.
    rows: BTreeMap<String, Vec<String>>,
}

impl Groups {
    /// Reads a CSV file: a column `file` (or `path`), paths with `/` as in a votes file, and any other columns, each a way to
    /// divide the images into groups. An empty cell belongs to no group.
    ///
    /// # Errors
    /// [`Error::Io`] if the file cannot be read or is not text; [`Error::Groups`] with the line for a missing column, a file
    /// listed twice or a column of more than 100 groups.
    pub fn load(path: &Path) -> Result<Self> {
        let text = read_list(path)?;
        Self::parse(&text).map_err(|(line, reason)| Error::Groups {
            path: path.to_owned(),
            line,
            reason,
        })
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        let (header, rows) = header_and_rows(text.as_bytes())?;
        let names: Vec<&str> = header.iter().collect();
        let is_file = |name: &str| {
            ["file", "path"]
                .iter()
                .any(|n| name.eq_ignore_ascii_case(n))
        };
        let file = match names.iter().filter(|name| is_file(name)).count() {
            1 => names.iter().position(|name| is_file(name)).unwrap_or(0),
            count => {
                let reason = format!(
                    "the header has {count} columns named `file` or `path`, expected one, beside columns of groups"
                );
                return Err((1, reason));
            }
        };
        let without_file = |cells: &[&str]| -> Vec<String> {
            let cells = cells.iter().enumerate().filter(|(index, _)| *index != file);
            cells.map(|(_, cell)| (*cell).to_owned()).collect()
        };
        let columns = without_file(&names);
        if columns.is_empty() {
            return Err((1, "the header has no column of groups".into()));
        }
        let mut seen = BTreeSet::new();
        if let Some(name) = columns.iter().find(|name| !seen.insert(*name)) {
            return Err((1, format!("the header has two columns `{name}`")));
        }

        let mut by_path = BTreeMap::new();
        for row in rows {
            let (line, record) = row?;
            let cells: Vec<&str> = record.iter().collect();
            let path = portable(Path::new(cells[file]));
            if path.is_empty() {
                return Err((line, "the row names no file".into()));
            }
            if by_path.contains_key(&path) {
                return Err((line, format!("{path} is listed twice")));
            }
            by_path.insert(path, without_file(&cells));
        }
        for (index, column) in columns.iter().enumerate() {
            let groups: BTreeSet<&String> = by_path.values().map(|row| &row[index]).collect();
            if groups.len() > MAX_GROUPS {
                let reason = format!(
                    "the column `{column}` has {} groups, expected at most {MAX_GROUPS}: divide numbers into ranges, and leave out names",
                    groups.len()
                );
                return Err((1, reason));
            }
        }
        Ok(Self {
            columns,
            rows: by_path,
        })
    }

    /// The names of the columns, in their order.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The group of an image in a column, by its path, relative to the folder that the CSV's paths are relative to.
    #[must_use]
    pub fn of(&self, path: &Path, column: usize) -> Option<&str> {
        let group = self.rows.get(&portable(path))?.get(column)?.as_str();
        (!group.is_empty()).then_some(group)
    }

    /// Refuses groups of which none is of one of `images`, given by path.
    pub(crate) fn refuse_unrelated<'a>(
        &self,
        images: impl Iterator<Item = Cow<'a, Path>> + Clone,
    ) -> Result<()> {
        let first = self.rows.keys().next();
        refuse_unrelated("groups file", first, images, |path| {
            self.rows.contains_key(&portable(path))
        })
    }

    /// The paths that name none of `images`.
    pub(crate) fn not_in<'a>(&self, images: impl Iterator<Item = Cow<'a, Path>>) -> Vec<String> {
        let known: BTreeSet<String> = images.map(|path| portable(&path)).collect();
        let listed = self.rows.keys();
        listed
            .filter(|path| !known.contains(*path))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_are_found_by_path_and_column() {
        let text = "site,file,age\nnorth,test/happy/1.png,30-39\n, ./test/sad/2.png ,\n";
        let groups = Groups::parse(text).unwrap();
        assert_eq!(groups.columns(), ["site", "age"]);
        let happy = Path::new("test/happy/1.png");
        assert_eq!(
            (groups.of(happy, 0), groups.of(happy, 1)),
            (Some("north"), Some("30-39"))
        );
        assert_eq!(groups.of(Path::new("test/sad/2.png"), 0), None);
        assert_eq!(groups.of(Path::new("test/sad/3.png"), 0), None);
        let images = [Cow::Borrowed(happy)];
        assert_eq!(groups.not_in(images.iter().cloned()), ["test/sad/2.png"]);
        groups.refuse_unrelated(images.into_iter()).unwrap();
        let others = [Cow::Borrowed(Path::new("happy/1.png"))];
        let error = groups.refuse_unrelated(others.into_iter()).unwrap_err();
        assert!(error.to_string().contains("groups file"), "{error}");
    }

    #[test]
    fn wrong_tables_are_refused_with_their_line() {
        let many: String = (0..101).map(|i| format!("{i}.png,{i}\n")).collect();
        for (text, line, word) in [
            ("site\nnorth\n", 1, "file"),
            ("file,path,site\na,b,c\n", 1, "2 columns"),
            ("file\na.png\n", 1, "no column of groups"),
            ("file,site,site\na.png,1,2\n", 1, "two columns"),
            ("file,site\na.png,1\na.png,2\n", 3, "twice"),
            ("file,site\n,1\n", 2, "no file"),
            ("file,site\na.png\n", 2, "fields"),
            (&format!("file,age\n{many}"), 1, "101 groups"),
        ] {
            let (found, reason) = Groups::parse(text).unwrap_err();
            assert_eq!(found, line, "{reason}");
            assert!(reason.contains(word), "{reason}");
        }
    }

    proptest! {
        #[test]
        fn any_text_parses_or_fails_without_a_panic(text in ".{0,200}") {
            let _ = Groups::parse(&text);
            let _ = Groups::parse(&format!("file,site\n{text}"));
        }
    }
}
