//! The table of `fer predict`: rows grouped by image, fitted to the terminal, with a summary below.

mod counts;

use std::path::{MAIN_SEPARATOR, Path};

use comfy_table::{Cell, Color, Table};
use fer_core::{Emotion, ErrorKind, PerEmotion, Prediction};
use fer_vision::ImageResult;

use super::people::Person;
use crate::Result;
use crate::terminal;
use counts::Counts;

/// Cells of a full bar, in the order of preference.
const BARS: [usize; 3] = [20, 10, 0];
/// Columns that a shortened path keeps.
const SHORT_PATH: usize = 14;
/// Columns of an emotion, and of a probability with its mark.
const EMOTION: usize = 8;
const PROBABILITY: usize = 7;
/// Columns that the borders take, per column of the table.
const BORDER: usize = 3;

/// Collects the rows of a table and the counts of its summary.
#[derive(Default)]
pub(in crate::predict) struct Listing {
    rows: Vec<Row>,
    counts: Counts,
}

struct Row {
    /// The path; empty in the further rows of an image.
    path: String,
    content: Content,
}

enum Content {
    Face {
        place: String,
        emotion: Emotion,
        share: f32,
        doubt: Doubt,
    },
    NoFace,
    Failed(String),
}

/// The reliance on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    Uncertain,
    /// The face shows another expression than the four, which makes the answer uncertain, too.
    Other,
}

impl Doubt {
    fn of(prediction: &Prediction) -> Self {
        match (prediction.shows_other(), prediction.is_uncertain()) {
            (true, _) => Self::Other,
            (false, true) => Self::Uncertain,
            (false, false) => Self::None,
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Uncertain => " ?",
            Self::Other => " ??",
        }
    }
}

impl Listing {
    /// Adds the faces of an image.
    pub(super) fn add_image(&mut self, result: &ImageResult) {
        self.counts.images += 1;
        let faces = result.faces();
        if let Some(error) = result.error() {
            self.add_failed(&result.path, error.kind());
        } else if faces.is_empty() {
            self.counts.without_face += 1;
            self.push(shown(&result.path), Content::NoFace);
        }
        for (number, face) in faces.iter().enumerate() {
            let prediction = &face.prediction;
            self.counts.faces += 1;
            let content = Content::Face {
                place: face.bounds.map_or_else(
                    || "whole".to_owned(),
                    |b| format!("{}x{} at {},{}", b.width, b.height, b.x, b.y),
                ),
                emotion: prediction.emotion(),
                share: prediction.confidence(),
                doubt: Doubt::of(prediction),
            };
            self.push(path_of_row(&result.path, number), content);
        }
    }

    /// Adds the people of a video, one row each.
    pub(super) fn add_video(&mut self, video: &Path, people: impl Iterator<Item = Person>) {
        self.counts.videos += 1;
        let before = self.counts.people;
        for (number, person) in people.enumerate() {
            self.counts.people += 1;
            let content = Content::Face {
                place: person.place,
                emotion: person.emotion,
                share: person.share,
                doubt: Doubt::None,
            };
            self.push(path_of_row(video, number), content);
        }
        if self.counts.people == before {
            self.counts.without_face += 1;
            self.push(shown(video), Content::NoFace);
        }
    }

    /// Adds a video that could not be read, or not to its end.
    pub(super) fn add_failed_video(&mut self, video: &Path, kind: ErrorKind) {
        self.counts.videos += 1;
        self.add_failed(video, kind);
    }

    fn add_failed(&mut self, path: &Path, kind: ErrorKind) {
        self.counts.failed += 1;
        self.push(
            shown(path),
            Content::Failed(kind.as_str().replace('_', " ")),
        );
    }

    fn push(&mut self, path: String, content: Content) {
        match content {
            Content::Face { emotion, doubt, .. } => {
                self.counts.emotions[emotion] += 1;
                self.counts.uncertain += usize::from(doubt == Doubt::Uncertain);
                self.counts.other += usize::from(doubt == Doubt::Other);
            }
            Content::NoFace | Content::Failed(_) => {}
        }
        self.rows.push(Row { path, content });
    }

    /// Prints table and summary. Where everything failed, the messages on stderr have said so.
    pub(super) fn print(self) -> Result<()> {
        if self.counts.failed == self.counts.images + self.counts.videos {
            return Ok(());
        }
        let width = terminal::width();
        let natural = Layout::natural(&self.rows);
        let (folder, layout) = match width {
            Some(width) if natural.width() > width => {
                let folder = common_folder(&self.rows);
                let layout = Layout::fitted(&self.rows, folder.len(), width);
                (folder, layout)
            }
            _ => (String::new(), natural),
        };
        if !folder.is_empty() {
            terminal::print(format_args!("in {folder}"))?;
        }
        terminal::print_table(&layout.table(&self.rows, folder.len()))?;
        let summary = self.counts.summary();
        match width {
            Some(width) => terminal::print(terminal::wrap(&summary, width)),
            None => terminal::print(summary),
        }
    }
}

/// The columns of a table, and how wide those are that can be shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    path: usize,
    /// Columns of the face boxes; 0 leaves them out.
    place: usize,
    /// Columns of a full bar; 0 leaves the bars out.
    bar: usize,
}

impl Layout {
    /// Everything at full length.
    fn natural(rows: &[Row]) -> Self {
        Self {
            path: rows.iter().map(|row| length(&row.path)).max().unwrap_or(0),
            place: rows
                .iter()
                .map(|row| length(row.place()))
                .max()
                .unwrap_or(0),
            bar: BARS[0],
        }
    }

    /// Shortens the paths, then the bars, then leaves out the boxes, until the table fits into `width`.
    fn fitted(rows: &[Row], folder: usize, width: usize) -> Self {
        let mut full = Self::natural(rows);
        full.path = full.path.saturating_sub(folder);
        let least = full.path.min(SHORT_PATH);
        for place in [full.place, 0] {
            for bar in BARS {
                let rest = Self {
                    path: 0,
                    place,
                    bar,
                };
                let space = width.saturating_sub(rest.width());
                if space >= least {
                    return Self {
                        path: full.path.min(space),
                        ..rest
                    };
                }
            }
        }
        Self {
            path: least,
            place: 0,
            bar: 0,
        }
    }

    fn width(&self) -> usize {
        let optional = [self.place, self.bar]
            .into_iter()
            .filter(|&width| width > 0);
        let columns = 3 + optional.clone().count();
        self.path + EMOTION + PROBABILITY + optional.sum::<usize>() + BORDER * columns + 1
    }

    fn table(&self, rows: &[Row], folder: usize) -> Table {
        let columns = [
            Some("image"),
            (self.place > 0).then_some("face"),
            Some("emotion"),
            (self.bar > 0).then_some(""),
            Some("share"),
        ];
        let header: Vec<&str> = columns.into_iter().flatten().collect();
        let mut table = terminal::table(&header);
        for row in rows {
            let path = row.path.get(folder..).unwrap_or_default();
            table.add_row(row.cells(shortened(path, self.path), self));
        }
        table
    }
}

impl Row {
    fn place(&self) -> &str {
        match &self.content {
            Content::Face { place, .. } => place,
            Content::NoFace | Content::Failed(_) => "",
        }
    }

    fn cells(&self, path: String, layout: &Layout) -> Vec<Cell> {
        let place = (layout.place > 0).then(|| Cell::new(self.place()));
        let mut cells: Vec<Cell> = [Some(Cell::new(path)), place]
            .into_iter()
            .flatten()
            .collect();
        match &self.content {
            Content::NoFace => cells.push(Cell::new("no face")),
            Content::Failed(kind) => cells.push(Cell::new(kind).fg(Color::Red)),
            Content::Face {
                emotion,
                share,
                doubt,
                ..
            } => {
                let color = COLORS[*emotion];
                cells.push(Cell::new(emotion).fg(color));
                if layout.bar > 0 {
                    let length = (share * layout.bar as f32).round() as usize;
                    cells.push(Cell::new("█".repeat(length)).fg(color));
                }
                cells.push(Cell::new(format!("{share:.2}{}", doubt.mark())));
            }
        }
        cells
    }
}

/// Returns the path of an image in its first row, nothing in the further ones.
fn path_of_row(path: &Path, number: usize) -> String {
    if number == 0 {
        shown(path)
    } else {
        String::new()
    }
}

fn shown(path: &Path) -> String {
    terminal::printable(&path.display().to_string())
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Keeps the end of a path that is longer than `columns`: the name is there.
fn shortened(path: &str, columns: usize) -> String {
    let length = length(path);
    if length <= columns {
        return path.to_owned();
    }
    let kept = columns.saturating_sub(1);
    let end: String = path.chars().skip(length - kept).collect();
    format!("…{end}")
}

/// Returns the folder that holds all images, with its separator; nothing if there is none.
fn common_folder(rows: &[Row]) -> String {
    let mut paths = rows
        .iter()
        .map(|row| row.path.as_str())
        .filter(|path| !path.is_empty());
    let first = paths.next().unwrap_or_default();
    let mut common = first.rfind(MAIN_SEPARATOR).map_or(0, |end| end + 1);
    for path in paths {
        while common > 0 && !path.starts_with(&first[..common]) {
            common = first[..common - 1]
                .rfind(MAIN_SEPARATOR)
                .map_or(0, |end| end + 1);
        }
    }
    first[..common].to_owned()
}

/// Colors that can be read on dark and on light terminals; neutral has the terminal's own.
const COLORS: PerEmotion<Color> =
    PerEmotion([Color::DarkYellow, Color::Blue, Color::Reset, Color::Magenta]);

#[cfg(test)]
mod tests {
    use super::*;

    fn row(path: &str) -> Row {
        Row {
            path: path.to_owned(),
            content: Content::Face {
                place: "138x138 at 100,50".to_owned(),
                emotion: Emotion::Happy,
                share: 0.9,
                doubt: Doubt::Other,
            },
        }
    }

    #[test]
    fn a_table_is_never_wider_than_the_terminal() {
        let rows = [
            row("somewhere/far/away/in/a/deep/folder/photograph.jpg"),
            row(""),
        ];
        for width in 40..140 {
            let layout = Layout::fitted(&rows, 0, width);
            assert!(layout.width() <= width, "{width}: {layout:?}");
        }
    }

    #[test]
    fn paths_are_shortened_first_then_bars_and_boxes_are_left_out_last() {
        let rows = [row("somewhere/far/away/in/a/deep/folder/photograph.jpg")];
        let at = |width| Layout::fitted(&rows, 0, width);
        assert_eq!(at(120).path, length(&rows[0].path));
        assert_eq!((at(110).bar, at(110).place), (20, 17));
        assert!(at(110).path < length(&rows[0].path) && at(110).path > 30);
        assert_eq!((at(80).bar, at(80).place), (10, 17));
        assert_eq!((at(60).bar, at(60).place), (0, 17));
        assert_eq!(at(40).place, 0);
    }

    #[test]
    fn a_shortened_path_keeps_its_end() {
        assert_eq!(shortened("folder/photo.jpg", 10), "…photo.jpg");
        assert_eq!(shortened("photo.jpg", 10), "photo.jpg");
    }

    #[test]
    fn the_common_folder_is_that_of_all_images() {
        let folder = |paths: &[&str]| {
            let rows: Vec<Row> = paths.iter().map(|path| row(path)).collect();
            common_folder(&rows)
        };
        assert_eq!(folder(&["a/b/x.jpg", "", "a/b/y.jpg"]), "a/b/");
        assert_eq!(folder(&["a/b/x.jpg", "a/c/y.jpg"]), "a/");
        assert_eq!(folder(&["a/x.jpg", "ab/y.jpg"]), "");
        assert_eq!(folder(&["x.jpg"]), "");
    }
}
