//! The page of an audit: findings with their images side by side.

use std::path::Path;

use fer_core::Emotion;
use fer_report::{SOFTWARE, thumbnail};
use serde::Serialize;

use super::render;
use crate::audit::{Audit, Duplicate};
use crate::copies::CopyKind;
use crate::dataset::SplitName;
use crate::error::Result;

/// Text of an empty gallery.
const NONE: &str = "None.";

/// Cards shown in one gallery.
const CARDS: usize = 96;

/// Renders the page of an audit of the dataset in `root`, from which its images are read.
///
/// # Errors
/// [`Error::Report`](crate::Error::Report): a faulty template.
pub fn audit_html(audit: &Audit, root: &Path) -> Result<String> {
    #[derive(Serialize)]
    struct Page<'a> {
        software: &'a str,
        title: &'a str,
        folder: String,
        audit: &'a Audit,
        classes: [Emotion; Emotion::COUNT],
        splits: [SplitName; 3],
        tiles: Vec<Tile>,
        galleries: Vec<FindingGallery>,
    }
    render(
        "audit.html",
        Page {
            software: SOFTWARE,
            title: "Audit of a dataset",
            folder: root.display().to_string(),
            audit,
            classes: Emotion::ALL,
            splits: SplitName::ALL,
            tiles: tiles(audit),
            galleries: galleries(audit, root),
        },
    )
}

/// A figure at the head of the page.
#[derive(Serialize)]
struct Tile {
    name: &'static str,
    value: usize,
    note: String,
}

fn tiles(audit: &Audit) -> Vec<Tile> {
    let mirrored = audit
        .near
        .iter()
        .filter(|pair| pair.kind == CopyKind::Mirrored)
        .count();
    let share = |leaked: usize, split: SplitName| {
        let all: usize = audit
            .counts
            .get(&split)
            .map_or(0, |counts| counts.0.iter().sum());
        if all == 0 {
            "no such split".to_owned()
        } else {
            format!("{:.1} % of {all} files", 100.0 * leaked as f64 / all as f64)
        }
    };
    let (validation, test) = (audit.leaked.validation.len(), audit.leaked.test.len());
    vec![
        Tile {
            name: "validation images that leaked",
            value: validation,
            note: share(validation, SplitName::Validation),
        },
        Tile {
            name: "test images that leaked",
            value: test,
            note: share(test, SplitName::Test),
        },
        Tile {
            name: "exact copies",
            value: audit.exact.len(),
            note: "pairs".to_owned(),
        },
        Tile {
            name: "near copies",
            value: audit.near.len(),
            note: format!("pairs, {mirrored} of them mirrored"),
        },
        Tile {
            name: "label conflicts",
            value: audit.label_conflicts.len(),
            note: "pairs of copies".to_owned(),
        },
        Tile {
            name: "bad files",
            value: audit.unreadable.len(),
            note: "unreadable, blank or placeholders".to_owned(),
        },
    ]
}

/// One kind of finding with its images.
#[derive(Serialize)]
struct FindingGallery {
    title: &'static str,
    explanation: &'static str,
    /// Order of the cards, for galleries that show only the first ones.
    order: &'static str,
    /// Text in place of the cards if there are none.
    absence: &'static str,
    count: usize,
    cards: Vec<Card>,
}

/// One finding: one image or two.
#[derive(Serialize)]
struct Card {
    images: Vec<Option<String>>,
    words: String,
    paths: Vec<String>,
}

fn galleries(audit: &Audit, root: &Path) -> Vec<FindingGallery> {
    let pair = |pair: &Duplicate, words: String| card(root, &[&pair.a, &pair.b], words);
    let mut near: Vec<&Duplicate> = audit.near.iter().collect();
    near.sort_by(|a, b| a.score.total_cmp(&b.score));
    let mut conflicts: Vec<_> = audit.label_conflicts.iter().collect();
    conflicts.sort_by(|a, b| b.duplicate.score.total_cmp(&a.duplicate.score));
    vec![
        FindingGallery {
            title: "Label conflicts",
            explanation: "Copies of one photograph in folders of different classes: one label at least is wrong.",
            order: ", the most alike first",
            absence: NONE,
            count: conflicts.len(),
            cards: first(conflicts, |found| {
                pair(
                    &found.duplicate,
                    format!("{} or {}?", found.label_a, found.label_b),
                )
            }),
        },
        FindingGallery {
            title: "Suspect labels",
            explanation: "Images whose label is improbable to a model that was not trained on them.",
            order: ", the most suspect first",
            absence: if audit.suspects_searched {
                NONE
            } else {
                "Not looked for; add --suspects."
            },
            count: audit.suspect_labels.len(),
            cards: first(audit.suspect_labels.iter(), |suspect| {
                card(
                    root,
                    &[&suspect.path],
                    format!("labeled {}, suggested {}", suspect.label, suspect.suggested),
                )
            }),
        },
        FindingGallery {
            title: "Near copies",
            explanation: "The same photograph: re-encoded, cropped, shifted, relit or mirrored.",
            order: ", the least alike first",
            absence: NONE,
            count: near.len(),
            cards: first(near, |found| {
                let mirrored = if found.kind == CopyKind::Mirrored {
                    ", mirrored"
                } else {
                    ""
                };
                pair(found, format!("{:.3}{mirrored}", found.score))
            }),
        },
        FindingGallery {
            title: "Exact copies",
            explanation: "The same pixels.",
            order: " in the order of their paths",
            absence: NONE,
            count: audit.exact.len(),
            cards: first(audit.exact.iter(), |found| pair(found, "exact".to_owned())),
        },
        FindingGallery {
            title: "Bad files",
            explanation: "Files that cannot be read as images, and blank or placeholder images.",
            order: " in the order of their paths",
            absence: NONE,
            count: audit.unreadable.len(),
            cards: first(audit.unreadable.iter(), |bad| {
                card(root, &[&bad.path], bad.message.clone())
            }),
        },
    ]
}

fn first<T>(found: impl IntoIterator<Item = T>, card: impl Fn(T) -> Card) -> Vec<Card> {
    found.into_iter().take(CARDS).map(card).collect()
}

fn card(root: &Path, paths: &[&str], words: String) -> Card {
    Card {
        images: paths
            .iter()
            .map(|path| thumbnail(&root.join(path)))
            .collect(),
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        words,
    }
}

#[cfg(test)]
mod tests {
    use fer_core::PerEmotion;

    use super::*;
    use crate::audit::{BadImage, BadImageKind};

    #[test]
    fn the_page_counts_shows_and_escapes() {
        let root = tempfile::tempdir().unwrap();
        image::GrayImage::from_pixel(48, 48, image::Luma([99]))
            .save(root.path().join("a.png"))
            .unwrap();
        let pair = Duplicate {
            a: "a.png".to_owned(),
            b: "<b>.png".to_owned(),
            kind: CopyKind::Mirrored,
            score: 0.93,
        };
        let mut audit = Audit {
            near: vec![pair],
            ..Audit::default()
        };
        audit
            .counts
            .insert(SplitName::Test, PerEmotion([1, 2, 3, 4]));
        audit.leaked.test.insert("a.png".to_owned());
        audit.unreadable.push(BadImage {
            path: "c.png".to_owned(),
            kind: BadImageKind::Blank,
            message: "blank".to_owned(),
        });
        let html = audit_html(&audit, root.path()).unwrap();
        assert!(html.contains("Not looked for; add --suspects."));
        let searched = Audit {
            suspects_searched: true,
            ..audit.clone()
        };
        let searched = audit_html(&searched, root.path()).unwrap();
        assert!(!searched.contains("Not looked for"));
        assert!(html.contains("10.0 % of 10 files") && html.contains("0.930, mirrored"));
        assert!(html.contains("data:image/jpeg;base64,") && html.contains("no image"));
        assert!(html.contains("&lt;b&gt;.png") && !html.contains("<b>.png"));
    }
}
