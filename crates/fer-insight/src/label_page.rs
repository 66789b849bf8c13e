//! The page on which people label the faces of a sheet: one file, without network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fer_report::{SOFTWARE, render};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::label::Label;
use crate::sheet::{COLUMNS, Sheet, cells};
use crate::{Error, Result};

const TEMPLATES: [(&str, &str); 3] = [
    ("label.html", include_str!("templates/label.html")),
    ("label.css", include_str!("templates/label.css")),
    ("label.js", include_str!("templates/label.js")),
];

/// Values of the template.
#[derive(Serialize)]
struct Page {
    software: &'static str,
    faces: usize,
    style: String,
    script: String,
    style_hash: String,
    script_hash: String,
    sheet: PageSheet,
}

/// Data of the page's script.
#[derive(Serialize)]
struct PageSheet {
    title: String,
    /// Beginning of the names of the files that the page saves.
    stem: String,
    digest: String,
    columns: [&'static str; COLUMNS.len()],
    labels: [PageLabel; Label::COUNT],
    faces: Vec<PageFace>,
}

#[derive(Serialize)]
struct PageLabel {
    name: &'static str,
    title: &'static str,
}

#[derive(Serialize)]
struct PageFace {
    /// The cells of the columns, but the label.
    cells: Vec<String>,
    /// The crop as a `data:` URI; `None` leaves the face out.
    image: Option<String>,
}

/// Returns the HTML of a page on which people label the faces of a sheet, each with its crop, a `data:` URI of an image.
/// Faces without one are not shown, and stay without a label in the files that the page saves as `STEM-RATER.csv`.
///
/// The page works without network, and forbids it: its content security policy allows its own style and script by their
/// digests and images inside the page, and nothing else. It shows no file name to those who label.
///
/// # Errors
/// [`Error::InvalidArgument`] unless there is one crop for each face, [`Error::Empty`] if none has one, and
/// [`Error::Report`] for a faulty template.
pub fn label_page(sheet: &Sheet, stem: &str, crops: Vec<Option<String>>) -> Result<String> {
    if crops.len() != sheet.faces().len() {
        return Err(Error::InvalidArgument {
            name: "crops",
            expected: format!("one for each of {} faces", sheet.faces().len()),
            found: crops.len().to_string(),
        });
    }
    let faces = crops.iter().flatten().count();
    if faces == 0 {
        return Err(Error::Empty {
            what: "no face of the sheet has an image to show".into(),
        });
    }
    let style = text("label.css")?;
    let script = text("label.js")?;
    let page = Page {
        software: SOFTWARE,
        faces,
        style_hash: source_hash(&style),
        script_hash: source_hash(&script),
        style,
        script,
        sheet: PageSheet {
            title: format!("Label the faces of {stem}"),
            stem: stem.into(),
            digest: sheet.digest(),
            columns: COLUMNS,
            labels: Label::ALL.map(|label| PageLabel {
                name: label.name(),
                title: label.title(),
            }),
            faces: sheet
                .faces()
                .iter()
                .zip(crops)
                .map(|(face, image)| PageFace {
                    cells: cells(face).take(COLUMNS.len() - 1).collect(),
                    image,
                })
                .collect(),
        },
    };
    Ok(render(&TEMPLATES, "label.html", page)?)
}

/// Returns a template without variables as it stands in the page: with the line ends that a browser reads.
fn text(name: &str) -> Result<String> {
    Ok(render(&TEMPLATES, name, ())?.replace("\r\n", "\n"))
}

/// Returns the source expression of an inline style or script (Content Security Policy Level 3, section 2.3.1).
fn source_hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> String {
        let text = format!("path,face,label\n\"{path}\",0,\nb.jpg,0,\n");
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        label_page(
            &sheet,
            "sheet",
            vec![Some("data:image/jpeg;base64,AAAA".into()), None],
        )
        .unwrap()
    }

    #[test]
    fn names_of_files_cannot_leave_their_place() {
        let html = page("</script><img src=x onerror=alert(1)>.jpg");
        assert_eq!(html.matches("</script>").count(), 2, "the page's own two");
        assert!(!html.contains("<img src=x"));
        let title = label_page(
            &Sheet::read("path,label\na.jpg,\n".as_bytes()).unwrap(),
            "<b>\"&",
            vec![Some(String::new())],
        );
        assert!(
            title
                .unwrap()
                .contains("<title>Label the faces of &lt;b&gt;&quot;&amp;</title>")
        );
    }

    #[test]
    fn the_policy_allows_the_style_and_script_of_the_page_and_no_network() {
        let html = page("a.jpg");
        let between = |start: &str, end: &str| {
            let from = html.find(start).unwrap() + start.len();
            &html[from..from + html[from..].find(end).unwrap()]
        };
        let policy = between("Content-Security-Policy\" content=\"", "\">");
        for (element, kind) in [("style", "style-src"), ("script", "script-src")] {
            let content = between(&format!("<{element}>"), &format!("</{element}>"));
            assert!(
                policy.contains(&format!("{kind} '{}'", source_hash(content))),
                "{policy}"
            );
        }
        assert!(policy.starts_with("default-src 'none'; img-src data:;"));
        for call in [
            "http:", "https:", "//cdn", "@import", "fetch(", "XMLHttp", " style=",
        ] {
            assert!(!html.contains(call), "{call}");
        }
        let own = html.matches("url(#").count();
        assert_eq!(
            html.matches("url(").count(),
            own,
            "parts of this page alone"
        );
    }

    #[test]
    fn crops_must_be_there() {
        let sheet = Sheet::read("path,label\na.jpg,\n".as_bytes()).unwrap();
        let none = label_page(&sheet, "s", vec![None]).unwrap_err().to_string();
        assert_eq!(none, "no face of the sheet has an image to show");
        assert!(
            label_page(&sheet, "s", vec![])
                .unwrap_err()
                .to_string()
                .starts_with("crops is 0")
        );
    }
}
